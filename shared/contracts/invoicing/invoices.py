"""Invoices, and the credits that they give."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from shared.contracts.invoicing.plans import RenewalPolicy
from shared.contracts.invoicing.telling import Told
from shared.contracts.message import Part
from shared.contracts.money import Money
from shared.contracts.types import (
    Bucket,
    Code,
    Count,
    Credits,
    Date,
    SomeCredits,
    Text100,
    Text500,
    Time,
    Uuid,
)

GrantKind: TypeAlias = Literal["subscription", "credit_package", "upgrade"]
Line: TypeAlias = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Grant(Part, frozen=True, kw_only=True):
    """Credits that an invoice gives when it is paid."""

    line: Line
    kind: GrantKind
    credits: SomeCredits
    code: Code
    bucket: Bucket | None = None  # The purchased one for packages, else the plan's.
    policy: RenewalPolicy | None = None  # For a subscription the plan's, as far as it is known.


class LineGrant(Part, frozen=True, kw_only=True):
    """What the line of an invoice gives, as the invoice shows it."""

    kind: GrantKind
    credits: Credits
    code: Code


class LineItem(Part, frozen=True, kw_only=True):
    """One line of an invoice."""

    line: Line
    description: Text500
    quantity: Count
    unit_amount: Money
    amount: Money
    grant: LineGrant | None = None


class InvoicePaid(Told, frozen=True, kw_only=True):
    """An invoice that is paid, and the credits that it gives."""

    topic: ClassVar[str] = "invoice.paid"

    invoice_id: Uuid
    grants: Sequence[Grant]
    number: Text100 | None = None
    kind: Literal["subscription", "credit_package", "upgrade", "custom"] | None = None
    status: Literal["draft", "pending", "paid", "void", "uncollectible"] | None = None
    subscription_id: Uuid | None = None
    currency: Text100 | None = None
    line_items: Sequence[LineItem] | None = None
    subtotal: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    amount_paid: Money | None = None
    amount_refunded: Money | None = None
    invoice_date: Date | None = None
    due_date: Date | None = None
    paid_at: Time | None = None
    payment_method: Text100 | None = None
    period_start: Time | None = None
    period_end: Time | None = None
    notes: Text500 | None = None

    @property
    def subject(self) -> str:
        return self.invoice_id
