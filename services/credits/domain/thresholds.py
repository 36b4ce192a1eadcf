"""Customers hear that credits run out: once at each mark of the month's allocation, and at nothing.

Whether a mark is crossed is seen from what the account had before: nothing is looked up. That an
alert is raised once a mark and month is the alerts' own key.
"""

from typing import NamedTuple

from services.credits import alerts
from services.credits.book import Account, Book
from shared.contracts.operating import Severity

# Of the month's allocation, in per cent; the highest first, for a jump raises that one alone.
MARKS: tuple[tuple[int, Severity], ...] = ((95, "error"), (80, "warning"), (50, "info"))


class Level(NamedTuple):
    """What an account had, and what it had used this month, before something was spent."""

    used: int
    balance: int


def level_of(book: Book, account: Account) -> Level:
    return Level(book.used_this_month(account), account.balance)


def tell_the_customer(book: Book, account: Account, before: Level) -> None:
    """Raise what was crossed on the way from `before` to what the account has now."""
    if (used := book.used_this_month(account)) > before.used:
        allocation = book.credits_per_month(account)
        reached = (mark for mark in MARKS if 0 < allocation * mark[0] <= 100 * used)
        if (mark := next(reached, None)) and 100 * before.used < allocation * mark[0]:
            book.alerts.append(alerts.threshold(book, account, *mark))
    if before.balance > 0 and account.balance == 0:
        book.alerts.append(alerts.empty(book, account))
