"""What is sold: plans and packages, catalogue rows that everyone may know."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from shared.contracts.message import KeyedBy, Message, Part
from shared.contracts.money import Money
from shared.contracts.types import (
    BillingCycle,
    Code,
    Count,
    Credits,
    Limit,
    Name,
    Positive,
    Text200,
    Text500,
    UnitUsd,
)

FREE = "free"
RenewalPolicy: TypeAlias = Literal["accumulate", "top_up"]
Percent: TypeAlias = Annotated[int, Meta(ge=0, le=100)]


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
