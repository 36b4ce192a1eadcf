"""Credits that are frozen while their money goes back."""

from typing import ClassVar, Literal

from shared.contracts.message import Command, Event, Part, Reply
from shared.contracts.types import Bucket, Credits, SomeCredits, Uuid


class Frozen(Part, frozen=True, kw_only=True):
    """What is frozen, and what was unspent at that moment."""

    refund_id: Uuid
    frozen: Credits
    unspent: Credits
    available_after: Credits


class FreezeReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "credits.freeze.replied"

    data: Frozen | None = None


class FreezeRequested(Command, frozen=True, kw_only=True):
    """Hold what is left of a payment's credits, so that nobody spends them meanwhile."""

    topic: ClassVar[str] = "credits.freeze.requested"
    answer: ClassVar[type[Reply]] = FreezeReplied
    natural_key: ClassVar[str] = "refund_id"

    refund_id: Uuid
    payment_id: Uuid
    invoice_id: Uuid
    bucket: Bucket
    credits: SomeCredits
    allow_partial: bool

    @property
    def subject(self) -> str:
        return self.refund_id


class FreezeReleased(Event, frozen=True, kw_only=True):
    """The refund came to nothing: its credits are free again."""

    topic: ClassVar[str] = "credits.freeze.released"

    refund_id: Uuid
    reason: Literal["failed", "rejected"]

    @property
    def subject(self) -> str:
        return self.refund_id
