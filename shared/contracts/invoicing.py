"""What invoicing says and others obey: invoices, accounts, subscriptions, plans, refunds.

Required is what rules use; a field that only describes may be missing in what others send.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from shared.contracts.message import Event, KeyedBy, Message, Part
from shared.contracts.money import Money
from shared.contracts.types import (
    AccountStatus,
    BillingCycle,
    Bucket,
    ByText,
    Code,
    Count,
    Country,
    Credits,
    Date,
    Limit,
    Name,
    Positive,
    SomeCredits,
    Text100,
    Text200,
    Text500,
    Time,
    UnitUsd,
    Uuid,
)

GrantKind: TypeAlias = Literal["subscription", "credit_package", "upgrade"]
RenewalPolicy: TypeAlias = Literal["accumulate", "top_up"]
Line: TypeAlias = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Percent: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
FREE = "free"


class Told(Event, frozen=True, kw_only=True, omit_defaults=False):
    """A fact about an account, sent with every field, also where it is the default."""


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


class AccountOpened(Told, frozen=True, kw_only=True):
    """A new account; kept for ever, so that every service can know all of them."""

    topic: ClassVar[str] = "account.opened"
    is_kept_for_ever: ClassVar[bool] = True

    plan_code: Code = FREE
    name: Name | None = None
    slug: Code | None = None
    owner_user_id: Text100 | None = None
    owner_email: Text500 | None = None
    country: Country | None = None
    locale: Text100 | None = None
    opened_at: Time | None = None

    @property
    def subject(self) -> str:
        return self.account_id


class AccountStatusChanged(Told, frozen=True, kw_only=True):
    """What an account may do from now on."""

    topic: ClassVar[str] = "account.status.changed"

    status: AccountStatus
    version: Count
    previous: AccountStatus | None = None
    reason: Text500 | None = None
    since: Time | None = None

    @property
    def subject(self) -> str:
        return str(self.version)


class SubscriptionStateChanged(Told, frozen=True, kw_only=True):
    """The subscription of an account as it stands: its plan counts until it is canceled."""

    topic: ClassVar[str] = "subscription.state.changed"
    is_compacted: ClassVar[bool] = True

    plan_code: Code
    status: Literal["incomplete", "trialing", "active", "past_due", "canceled"]
    version: Count
    subscription_id: Uuid | None = None
    billing_cycle: BillingCycle | None = None
    price: Money | None = None
    period_start: Time | None = None
    period_end: Time | None = None
    cancel_at_period_end: bool | None = None
    pending_plan_code: Code | None = None
    trial_end: Time | None = None
    renewals: Count | None = None
    created_at: Time | None = None

    @property
    def subject(self) -> str:
        return str(self.version)


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


class Plan(Part, frozen=True, kw_only=True, omit_defaults=False):
    """What a subscription gives; null limits are none, 0 means not included."""

    plan_code: Code
    name: Name
    price: Money
    included_credits: Credits  # A month, also of a yearly plan.
    version: Count
    billing_cycle: BillingCycle = "monthly"
    extra_credit_price: UnitUsd | None = None
    allow_credit_topup: bool | None = None
    max_sites: Limit = None
    max_users: Limit = None
    max_keywords: Limit = None
    max_ahrefs_queries: Limit = None
    typical_article_credits: Credits | None = None
    trial_days: Count = 0
    trial_credits: Credits = 0
    renewal_policy: RenewalPolicy | None = None  # Absent: as it was, in a new row accumulate.
    features: Sequence[Text200] | None = None
    gateway_product_id: Text200 | None = None
    gateway_price_id: Text200 | None = None
    is_active: bool = True
    sort: Count | None = None


class PlanUpdated(Plan, Message, frozen=True, kw_only=True):
    """A plan as it stands."""

    topic: ClassVar[str] = "plan.updated"
    keyed_by: ClassVar[KeyedBy] = "code"
    is_compacted: ClassVar[bool] = True

    @property
    def subject(self) -> str:
        return f"{self.plan_code}:{self.version}"


class Package(Part, frozen=True, kw_only=True, omit_defaults=False):
    """Credits that can be bought; the price is final, the discount only a label."""

    package_code: Code
    name: Name
    credits: Positive
    price: Money
    version: Count
    is_active: bool = True
    discount_label_pct: Percent | None = None
    is_featured: bool | None = None
    description: Text500 | None = None
    features: Sequence[Text200] | None = None
    gateway_product_id: Text200 | None = None
    gateway_price_id: Text200 | None = None


class PackageUpdated(Package, Message, frozen=True, kw_only=True):
    """A package as it stands."""

    topic: ClassVar[str] = "credit.package.updated"
    keyed_by: ClassVar[KeyedBy] = "code"
    is_compacted: ClassVar[bool] = True

    @property
    def subject(self) -> str:
        return f"{self.package_code}:{self.version}"
