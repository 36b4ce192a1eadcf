"""Customers hear that a limit is nearly reached: once at each mark, limit and month."""

from services.limits import alerts, outcomes
from services.limits.book import Account, Book, Mark
from shared.contracts.errors import LimitType
from shared.contracts.limits.facts import Threshold
from shared.contracts.message import Message
from shared.contracts.operating import Severity

# In per cent of a limit; the highest first, for a jump raises that one alone.
MARKS: tuple[tuple[Threshold, Severity], ...] = ((100, "error"), (90, "warning"), (80, "info"))
SMALLEST_LIMIT = 10  # Of less, every single one would be told.


def watch(book: Book, account: Account) -> list[Message]:
    """Tell what was crossed on the way from before the message to what the account uses now."""
    told = list[Message]()
    for limit_type, used in book.used_before.items():
        if book.counter(account, limit_type).shown > used:
            told += crossed(book, account, limit_type, used)
    return told


def crossed(book: Book, account: Account, limit_type: LimitType, before: int) -> list[Message]:
    """The highest mark that is reached, if it was not reached before, nor ever this month."""
    room = book.room(account, limit_type)
    if room.limit is None or room.limit < SMALLEST_LIMIT:
        return []
    reached = next((mark for mark in MARKS if 100 * room.used >= room.limit * mark[0]), None)
    if reached is None or 100 * before >= room.limit * reached[0]:
        return []
    mark = mark_of(book, account, limit_type, room.limit)
    if mark.threshold >= reached[0]:
        return []
    mark.threshold, mark.is_changed = reached[0], True
    book.alerts.append(alerts.threshold(book, account, limit_type, room, *reached))
    return [outcomes.threshold_reached(account, limit_type, room, reached[0])]


def mark_of(book: Book, account: Account, limit_type: LimitType, limit: int) -> Mark:
    key = account.account_id, limit_type, account.window, limit
    new = Mark(account.lane, account.account_id, limit_type, account.window, limit)
    return book.marks.setdefault(key, new)
