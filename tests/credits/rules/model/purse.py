"""An account and all that is open in it as the model knows them: lists, and sums of lists."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shared.contracts.credits import (
    AdjustmentRequested,
    FreezeRequested,
    OperationRequested,
    RunRequested,
)
from tests.credits.rules.model.tariff import FIRST, Tariff
from tests.credits.rules.seen import Answer, Fact, State


class Entry(NamedTuple):
    """A row of the ledger."""

    plan: int
    purchased: int
    month: str
    is_charge: bool = False


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
    extensions: dict[int, datetime] = field(default_factory=dict)

    @property
    def had_a_hold(self) -> bool:
        return self.answer is not None and self.answer.code == "ok"


@dataclass
class Stage:
    """What a run planned to do so many times, and what came of it."""

    kind: str
    model: str | None
    item: int  # Credits that one of them needs.
    count: int
    state: str = "pending"
    charged: int = 0
    items: int = 0


@dataclass
class Run:
    """An automation run, and what was taken out of its hold."""

    state: str
    prices: int
    since: datetime
    until: datetime
    asked: RunRequested | None = None
    answer: Answer | None = None
    needed: int = 0
    hold: int = 0
    taken: list[int] = field(default_factory=list)
    stages: dict[int, Stage] = field(default_factory=dict)
    charged: int = 0
    shortfall: int = 0
    extensions: dict[int, datetime] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.state in ("approved", "running")

    @property
    def rest(self) -> int:
        return self.hold - sum(self.taken) if self.is_open else 0


@dataclass
class Claim:
    """A refund or a dispute, from its freeze to its end."""

    state: str
    asked: FreezeRequested | None = None
    answer: Answer | None = None
    frozen: int = 0
    taken: tuple[int, int] | None = None  # Of each bucket, when the money has gone back.


@dataclass
class Purse:
    """An account: what came and went, what is being worked on, what invoicing said of it."""

    entries: list[Entry] = field(default_factory=list)
    works: dict[str, Work] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    adjusted: dict[str, tuple[AdjustmentRequested, Answer]] = field(default_factory=dict)
    lines: set[tuple[str, int]] = field(default_factory=set)
    shortfalls: list[datetime] = field(default_factory=list)
    version: int = 0
    status: tuple[int, str] = (0, "active")
    plan: tuple[int, str | None] = (0, None)
    allocation: int = 0

    def buckets(self) -> tuple[int, int]:
        return sum(e.plan for e in self.entries), sum(e.purchased for e in self.entries)

    def bucket(self, name: str) -> int:
        return self.buckets()[name == "purchased"]

    def holds(self) -> Iterator[int]:
        yield from (work.hold for work in self.works.values() if work.state == "held")
        yield from (run.rest for run in self.runs.values())
        yield from (claim.frozen for claim in self.claims.values() if claim.state == "frozen")

    def available(self) -> int:
        return sum(self.buckets()) - sum(self.holds())

    def open_run(self, about: str | None) -> Run | None:
        run = self.runs.get(about or "")
        return run if run and run.is_open else None

    def fact(self, topic: str, about: str, moved: int) -> Fact:
        balance = sum(self.buckets())
        seq, free = len(self.entries), self.available()
        return Fact(f"credits.{topic}", about, moved, seq, self.version, balance, free)


@dataclass
class World:
    """All accounts, plans and prices, at a moment that moves."""

    now: datetime
    tariffs: dict[int, Tariff] = field(default_factory=lambda: {1: FIRST})
    row_versions: dict[str, int] = field(default_factory=dict)
    priced_at: dict[str, int] = field(default_factory=dict)  # By which version of all prices.
    purses: defaultdict[str, Purse] = field(default_factory=lambda: defaultdict(Purse))
    plans: dict[str, Deal] = field(default_factory=PLANS.copy)

    @property
    def prices(self) -> int:
        return max(self.tariffs)

    @property
    def tariff(self) -> Tariff:
        return self.tariffs[self.prices]

    @property
    def month(self) -> str:
        return f"{self.now:%Y-%m}"

    def allocation(self, purse: Purse) -> int:
        deal = self.plans.get(purse.plan[1] or "")
        return deal.credits if deal else purse.allocation

    def state(self, account: str) -> State:
        purse = self.purses[account]
        spent = [e for e in purse.entries if e.is_charge and e.month == self.month]
        return State(
            account,
            purse.buckets(),
            sum(purse.holds()),
            purse.available(),
            purse.plan[1] or "free",
            self.allocation(purse),
            -sum(e.plan + e.purchased for e in spent),
            self.month,
            purse.status[1],
            len(purse.entries),
            purse.version,
        )
