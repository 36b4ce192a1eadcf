"""An account and its work as the model knows them: lists, and sums of lists."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shared.contracts.credits import OperationRequested
from tests.credits.rules.seen import Answer, Fact


class Entry(NamedTuple):
    """A row of the ledger."""

    plan: int
    purchased: int
    month: str
    is_charge: bool


class Deal(NamedTuple):
    """A plan, as far as credits cares."""

    version: int
    credits: int
    tops_up: bool


PLANS = {
    "free": Deal(0, 2_000, tops_up=True),
    "starter": Deal(0, 10_000, tops_up=False),
    "growth": Deal(0, 40_000, tops_up=False),
    "scale": Deal(0, 120_000, tops_up=False),
}


@dataclass
class Work:
    """An operation, and how it was answered first."""

    state: str
    prices: int
    since: datetime
    until: datetime
    kind: str | None = None
    model: str | None = None
    asked: OperationRequested | None = None
    answer: Answer | None = None
    needed: int = 0
    hold: int = 0
    charged: int = 0
    is_extended: bool = False

    @property
    def had_a_hold(self) -> bool:
        return self.answer is not None and self.answer.code == "ok"


@dataclass
class Purse:
    """An account: what came and went, what is being worked on, what invoicing said of it."""

    entries: list[Entry] = field(default_factory=list)
    works: dict[str, Work] = field(default_factory=dict)
    lines: set[tuple[str, int]] = field(default_factory=set)
    shortfalls: list[datetime] = field(default_factory=list)
    version: int = 0
    status: tuple[int, str] = (0, "active")
    plan: tuple[int, str | None] = (0, None)
    allocation: int = 0

    def buckets(self) -> tuple[int, int]:
        return sum(e.plan for e in self.entries), sum(e.purchased for e in self.entries)

    def held(self) -> int:
        return sum(work.hold for work in self.works.values() if work.state == "held")

    def available(self) -> int:
        return sum(self.buckets()) - self.held()

    def fact(self, topic: str, about: str, moved: int) -> Fact:
        balance = sum(self.buckets())
        seq, free = len(self.entries), self.available()
        return Fact(f"credits.{topic}", about, moved, seq, self.version, balance, free)

    def ok(self, work: Work, about: str) -> Answer:
        return Answer(
            about,
            state=work.state,
            required=work.needed,
            held=work.hold,
            available=self.available(),
            charged=work.charged,
            until=work.until,
            prices=work.prices,
        )
