"""Listens to everything that is announced, and says whether the books can be true."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from services.credits.book import Account, Entry
from services.credits.domain import Unpriced
from shared.contracts.credits import (
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    OperationCompleted,
    UsageRecorded,
)
from shared.contracts.message import Event, Message

Work: TypeAlias = tuple[str, str]


@dataclass
class Witness:
    """What was announced so far; the numbers are those of the invariants in `test_histories`."""

    names: set[tuple[str, str, str]] = field(default_factory=set)
    granted: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    open_holds: dict[Work, int] = field(default_factory=dict)
    costs: dict[Work, tuple[int, int]] = field(default_factory=dict)

    def hear(self, said: list[Message | Unpriced], because: Message | None = None) -> None:
        for fact in said:
            if isinstance(fact, Event):
                name = fact.account_id, fact.topic, fact.subject
                assert name not in self.names, f"9: {name} twice"
                self.names.add(name)
                self.note(fact)
        rows = [row for row in said if isinstance(row, UsageRecorded) and row.status != "failed"]
        if rows:
            cost = sum(r.credits_used for r in rows), sum(r.shortfall for r in rows)
            assert self.costs[rows[0].account_id, rows[0].operation_id] == cost, "usage = charge"
        if isinstance(because, OperationCompleted) and not any(
            isinstance(x, Unpriced) for x in said
        ):
            assert (because.account_id, because.operation_id) in self.costs, "6: given away"

    def note(self, fact: Event) -> None:
        match fact:
            case CreditsGranted():
                self.granted[fact.account_id] += fact.granted
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

    def check(self, account: Account) -> None:
        about = account.account_id
        assert min(account.plan_bucket, account.purchased_bucket) >= 0, "1: a bucket below zero"
        assert 0 <= account.held <= account.balance, "1: more held than there is"
        assert account.balance == self.granted[about] - self.charged[about], "2: created or lost"
        held = sum(hold for (whose, _), hold in self.open_holds.items() if whose == about)
        assert account.held == held, "3: held is not the sum of what is open"

    def check_ledger(self, entries: list[Entry]) -> None:
        by_account = sorted(entries, key=attrgetter("account_id"))
        for about, rows in groupby(by_account, key=attrgetter("account_id")):
            balance, taken = 0, 0
            for seq, row in enumerate(rows, 1):
                balance += row.plan_delta + row.purchased_delta
                taken -= min(0, row.plan_delta + row.purchased_delta)
                assert (row.seq, row.balance_after) == (seq, balance), "5: a gap in the ledger"
            assert taken == self.charged[about], "usage = ledger"
