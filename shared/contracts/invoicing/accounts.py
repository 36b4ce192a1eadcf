"""Accounts and their subscriptions, as far as others obey what is said of them."""

from typing import ClassVar, Literal

from shared.contracts.invoicing.plans import FREE
from shared.contracts.invoicing.telling import Told
from shared.contracts.money import Money
from shared.contracts.types import (
    AccountStatus,
    BillingCycle,
    Code,
    Count,
    Country,
    Name,
    Text100,
    Text500,
    Time,
    Uuid,
)


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
