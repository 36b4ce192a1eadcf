"""What invoicing says of plans, packages and accounts, as far as credits obeys it."""

from services.credits.book import Book
from services.credits.catalogue import FREE
from shared.asked import Asked
from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    PackageUpdated,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.message import Message
from shared.mirror import follow_status, plan_that_counts, with_plan


def plan_updated(book: Book, plan: PlanUpdated, _: Asked) -> list[Message]:
    """Remember a plan, unless a newer one is known."""
    plans = with_plan(book.catalogue.plans, plan)
    if plans is not book.catalogue.plans:
        book.catalogue = book.catalogue.with_plans(plans)
        book.changes += 1
    return []


def package_updated(book: Book, package: PackageUpdated, _: Asked) -> list[Message]:
    """Remember a package, unless a newer one is known."""
    known = book.catalogue.packages.get(package.package_code)
    if known is None or package.version > known.version:
        book.catalogue = book.catalogue.with_package(package)
        book.changes += 1
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
    follow_status(book.standing_of(account), changed, book.now)
    account.version += 1
    return []


def subscription_changed(book: Book, changed: SubscriptionStateChanged, _: Asked) -> list[Message]:
    """The plan that counts is the subscription's while it lives, else Free."""
    account = book.accounts[changed.account_id]
    if changed.version <= account.standing.subscription_version:
        return []
    standing = book.standing_of(account)
    standing.subscription_version = changed.version
    standing.plan_code = plan_that_counts(changed)
    account.version += 1
    return []
