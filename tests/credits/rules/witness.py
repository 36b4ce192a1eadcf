"""Listens to everything that is announced, and says whether the books can be true."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from services.credits.book import Book, Entry
from services.credits.domain import Unpriced
from shared.contracts.credits import (
    CreditsAdjusted,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    CreditsRevoked,
    Fact,
    OperationCompleted,
    RunCancelled,
    StageCompleted,
    StageFailed,
    UsageRecorded,
)
from shared.contracts.message import Event, Message

Work: TypeAlias = tuple[str, str]


@dataclass
class Witness:
    """What was announced so far; the numbers are those of the invariants in `test_histories`."""

    names: set[tuple[str, str, str]] = field(default_factory=set)
    given: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    open_holds: dict[Work, int] = field(default_factory=dict)
    costs: dict[Work, tuple[int, int]] = field(default_factory=dict)
    latest: dict[str, tuple[int, tuple[int, int, int]]] = field(default_factory=dict)

    def hear(self, said: list[Message | Unpriced], because: Message | None = None) -> None:
        for fact in said:
            if isinstance(fact, Event):
                name = fact.account_id, fact.topic, fact.subject
                assert name not in self.names or fact.comes_in_parts, f"9: {name} twice"
                self.names.add(name)
                self.note(fact)
        rows = [row for row in said if isinstance(row, UsageRecorded) and row.status != "failed"]
        sums: dict[Work, tuple[int, int]] = {}
        for row in rows:
            used, short = sums.get((row.account_id, row.operation_id), (0, 0))
            sums[row.account_id, row.operation_id] = used + row.credits_used, short + row.shortfall
        assert all(self.costs[work] == cost for work, cost in sums.items()), "usage = charge"
        if not any(isinstance(one, Unpriced) for one in said):
            assert all(work in self.costs for work in done_by(because)), "6: given away"

    def note(self, fact: Event) -> None:
        match fact:
            case CreditsGranted():
                self.given[fact.account_id] += fact.granted
            case CreditsAdjusted():
                self.given[fact.account_id] += fact.amount
            case CreditsRevoked():
                self.given[fact.account_id] -= fact.revoked
            case CreditsReserved(operation_id=str(about)):
                self.open_holds[fact.account_id, about] = fact.held
            case CreditsReleased(operation_id=str(about)) | CreditsExpired(operation_id=str(about)):
                assert self.open_holds.pop((fact.account_id, about)) == fact.released
            case CreditsCommitted():
                work = fact.account_id, fact.operation_id
                assert work not in self.costs, f"4: {work} charged twice"
                assert self.open_holds.pop(work, 0) >= fact.released
                self.costs[work] = fact.charged, fact.shortfall
                self.charged[fact.account_id] += fact.charged
        if isinstance(fact, Fact):
            self.compare(fact)

    def compare(self, fact: Fact) -> None:
        """10: whoever goes by versions never goes back, and never misses a change."""
        now = fact.seq, fact.balance_after, fact.available_after
        version, before = self.latest.get(fact.account_id, (0, (0, 0, 0)))
        assert fact.version >= version, "10: a version falls"
        assert fact.version > version or now == before, "10: a change without a version"
        self.latest[fact.account_id] = fact.version, now

    def check(self, book: Book) -> None:
        for account in book.accounts.values():
            about = account.account_id
            assert min(account.plan_bucket, account.purchased_bucket) >= 0, "1: below zero"
            assert 0 <= account.held <= account.balance, "1: more held than there is"
            assert account.balance == self.given[about] - self.charged[about], "2: created or lost"
            version, told = self.latest.get(about, (0, (0, 0, 0)))
            assert version <= account.version, "10: told before it is so"
            assert told == (account.seq, account.balance, account.available), "10: not told"
        held = Counter({about: account.held for about, account in book.accounts.items()})
        assert +held == open_in(book), "3: held is not the sum of what is open"

    def check_ledger(self, entries: list[Entry]) -> None:
        by_account = sorted(entries, key=attrgetter("account_id"))
        for about, rows in groupby(by_account, key=attrgetter("account_id")):
            balance, taken = 0, 0
            for seq, row in enumerate(rows, 1):
                balance += row.plan_delta + row.purchased_delta
                taken -= (row.plan_delta + row.purchased_delta) * (row.type == "deduction")
                assert (row.seq, row.balance_after) == (seq, balance), "5: a gap in the ledger"
            assert taken == self.charged[about], "usage = ledger"


def open_in(book: Book) -> Counter[str]:
    """What is open in each account: operations, what runs have left, what is frozen."""
    found: Counter[str] = Counter()
    for work in book.operations.values():
        found[work.account_id] += work.held if work.state == "held" else 0
    for run in book.runs.values():
        found[run.account_id] += run.remaining if run.is_open else 0
    for claim in book.clawbacks.values():
        found[claim.account_id] += claim.frozen if claim.state == "frozen" else 0
    return +found


def done_by(said: Message | None) -> list[Work]:
    """What was done, by that message."""
    match said:
        case OperationCompleted():
            return [(said.account_id, said.operation_id)]
        case StageCompleted() | StageFailed() | RunCancelled():
            return [(said.account_id, one.operation_id) for one in said.operations or ()]
    return []
