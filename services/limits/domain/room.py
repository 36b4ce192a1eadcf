"""Whether there is room for something, or why not."""

from typing import NamedTuple

from services.limits import outcomes, refusals
from services.limits.book import Account, Book, Room
from shared.contracts.errors import Error, LimitType
from shared.contracts.limits import LimitDenied
from shared.contracts.limits.facts import DenialReason
from shared.contracts.message import Command
from shared.mirror import not_active


class Wish(NamedTuple):
    """How much is asked for, of what, for how long, and whether less will do."""

    limit_type: LimitType
    quantity: int = 1
    ttl_s: int = 600
    allow_partial: bool = False
    purpose: str | None = None


class Denial(NamedTuple):
    """A no in words, and in one word."""

    error: Error
    reason: DenialReason

    @property
    def is_kept(self) -> bool:
        """Of an unknown plan nothing was decided: the id stays free."""
        return self.reason != "plan_unknown"


def denial_of(book: Book, account: Account, wish: Wish, room: Room) -> Denial | None:
    """The account's status comes first, then the limit."""
    return at_rest(book, account) or no_room(book, account, wish, room)


def at_rest(book: Book, account: Account) -> Denial | None:
    """Neither a suspended nor a cancelled account may have anything new."""
    if account.status in ("suspended", "cancelled"):
        return Denial(not_active(account, book.now), account.status)
    return None


def no_room(book: Book, account: Account, wish: Wish, room: Room) -> Denial | None:
    limit_type, quantity, available = wish.limit_type, wish.quantity, room.available
    if not book.knows_limit(account, limit_type):
        return Denial(refusals.plan_unknown(), "plan_unknown")
    if room.limit == 0:
        return Denial(refusals.not_included(book, account, limit_type), "not_included")
    if available is None or quantity <= available:
        return None
    if wish.allow_partial and available:
        return None
    return Denial(refusals.reached(book, account, limit_type, quantity), "limit_reached")


def told(book: Book, account: Account, command: Command, wish: Wish, denial: Denial) -> LimitDenied:
    """The fact of a denial, with the numbers as they stood."""
    room = book.room(account, wish.limit_type)
    return outcomes.denied(
        command, wish.limit_type, wish.quantity, room, denial.reason, wish.purpose
    )
