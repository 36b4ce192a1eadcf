"""What customers are told of: limits that are nearly reached, and limits that are passed."""

from services.limits.book import HARD_TYPES, Account, Book, Room
from services.limits.outcomes import DISPLAY_NAMES
from shared.alerting.raising import Mark, Words, alert
from shared.contracts.errors import LimitType
from shared.contracts.operating import AlertRaised, Severity


def threshold(
    book: Book,
    account: Account,
    limit_type: LimitType,
    room: Room,
    percent: int,
    severity: Severity,
) -> AlertRaised:
    """So much of a limit is used."""
    name = DISPLAY_NAMES[limit_type]
    this_month = "" if limit_type in HARD_TYPES else " this month"
    words = Words(
        limit_type,
        f"{percent} % Of {name} Used",
        f"{room.used:,} of {room.limit:,} are used{this_month}.",
        {"type": limit_type, "used": room.used, "limit": room.limit},
    )
    mark = Mark("limits.threshold", severity, "customer", percent)
    return alert(book, "limits", account.account_id, mark, words)


def overage(book: Book, account: Account, limit_type: LimitType, room: Room) -> AlertRaised:
    """There is more than the limit gives; it stays, and nothing new is added."""
    name = DISPLAY_NAMES[limit_type]
    words = Words(
        limit_type,
        f"{name} Above The Limit",
        f"{room.used:,} are in use and {room.limit:,} are allowed: {room.over_by:,} too many. "
        "All of them stay; new ones can be added when there is room again.",
        {"type": limit_type, "used": room.used, "limit": room.limit, "over_by": room.over_by},
    )
    mark = Mark("limits.overage", "warning", "customer")
    return alert(book, "limits", account.account_id, mark, words)
