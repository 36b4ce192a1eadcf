"""What one batch may touch, as it stands so far; `enter` is the only way a balance changes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple, TypeAlias

from services.credits.catalogue import FREE, Catalogue
from services.credits.remembered import Remembered, read_remembered
from shared.contracts.credits import State, UsageRecorded
from shared.contracts.invoicing import GrantKind
from shared.contracts.moments import in_milliseconds, window_of
from shared.contracts.operating import AlertRaised
from shared.contracts.types import AccountStatus, Bucket

# An id is unique in its account: another tenant's operation or invoice is another one.
Key: TypeAlias = tuple[str, str]
LineKey: TypeAlias = tuple[str, str, int]


class Buckets(NamedTuple):
    """Credits that come (positive) or go (negative)."""

    plan: int
    purchased: int


class Reference(NamedTuple):
    """What a change of a balance is about."""

    type: str
    id: str
    description: str


class Change(Enum):
    """What a batch did to a row: what of it must be written."""

    NONE = "none"
    NEW = "new"
    CLOSED = "closed"  # Its end alone.
    EXTENDED = "extended"  # Its expiry alone.
    REWRITTEN = "rewritten"


@dataclass(slots=True, eq=False)
class Standing:
    """What others say of an account: its status, its plan, and the shortfalls it had."""

    lane: int
    account_id: str
    status: AccountStatus = "active"
    status_reason: str = ""
    status_since: datetime | None = None
    status_version: int = 0
    plan_code: str | None = None  # The plan that counts, once it is known.
    subscription_version: int = 0
    granted_per_month: int = 0  # Credits of the last subscription grant, until the plan is known.
    last_shortfall_at: datetime | None = None
    earlier_shortfall_at: datetime | None = None
    is_changed: bool = False


UNKNOWN = Standing(0, "")  # Shared by all accounts of which nobody said anything; never changed.


@dataclass(slots=True)
class Account:
    """Balances, locked for the batch."""

    lane: int
    account_id: str
    plan_bucket: int = 0
    purchased_bucket: int = 0
    held: int = 0
    seq: int = 0  # Of its last ledger entry.
    version: int = 0  # Of its state, holds included.
    used: int = 0  # Charged in `window`.
    window: str = ""
    standing: Standing = UNKNOWN
    first_version: int = 0  # When the batch began.

    @property
    def balance(self) -> int:
        return self.plan_bucket + self.purchased_bucket

    @property
    def available(self) -> int:
        return self.plan_bucket + self.purchased_bucket - self.held


@dataclass(slots=True)
class Reservation:
    """An operation as this service knows it; what was answered first is never changed."""

    lane: int
    subject_id: str
    account_id: str
    reservation_id: str
    created_at: datetime
    expires_at: datetime
    state: State
    available_after: int
    kind: str = "operation"
    operation_type: str | None = None  # None when it failed before it was requested.
    model: str | None = None
    price_version: int = 0
    estimated: int = 0
    held: int = 0
    charged: int = 0
    shortfall: int = 0
    charge_seq: int | None = None  # Of its ledger entry.
    closed_at: datetime | None = None
    close_reason: str | None = None
    requested_at: datetime | None = None
    answered_late: bool = False  # The request came after the charge.
    request: bytes | None = None  # What was asked, as JSON: None until it is requested.
    refusal: bytes | None = None  # The error that the request was answered with.
    change: Change = Change.NONE

    @property
    def first_expiry(self) -> datetime:
        """When the hold would have ended had nobody extended it, as it was answered at first."""
        if self.answered_late or self.request is None or self.requested_at is None:
            return self.expires_at
        return self.requested_at + timedelta(seconds=read_remembered(self.request).hold_ttl_s)

    @property
    def had_a_hold(self) -> bool:
        """Whether it was ever authorised: then its prices and its estimate count (P11)."""
        return self.request is not None and self.refusal is None

    @property
    def open_hold(self) -> int:
        return self.held if self.state == "held" else 0

    def touch(self, change: Change) -> None:
        """Remember what `store.save` must write; two different changes rewrite the row."""
        if self.change in (Change.NONE, change):
            self.change = change
        elif self.change is not Change.NEW:
            self.change = Change.REWRITTEN


class Granted(NamedTuple):
    """One line of a paid invoice, which is granted once."""

    lane: int
    account_id: str
    invoice_id: str
    line: int
    kind: GrantKind
    code: str
    bucket: Bucket
    asked: int
    credits: int  # Really added.
    seq: int | None
    granted_at: datetime


class Entry(NamedTuple):
    """One change of a balance, for ever."""

    lane: int
    account_id: str
    seq: int
    transaction_id: str
    type: str
    plan_delta: int
    purchased_delta: int
    balance_after: int
    reference_type: str
    reference_id: str
    description: str
    created_at: datetime


class Used(NamedTuple):
    """A row of the usage log, with what the table has beside it."""

    lane: int
    created_at: datetime
    row: UsageRecorded


@dataclass(slots=True)
class Book:
    """The accounts of a batch, locked, the operations it is about, and what it adds."""

    now: datetime
    ids: Iterator[str]
    catalogue: Catalogue
    accounts: dict[str, Account]
    hold_margin_percent: int = 20
    operations: dict[Key, Reservation] = field(default_factory=dict)
    granted: set[LineKey] = field(default_factory=set)
    new_grants: list[Granted] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    usage: list[Used] = field(default_factory=list)
    alerts: list[AlertRaised] = field(default_factory=list)
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
        return new

    def standing_of(self, account: Account) -> Standing:
        """What is known of an account, to be changed."""
        if account.standing is UNKNOWN:
            account.standing = Standing(account.lane, account.account_id)
        account.standing.is_changed = True
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
            )
        )
        return entry_id
