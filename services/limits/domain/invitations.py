"""Invitations: a seat is taken from the first word on, for seven days at most."""

from datetime import timedelta

from services.limits import outcomes, refusals
from services.limits.book import NO_WINDOW, Account, Book, Member
from services.limits.book.due import InvitationDue
from services.limits.domain import answers, ownership, room
from services.limits.domain.room import Denial, Wish, at_rest, no_room
from services.limits.outcomes import Unfit
from shared.asked import Asked
from shared.contracts.limits import (
    InviteAccepted,
    Invited,
    InviteExpired,
    InviteRequested,
    MemberRole,
)
from shared.contracts.limits.facts import MemberChange
from shared.contracts.message import Message
from shared.contracts.moments import in_milliseconds

INVITATION_DAYS = 7
A_SEAT = Wish("users", purpose="invitation")


def invite(book: Book, request: InviteRequested, asked: Asked) -> list[Message]:
    """Give somebody a seat that he may take."""
    if (reply := answers.kept(book, request, "invitation")) is not None:
        return [reply]
    account = book.accounts[request.account_id]
    denial = at_rest(book, account)
    if denial is None and (seated := seated_as(book, request)) is not None:
        refused = outcomes.no(refusals.already_member(seated.state))
        return [answers.keep(book, account, request, refused)]
    if denial is None and asked.role == "owner" and book.knows_limit(account, "users"):
        ownership.seat_whoever_asks(book, account, asked)
    denial = denial or no_room(book, account, A_SEAT, book.room(account, "users"))
    if denial is not None:
        return deny(book, account, request, denial)
    new = seat_invited(book, account, request, asked)
    return [
        answers.keep(book, account, request, outcomes.done(invited(book, account, new))),
        outcomes.invited(new, request, account),
    ]


def seated_as(book: Book, request: InviteRequested) -> Member | None:
    """Whoever has a seat under this address."""
    team, email = book.team_of(request.account_id), request.email.lower()
    return next((member for member in team if member.email == email), None)


def deny(book: Book, account: Account, request: InviteRequested, denial: Denial) -> list[Message]:
    """Say no, and keep it unless nothing was decided."""
    refused, fact = outcomes.no(denial.error), room.told(book, account, request, A_SEAT, denial)
    if not denial.is_kept:
        return [outcomes.reply(request, refused), fact]
    return [answers.keep(book, account, request, refused), fact]


def seat_invited(book: Book, account: Account, request: InviteRequested, asked: Asked) -> Member:
    new = Member(
        account.lane,
        account.account_id,
        next(book.ids),
        request.role,
        "invited",
        request.email.lower(),
        invite_id=request.invite_id,
        site_access=tuple(request.site_access),
        invited_by=asked.user_id,
        invited_at=book.now,
        expires_at=book.now + timedelta(days=INVITATION_DAYS),
    )
    ownership.seat(book, account, new)
    return new


def invited(book: Book, account: Account, new: Member) -> Invited:
    assert new.expires_at is not None, "an invitation ends"
    now = book.room(account, "users")
    return Invited(
        member_id=new.member_id,
        current=now.current,
        limit=now.limit,
        expires_at=in_milliseconds(new.expires_at),
    )


def accept(book: Book, said: InviteAccepted, _: Asked) -> list[Message | Unfit]:
    """The seat stays taken; whoever has one already needs no second one."""
    member = book.members.get((said.account_id, said.member_id))
    if member is None:
        return [Unfit(said.member_id)]
    if member.state != "invited":
        return []
    if said.user_id is not None and ownership.active_member(book, said.account_id, said.user_id):
        return [leave(book, member, "removed")]
    member.state, member.user_id, member.accepted_at = "active", said.user_id, book.now
    member.is_changed = True
    return [outcomes.member_changed(member, "accepted")]


def expired(book: Book, said: InviteExpired, _: Asked) -> list[Message | Unfit]:
    """The web app says that nobody will come."""
    member = book.members.get((said.account_id, said.member_id))
    if member is None:
        return [Unfit(said.member_id)]
    return [leave(book, member, "expired")] if member.state == "invited" else []


def expire(book: Book, due: InvitationDue, _: Asked) -> list[Message]:
    """Nobody came in time, unless somebody just did."""
    member = book.members[due.account_id, due.member_id]
    if member.state != "invited" or member.expires_at is None or member.expires_at > book.now:
        return []
    return [leave(book, member, "expired")]


def leave(
    book: Book, member: Member, change: MemberChange, previous: MemberRole | None = None
) -> Message:
    """Free the seat."""
    member.state, member.is_changed = "removed", True
    book.count(book.accounts[member.account_id], "users", NO_WINDOW, used=-1)
    return outcomes.member_changed(member, change, previous)
