"""Room is held before things are made: all of it or a part, then confirmed, released or expired."""

from datetime import timedelta

from msgspec.structs import replace

from services.limits import outcomes, refusals
from services.limits.book import (
    Account,
    Book,
    Hold,
    HoldState,
    Room,
)
from services.limits.book.due import HoldDue
from services.limits.domain import room
from services.limits.domain.resources import COUNTED_ONE_BY_ONE, add_new
from services.limits.domain.room import Denial, Wish, denial_of
from services.limits.outcomes import Unfit
from shared.asked import Asked
from shared.contracts.errors import LimitType
from shared.contracts.limits import (
    HoldConfirmed,
    HoldReleased,
    HoldRequested,
    SiteCreationRequested,
)
from shared.contracts.message import Message, encode


def request_hold(book: Book, request: HoldRequested, _: Asked) -> list[Message]:
    """Hold all of it, or as much as there is where less will do."""
    known = book.asked.get((request.account_id, request.topic, request.request_id))
    if known is not None:
        return [answer_known(known, request)]
    wish = Wish(
        request.limit_type,
        request.quantity,
        request.ttl_s,
        request.allow_partial,
        request.purpose,
    )
    return ask(book, request, wish)


def answer_known(known: Hold, request: HoldRequested | SiteCreationRequested) -> Message:
    """The first answer, or that this id was asked with other content."""
    if known.answer is not None and request.is_as_kept(known.request):
        return outcomes.again(request, known.answer)
    return request.refused(refusals.other_content("hold", known.state))


def ask(book: Book, request: HoldRequested | SiteCreationRequested, wish: Wish) -> list[Message]:
    """Hold what is wished for, or remember why not."""
    account = book.accounts[request.account_id]
    before = book.room(account, wish.limit_type)
    denial = denial_of(book, account, wish, before)
    if denial is not None:
        return deny(book, account, request, wish, denial)
    hold = unheard(book, account, request.topic, request.request_id, wish.limit_type, "held")
    hold.requested, hold.purpose = wish.quantity, wish.purpose
    available = before.available
    hold.granted = wish.quantity if available is None else min(wish.quantity, available)
    hold.expires_at = book.now + timedelta(seconds=wish.ttl_s)
    book.count(account, hold.limit_type, hold.window, used=0, held=hold.granted)
    return [answer(hold, request, before.with_held(hold.granted))]


def deny(
    book: Book,
    account: Account,
    request: HoldRequested | SiteCreationRequested,
    wish: Wish,
    denial: Denial,
) -> list[Message]:
    """Say no, and keep it unless nothing was decided."""
    refused = outcomes.no(denial.error)
    if denial.is_kept:
        row = unheard(book, account, request.topic, request.request_id, wish.limit_type, "refused")
        row.requested, row.purpose = wish.quantity, wish.purpose
        row.request, row.answer, row.closed_at = encode(request), encode(refused), book.now
    fact = room.told(book, account, request, wish, denial)
    return [outcomes.reply(request, refused), fact]


def answer(hold: Hold, request: HoldRequested | SiteCreationRequested, now: Room) -> Message:
    """What is granted, with the numbers after it; kept as it is said first."""
    if isinstance(request, SiteCreationRequested):
        said = outcomes.done(outcomes.site_approved(hold, now))
    else:
        said = outcomes.done(outcomes.hold_granted(hold, now))
        if hold.granted < hold.requested:
            said = replace(said, status="partial")
    hold.request, hold.answer = encode(request), encode(said)
    return outcomes.reply(request, said)


def unheard(
    book: Book,
    account: Account,
    topic: str,
    request_id: str,
    limit_type: LimitType,
    state: HoldState,
) -> Hold:
    """Write down a request of which nothing was known."""
    new = Hold(
        account.lane,
        account.account_id,
        topic,
        request_id,
        next(book.ids),
        limit_type,
        account.window_of(limit_type),
        state,
        book.now,
        book.now,
        is_new=True,
    )
    book.add_hold(new)
    book.changes += 1
    return new


def confirm(book: Book, said: HoldConfirmed, _: Asked) -> list[Message | Unfit]:
    """So many things exist, also when their hold has expired; the rest of it is free."""
    account = book.accounts[said.account_id]
    hold = book.holds.get((said.account_id, said.hold_id))
    if hold is None or said.quantity > hold.granted:
        return [Unfit(said.hold_id)]
    kind = COUNTED_ONE_BY_ONE.get(hold.limit_type)
    named = set() if kind is None else set(said.resources)
    if len(named) > said.quantity:
        return [Unfit(said.hold_id)]
    if not hold.is_undecided:
        return []
    if said.quantity == 0:
        return end(book, account, hold, "released")
    fresh = 0 if kind is None else add_new(book, account, kind, named)
    hold.confirmed, hold.counted = said.quantity, said.quantity - len(named)
    return end(book, account, hold, "confirmed", used=hold.counted + fresh)


def release(book: Book, said: HoldReleased, _: Asked) -> list[Message | Unfit]:
    """Nothing was made, and nothing will be; after a confirmation nothing changes any more."""
    hold = book.holds.get((said.account_id, said.hold_id))
    if hold is None:
        return [Unfit(said.hold_id)]
    account = book.accounts[said.account_id]
    return end(book, account, hold, "released") if hold.is_undecided else []


def expire(book: Book, due: HoldDue, _: Asked) -> list[Message]:
    """Free a hold that nobody used in time, unless somebody just did."""
    hold = book.holds[due.account_id, due.hold_id]
    if hold.state == "held" and hold.expires_at <= book.now:
        end(book, book.accounts[due.account_id], hold, "expired")
    return []


def end(
    book: Book, account: Account, hold: Hold, state: HoldState, used: int = 0
) -> list[Message | Unfit]:
    """Free whatever is still held, and count what came of it; the state of the account says it."""
    freed = hold.open_hold
    hold.state, hold.closed_at, hold.is_changed = state, book.now, True
    book.changes += 1
    book.count(account, hold.limit_type, hold.window, used=used, held=-freed)
    return []
