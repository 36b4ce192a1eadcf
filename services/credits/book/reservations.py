"""What an operation holds and what became of it, with what of it must be written."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from services.credits.remembered import read_remembered
from shared.contracts.credits import State


class Change(Enum):
    """What a batch did to a row: what of it must be written."""

    NONE = "none"
    NEW = "new"
    CLOSED = "closed"  # Its end alone.
    EXTENDED = "extended"  # Its expiry alone.
    REWRITTEN = "rewritten"


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
    run_id: str | None = None  # The automation run that it is part of.
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
