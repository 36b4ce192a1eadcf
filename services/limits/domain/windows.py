"""An account keeps up with the calendar and with its plan, by message or by clock."""

from services.limits import outcomes
from services.limits.book import Account, Book
from services.limits.book.due import PlanDue, WindowDue
from services.limits.domain.mirror import NEVER
from shared.asked import Asked
from shared.contracts.message import Message


def keep_up(book: Book, account: Account) -> list[Message]:
    """Open the month that it is, and follow the plan; the first message of all is no news."""
    plan = book.plans.get(account.plan_code)
    version = NEVER if plan is None else plan.version
    if not account.window:
        account.window, account.plan_version, account.is_changed = book.window, version, True
        return []
    if version > account.plan_version:
        account.plan_version = version
        account.raise_version()
    if book.window <= account.window:
        return []
    account.window = book.window
    account.raise_version()
    return [outcomes.window_opened(account)]


def due(_: Book, __: WindowDue | PlanDue, ___: Asked) -> list[Message]:
    """Nothing is left to do: every account keeps up before anything is decided."""
    return []
