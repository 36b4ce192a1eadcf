"""What credits tells everyone: each fact with the account as it stands after it."""

from typing import ClassVar, Literal

from shared.contracts.invoicing import GrantKind, Line
from shared.contracts.message import Event
from shared.contracts.types import (
    Bucket,
    Code,
    Credits,
    ReservationKind,
    SignedCredits,
    Time,
    Uuid,
)


class Fact(Event, frozen=True, kw_only=True):
    """Something that credits announces."""

    seq: int
    version: int
    balance_after: Credits
    available_after: Credits
    at: Time


class CreditsReserved(Fact, frozen=True, kw_only=True):
    """Credits are held: for an operation, a run, a refund or a dispute."""

    topic: ClassVar[str] = "credits.reserved"

    reservation_id: Uuid
    kind: ReservationKind
    estimated: Credits
    held: Credits
    operation_id: Uuid | None = None
    run_id: Uuid | None = None
    refund_id: Uuid | None = None
    dispute_id: Uuid | None = None
    operation_type: Code | None = None
    expires_at: Time | None = None
    price_version: int | None = None

    @property
    def subject(self) -> str:
        return self.reservation_id


class CreditsCommitted(Fact, frozen=True, kw_only=True):
    """An operation is charged, in time or late."""

    topic: ClassVar[str] = "credits.committed"

    operation_id: Uuid
    operation_type: Code
    charged: Credits
    released: Credits  # The rest of its own hold.
    plan_delta: SignedCredits
    purchased_delta: SignedCredits
    shortfall: Credits
    late: bool
    transaction_id: Uuid | None = None  # Absent when nothing was charged.
    reservation_id: Uuid | None = None
    run_id: Uuid | None = None
    stage: int | None = None

    @property
    def subject(self) -> str:
        return self.operation_id


class CreditsReleased(Fact, frozen=True, kw_only=True):
    """A hold ends without a charge."""

    topic: ClassVar[str] = "credits.released"

    reservation_id: Uuid
    kind: ReservationKind
    released: Credits
    reason: Code  # A failure's reason_code; else cancelled, run_closed, refund_failed, dispute_won.
    operation_id: Uuid | None = None
    run_id: Uuid | None = None
    refund_id: Uuid | None = None
    dispute_id: Uuid | None = None

    @property
    def subject(self) -> str:
        return (
            self.operation_id
            or self.run_id
            or self.refund_id
            or self.dispute_id
            or self.reservation_id
        )


class CreditsExpired(Fact, frozen=True, kw_only=True):
    """A hold ends because nobody reported in time."""

    topic: ClassVar[str] = "credits.expired"

    reservation_id: Uuid
    kind: ReservationKind
    released: Credits
    expires_at: Time
    operation_id: Uuid | None = None
    run_id: Uuid | None = None

    @property
    def subject(self) -> str:
        return self.operation_id or self.run_id or self.reservation_id


class CreditsGranted(Fact, frozen=True, kw_only=True):
    """Credits came: an invoice was paid, or a refund was taken back."""

    topic: ClassVar[str] = "credits.granted"

    invoice_id: Uuid
    kind: GrantKind
    code: Code
    granted: Credits  # Really added.
    bucket: Bucket
    reason: Literal["paid", "refund_reversed"]
    transaction_id: Uuid | None = None  # Absent when a top-up added nothing.
    line: Line | None = None
    refund_id: Uuid | None = None

    @property
    def subject(self) -> str:
        return self.refund_id or f"{self.invoice_id}:{self.line}"


class CreditsRevoked(Fact, frozen=True, kw_only=True):
    """Credits went with the money that went back."""

    topic: ClassVar[str] = "credits.revoked"

    payment_id: Uuid
    invoice_id: Uuid
    revoked: Credits
    unrecovered: Credits
    bucket: Bucket
    forced: bool
    transaction_id: Uuid | None = None
    refund_id: Uuid | None = None
    dispute_id: Uuid | None = None

    @property
    def subject(self) -> str:
        return self.refund_id or self.dispute_id or self.payment_id


class CreditsAdjusted(Fact, frozen=True, kw_only=True):
    """A developer gave or took credits by hand."""

    topic: ClassVar[str] = "credits.adjusted"

    transaction_id: Uuid
    adjustment_id: Uuid
    amount: SignedCredits
    bucket: Bucket
    reason: Code

    @property
    def subject(self) -> str:
        return self.adjustment_id


class ShortfallRecorded(Fact, frozen=True, kw_only=True):
    """An operation cost more than the account had: nobody will pay the rest."""

    topic: ClassVar[str] = "credits.shortfall.recorded"

    operation_id: Uuid
    operation_type: Code
    charged: Credits
    shortfall: Credits
    late: bool
    run_id: Uuid | None = None

    @property
    def subject(self) -> str:
        return self.operation_id
