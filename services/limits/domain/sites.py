"""Sites: approved before they are made, counted once, taken off once, in any order."""

from typing import Literal

from services.limits import outcomes, refusals
from services.limits.book import NO_WINDOW, Account, Book, Hold
from services.limits.domain import holds
from services.limits.domain.resources import write_down
from services.limits.domain.room import Wish
from shared.asked import Asked
from shared.contracts.limits import (
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
    SiteDeleted,
)
from shared.contracts.message import Message, encode

A_SITE = Wish("sites", purpose="site")


def approve(book: Book, request: SiteCreationRequested, _: Asked) -> list[Message]:
    """Hold the place of a site that somebody wants to make."""
    known = book.asked.get((request.account_id, request.topic, request.request_id))
    if known is None:
        return holds.ask(book, request, A_SITE)
    if known.request is not None:
        return [holds.answer_known(known, request)]
    return [answer_late(book, known, request)]


def answer_late(book: Book, known: Hold, request: SiteCreationRequested) -> Message:
    """The end was told before anybody asked: a site that is there needs no hold."""
    account = book.accounts[request.account_id]
    known.is_changed = True
    if known.state == "confirmed":
        return holds.answer(known, request, book.room(account, "sites"))
    refused = outcomes.no(refusals.failed_before(known.state))
    known.request, known.answer = encode(request), encode(refused)
    return outcomes.reply(request, refused)


def created(book: Book, said: SiteCreated, _: Asked) -> list[Message]:
    """It counts, with a hold or without; one that was deleted before never does."""
    account = book.accounts[said.account_id]
    hold = hold_named(book, said)
    if hold is None and said.request_id is not None:
        hear_of(book, account, said.request_id, "confirmed")
    if book.resource(account, "site", said.site_id) is not None:
        if hold is not None and hold.is_undecided:
            holds.end(book, account, hold, "released")
        return []
    write_down(book, account, "site", said.site_id, "active")
    if hold is None or not hold.is_undecided:
        book.count(account, "sites", NO_WINDOW, used=1)
        return []
    hold.confirmed = 1
    holds.end(book, account, hold, "confirmed", used=1)
    return []


def hear_of(
    book: Book, account: Account, request_id: str, state: Literal["confirmed", "released"]
) -> None:
    """Remember the end of what nobody asked for yet."""
    topic = SiteCreationRequested.topic
    row = holds.unheard(book, account, topic, request_id, "sites", state)
    row.requested = row.granted = 1
    row.confirmed = 1 if state == "confirmed" else 0
    row.closed_at = book.now


def hold_named(book: Book, said: SiteCreated | SiteCreationFailed) -> Hold | None:
    """The hold of a site that a message is about, by either of its names."""
    hold = book.holds.get((said.account_id, said.hold_id or ""))
    if hold is None and said.request_id is not None:
        hold = book.asked.get((said.account_id, SiteCreationRequested.topic, said.request_id))
    return hold if hold is not None and hold.limit_type == "sites" else None


def failed(book: Book, said: SiteCreationFailed, _: Asked) -> list[Message]:
    """Its place is free again."""
    account, hold = book.accounts[said.account_id], hold_named(book, said)
    if hold is not None:
        if hold.is_undecided:
            holds.end(book, account, hold, "released")
    elif said.request_id is not None:
        hear_of(book, account, said.request_id, "released")
    return []


def deleted(book: Book, said: SiteDeleted, _: Asked) -> list[Message]:
    """It counts no more; one that was never heard of is remembered."""
    account = book.accounts[said.account_id]
    site = book.resource(account, "site", said.site_id)
    if site is None:
        write_down(book, account, "site", said.site_id, "removed")
    elif site.state == "active":
        site.state, site.since, site.is_changed = "removed", book.now, True
        book.count(account, "sites", NO_WINDOW, used=-1)
    return []
