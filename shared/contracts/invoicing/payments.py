"""Money that goes back, and the credits that go with it."""

from typing import ClassVar, Literal

from shared.contracts.invoicing.telling import Told
from shared.contracts.money import Money
from shared.contracts.types import Bucket, ByText, Count, Credits, Time, Uuid


class PaymentRefunded(Told, frozen=True, kw_only=True):
    """Money that went back, and the credits that go with it."""

    topic: ClassVar[str] = "payment.refunded"

    refund_id: Uuid
    payment_id: Uuid
    invoice_id: Uuid
    credits_to_revoke: Credits
    forced: bool
    bucket: Bucket = "purchased"
    amount: Money | None = None
    full: bool | None = None
    refunded_at: Time | None = None

    @property
    def subject(self) -> str:
        return self.refund_id


class RefundReversed(Told, frozen=True, kw_only=True):
    """A refund that the gateway took back: its credits return."""

    topic: ClassVar[str] = "payment.refund.reversed"

    refund_id: Uuid
    payment_id: Uuid | None = None
    invoice_id: Uuid | None = None
    amount: Money | None = None
    at: Time | None = None

    @property
    def subject(self) -> str:
        return self.refund_id


class PaymentDisputed(Told, frozen=True, kw_only=True):
    """Money that a bank took back for the time being, or for good."""

    topic: ClassVar[str] = "payment.disputed"

    dispute_id: Uuid
    payment_id: Uuid
    invoice_id: Uuid
    state: Literal["opened", "won", "lost"]
    credits: Credits  # Those that the invoice granted.
    bucket: Bucket
    version: Count
    amount: Money | None = None
    reason_code: ByText | None = None
    due_by: Time | None = None

    @property
    def subject(self) -> str:
        return f"{self.dispute_id}:{self.state}"
