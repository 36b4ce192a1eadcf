"""What one batch may touch, as it stands so far; `enter` is the only way a balance changes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from services.credits.book.accounts import UNKNOWN, Account, Standing
from services.credits.book.adjustments import Adjustment
from services.credits.book.clawbacks import Bought, Clawback, ClawbackKind, ClawbackState
from services.credits.book.entries import Buckets, Entry, Granted, Reference, Used, into
from services.credits.book.extensions import Extension
from services.credits.book.reservations import Change, Reservation
from services.credits.book.runs import OPEN, Run, RunState, Stage
from services.credits.catalogue import FREE, Catalogue
from services.credits.remembered import Remembered, read_remembered
from shared.alerting.rules import Shelf
from shared.contracts.credits import State, UsageRecorded
from shared.contracts.moments import in_milliseconds, window_of
from shared.contracts.operating import AlertRaised, AuditRecorded
from shared.contracts.types import Bucket

__all__ = [
    "UNKNOWN",
    "Account",
    "Adjustment",
    "Book",
    "Bought",
    "Buckets",
    "Change",
    "Clawback",
    "ClawbackKey",
    "ClawbackKind",
    "ClawbackState",
    "Entry",
    "Extension",
    "Granted",
    "Key",
    "LineKey",
    "Reference",
    "Reservation",
    "Run",
    "RunState",
    "Stage",
    "Standing",
    "TargetKey",
    "Used",
    "into",
]

# An id is unique in its account: another tenant's operation or invoice is another one.
Key: TypeAlias = tuple[str, str]
LineKey: TypeAlias = tuple[str, str, int]
TargetKey: TypeAlias = tuple[str, str, int]
ClawbackKey: TypeAlias = tuple[str, ClawbackKind, str]
BoughtKey: TypeAlias = tuple[str, str, Bucket]


@dataclass(slots=True)
class Book:
    """The accounts of a batch, locked, the operations it is about, and what it adds."""

    now: datetime
    ids: Iterator[str]
    catalogue: Catalogue
    accounts: dict[str, Account]
    hold_margin_percent: int = 20
    operations: dict[Key, Reservation] = field(default_factory=dict)
    runs: dict[Key, Run] = field(default_factory=dict)
    clawbacks: dict[ClawbackKey, Clawback] = field(default_factory=dict)
    adjustments: dict[Key, Adjustment] = field(default_factory=dict)
    bought: dict[BoughtKey, Bought] = field(default_factory=dict)
    extensions: dict[TargetKey, Extension] = field(default_factory=dict)
    new_extensions: list[Extension] = field(default_factory=list)
    granted: set[LineKey] = field(default_factory=set)
    new_grants: list[Granted] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    usage: list[Used] = field(default_factory=list)
    alerts: list[AlertRaised] = field(default_factory=list)
    shelf: Shelf = field(default_factory=Shelf)
    audits: list[AuditRecorded] = field(default_factory=list)
    changes: int = 0  # What says nothing at once is told from a repeat by them.
    window: str = field(init=False)
    at: str = field(init=False)  # `now`, as the contract writes it.

    def __post_init__(self) -> None:
        self.window, self.at = window_of(self.now), in_milliseconds(self.now)

    def hear_of(self, account: Account, operation_id: str, state: State) -> Reservation:
        """Write down an operation of which nothing was known."""
        new = Reservation(
            account.lane,
            operation_id,
            account.account_id,
            next(self.ids),
            self.now,
            self.now,
            state,
            account.available,
            change=Change.NEW,
        )
        self.operations[account.account_id, operation_id] = new
        self.changes += 1
        return new

    def hear_of_run(self, account: Account, run_id: str, state: RunState) -> Run:
        """Write down a run of which nothing was known."""
        new = Run(
            account.lane,
            run_id,
            account.account_id,
            next(self.ids),
            self.now,
            self.now,
            state,
            account.available,
            is_changed=True,
        )
        self.runs[account.account_id, run_id] = new
        self.changes += 1
        return new

    def open_run(self, account_id: str, run_id: str | None) -> Run | None:
        """The run that still holds something for its operations."""
        run = None if run_id is None else self.runs.get((account_id, run_id))
        return run if run is not None and run.state in OPEN else None

    def hear_of_clawback(
        self, account: Account, kind: ClawbackKind, subject_id: str, state: ClawbackState
    ) -> Clawback:
        """Write down a refund or dispute of which nothing was known."""
        new = Clawback(
            account.lane,
            subject_id,
            account.account_id,
            kind,
            next(self.ids),
            self.now,
            state,
            is_changed=True,
        )
        self.clawbacks[account.account_id, kind, subject_id] = new
        self.changes += 1
        return new

    def standing_of(self, account: Account) -> Standing:
        """What is known of an account, to be changed."""
        if account.standing is UNKNOWN:
            account.standing = Standing(account.lane, account.account_id)
        account.standing.is_changed = True
        self.changes += 1
        return account.standing

    def asked_of(self, work: Reservation) -> Remembered | None:
        """What was asked, where anybody asked."""
        return read_remembered(work.request) if work.request else None

    def used_this_month(self, account: Account) -> int:
        return account.used if account.window == self.window else 0

    def plan_of(self, account: Account) -> str:
        return account.standing.plan_code or FREE

    def credits_per_month(self, account: Account) -> int:
        """Of the plan that counts; until that is known, of the last subscription grant."""
        known = account.standing
        plan = self.catalogue.plans.get(known.plan_code) if known.plan_code else None
        return plan.included_credits if plan else known.granted_per_month

    def log(self, account: Account, row: UsageRecorded) -> UsageRecorded:
        """Add a row to the usage log."""
        self.usage.append(Used(account.lane, self.now, row))
        return row

    def charge(self, account: Account, credits: int) -> None:
        """Count a charge into the month in which it is made (P16)."""
        account.used = self.used_this_month(account) + credits
        account.window = self.window

    def enter(self, account: Account, kind: str, deltas: Buckets, about: Reference) -> str | None:
        """Change a balance and write it down; nothing moved is no entry."""
        if not any(deltas):
            return None
        account.plan_bucket += deltas.plan
        account.purchased_bucket += deltas.purchased
        account.seq += 1
        entry_id = next(self.ids)
        self.entries.append(
            Entry(
                account.lane,
                account.account_id,
                account.seq,
                entry_id,
                kind,
                deltas.plan,
                deltas.purchased,
                account.balance,
                about.type,
                about.id,
                about.description,
                self.now,
                about.metadata,
                about.actor,
            )
        )
        return entry_id
