"""The ledger's rows, and the adjustments that a developer makes by hand."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from shared.contracts.access import DEVELOPER, Who
from shared.contracts.message import Command, Part, Reply
from shared.contracts.types import (
    MAX_CREDITS_AT_ONCE,
    Bucket,
    Credits,
    JsonObject,
    Note,
    SignedCredits,
    Time,
    Uuid,
)

TransactionType: TypeAlias = Literal[
    "purchase", "subscription", "refund", "deduction", "adjustment", "expiry"
]
ReferenceType: TypeAlias = Literal[
    "invoice_line", "operation", "refund", "dispute", "adjustment", "expiry"
]
AdjustmentReason: TypeAlias = Literal["grant", "correction", "goodwill", "penalty"]


class Transaction(Part, frozen=True, kw_only=True):
    """One row of the ledger: balance_after is that of the row before, and this amount."""

    transaction_id: Uuid
    account_id: Uuid
    seq: int
    type: TransactionType
    amount: SignedCredits  # Never 0.
    plan_delta: SignedCredits
    purchased_delta: SignedCredits
    balance_after: Credits
    description: str
    reference_type: ReferenceType
    reference_id: str
    metadata: JsonObject
    created_at: Time
    actor: str | None = None


class Adjusted(Part, frozen=True, kw_only=True):
    """The row that was written."""

    transaction: Transaction
    available_after: Credits


class AdjustmentReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "credits.adjustment.replied"

    data: Adjusted | None = None


class AdjustmentRequested(Command, frozen=True, kw_only=True):
    """Give or take credits by hand, with the reason why."""

    topic: ClassVar[str] = "credits.adjustment.requested"
    who: ClassVar[Who] = DEVELOPER
    answer: ClassVar[type[Reply]] = AdjustmentReplied
    natural_key: ClassVar[str] = "adjustment_id"

    adjustment_id: Uuid
    amount: Annotated[
        int,
        Meta(ge=-MAX_CREDITS_AT_ONCE, le=MAX_CREDITS_AT_ONCE, description="whole credits, never 0"),
    ]
    bucket: Bucket
    reason: AdjustmentReason
    note: Note

    def __post_init__(self) -> None:
        if self.amount == 0:
            raise ValueError("`amount`: Expected credits to give or to take, got 0")

    @property
    def subject(self) -> str:
        return self.adjustment_id
