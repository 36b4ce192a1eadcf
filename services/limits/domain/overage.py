"""Hard limits that are passed, after a downgrade or because something exists: said once.

A monthly limit that is passed resets by itself and is only shown.
"""

from services.limits import alerts, outcomes
from services.limits.book import HARD_TYPES, NO_WINDOW, Account, Book
from shared.contracts.limits import OverageCleared, OverageDetected, OverageItem
from shared.contracts.message import Message


def watch(book: Book, account: Account) -> list[Message]:
    """Tell what is passed by more than was said, and what is passed no more."""
    if not any(counter.used > 0 or counter.over_by for counter in account.counters.values()):
        return []
    more, cleared = list[OverageItem](), list[OverageItem]()
    for limit_type in HARD_TYPES:
        counter = account.counters.get((limit_type, NO_WINDOW))
        if counter is None or not (counter.shown or counter.over_by):
            continue
        if not book.knows_limit(account, limit_type):
            continue
        room = book.room(account, limit_type)
        over_by, before = room.over_by, counter.over_by
        if over_by == before:
            continue
        counter.over_by, counter.is_changed = over_by, True
        counter.over_since = (counter.over_since or book.now) if over_by else None
        if over_by > before:
            more.append(outcomes.overage_item(limit_type, room))
            book.alerts.append(alerts.overage(book, account, limit_type, room))
        elif over_by == 0:
            cleared.append(outcomes.overage_item(limit_type, room))
    whose, version = account.account_id, account.version
    told: list[Message] = []
    if more:
        told.append(OverageDetected(account_id=whose, items=more, version=version))
    if cleared:
        told.append(OverageCleared(account_id=whose, items=cleared, version=version))
    return told
