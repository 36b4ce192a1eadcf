"""What invoicing says of plans, packages and accounts, as far as credits obeys it."""

from datetime import UTC, datetime

from msgspec.structs import replace

from services.credits.book import Book
from services.credits.catalogue import FREE
from shared.asked import Asked
from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    PackageUpdated,
    Plan,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.message import Message

PLAN_COUNTS_WHILE = ("trialing", "active", "past_due")


def plan_updated(book: Book, plan: PlanUpdated, _: Asked) -> list[Message]:
    """Remember a plan, unless a newer one is known."""
    known = book.catalogue.plans.get(plan.plan_code)
    if known is None:
        book.catalogue = book.catalogue.with_plan(plan)
    elif plan.version > known.version:
        book.catalogue = book.catalogue.with_plan(completed_by(plan, known))
    return []


def completed_by(plan: PlanUpdated, known: Plan) -> PlanUpdated:
    """What an update does not say is as it was."""
    policy, may_buy = plan.renewal_policy or known.renewal_policy, plan.allow_credit_topup
    if may_buy is None:
        may_buy = known.allow_credit_topup
    return replace(plan, renewal_policy=policy, allow_credit_topup=may_buy)


def package_updated(book: Book, package: PackageUpdated, _: Asked) -> list[Message]:
    """Remember a package, unless a newer one is known."""
    known = book.catalogue.packages.get(package.package_code)
    if known is None or package.version > known.version:
        book.catalogue = book.catalogue.with_package(package)
    return []


def account_opened(book: Book, opened: AccountOpened, _: Asked) -> list[Message]:
    """A new account has the Free plan until its subscription says otherwise."""
    account = book.accounts[opened.account_id]
    if account.standing.plan_code is None:
        book.standing_of(account).plan_code = FREE
        account.version += 1
    return []


def status_changed(book: Book, changed: AccountStatusChanged, _: Asked) -> list[Message]:
    """Follow the account's status; a lower version comes too late."""
    account = book.accounts[changed.account_id]
    if changed.version <= account.standing.status_version:
        return []
    standing = book.standing_of(account)
    standing.status, standing.status_version = changed.status, changed.version
    standing.status_reason = changed.reason or ""
    standing.status_since = moment(changed.since) or book.now
    account.version += 1
    return []


def moment(text: str | None) -> datetime | None:
    """A producer's time is data: one that no calendar knows is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def subscription_changed(book: Book, changed: SubscriptionStateChanged, _: Asked) -> list[Message]:
    """The plan that counts is the subscription's while it lives, else Free."""
    account = book.accounts[changed.account_id]
    if changed.version <= account.standing.subscription_version:
        return []
    standing = book.standing_of(account)
    standing.subscription_version = changed.version
    standing.plan_code = changed.plan_code if changed.status in PLAN_COUNTS_WHILE else FREE
    account.version += 1
    return []
