"""What invoicing says of plans and accounts, as far as limits obeys it."""

from services.limits.book import Book
from shared.asked import Asked
from shared.contracts.invoicing import AccountStatusChanged, PlanUpdated, SubscriptionStateChanged
from shared.contracts.message import Message
from shared.mirror import follow_status, plan_that_counts, with_plan


def plan_updated(book: Book, plan: PlanUpdated, _: Asked) -> list[Message]:
    """Remember a plan, unless a newer one is known.

    Its accounts follow it with their next message, or when they are due.
    """
    plans = with_plan(book.plans, plan)
    if plans is not book.plans:
        book.plans = plans
        book.changes += 1
    return []


def status_changed(book: Book, changed: AccountStatusChanged, _: Asked) -> list[Message]:
    """Follow the account's status; a lower version comes too late."""
    account = book.accounts[changed.account_id]
    if changed.version > account.status_version:
        follow_status(account, changed, book.now)
        account.raise_version()
        book.changes += 1
    return []


def subscription_changed(book: Book, changed: SubscriptionStateChanged, _: Asked) -> list[Message]:
    """The plan that counts is the subscription's while it lives, else Free."""
    account = book.accounts[changed.account_id]
    if changed.version > account.subscription_version:
        account.subscription_version = changed.version
        account.plan_code = plan_that_counts(changed)
        plan = book.plans.get(account.plan_code)
        account.plan_version = NEVER if plan is None else plan.version
        account.raise_version()
        book.changes += 1
    return []


NEVER = -1  # Any version of a plan that is not known yet is news.
