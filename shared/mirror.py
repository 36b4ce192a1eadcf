"""What invoicing says of plans and accounts, as far as other services follow it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Protocol

from msgspec.structs import replace

from shared.contracts import errors
from shared.contracts.catalogue import PLANS
from shared.contracts.errors import Error
from shared.contracts.invoicing import (
    FREE,
    AccountStatusChanged,
    Plan,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.moments import in_milliseconds
from shared.contracts.types import AccountStatus

PLAN_COUNTS_WHILE = ("trialing", "active", "past_due")

# Whatever is announced is newer than what is known from the first start on.
SEED_PLANS: Mapping[str, Plan] = MappingProxyType(
    {plan.plan_code: replace(plan, version=0) for plan in PLANS}
)


class WithStatus(Protocol):
    """Whether somebody may do anything, as invoicing said last."""

    status: AccountStatus
    status_reason: str
    status_since: datetime | None
    status_version: int


def with_plan(plans: Mapping[str, Plan], said: PlanUpdated) -> Mapping[str, Plan]:
    """The plans with this one as it stands now; the same ones where a newer row is known."""
    known = plans.get(said.plan_code)
    if known is None:
        return {**plans, said.plan_code: said}
    if said.version <= known.version:
        return plans
    return {**plans, said.plan_code: completed_by(said, known)}


def completed_by(plan: PlanUpdated, known: Plan) -> PlanUpdated:
    """What an update does not say is as it was."""
    policy, may_buy = plan.renewal_policy or known.renewal_policy, plan.allow_credit_topup
    if may_buy is None:
        may_buy = known.allow_credit_topup
    return replace(plan, renewal_policy=policy, allow_credit_topup=may_buy)


def follow_status(known: WithStatus, changed: AccountStatusChanged, now: datetime) -> None:
    """Take over a status that is newer than what is known."""
    known.status, known.status_version = changed.status, changed.version
    known.status_reason = changed.reason or ""
    known.status_since = moment(changed.since) or now


def not_active(known: WithStatus, now: datetime) -> Error:
    """Why the account may not do what it asks for."""
    since = in_milliseconds(known.status_since or now)
    return errors.not_active(known.status, known.status_reason, since)


def moment(text: str | None) -> datetime | None:
    """A producer's time is data: one that no calendar knows is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def plan_that_counts(changed: SubscriptionStateChanged) -> str:
    """The subscription's while it lives, else Free."""
    return changed.plan_code if changed.status in PLAN_COUNTS_WHILE else FREE
