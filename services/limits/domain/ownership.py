"""Who owns an account: its first seat, and there is always somebody in it."""

from services.limits import outcomes, refusals
from services.limits.book import NO_WINDOW, Account, Book, Member
from services.limits.domain import answers
from shared.asked import Asked, audited
from shared.contracts.errors import Error, forbidden, not_found
from shared.contracts.invoicing import AccountOpened
from shared.contracts.limits import OwnershipTransferred, OwnershipTransferRequested
from shared.contracts.message import Message
from shared.contracts.operating import AuditObject
from shared.mirror import not_active

OWNER = ("owner",)


def account_opened(book: Book, opened: AccountOpened, _: Asked) -> list[Message]:
    """Its owner is the first member, unless he was seated before this was read."""
    account = book.accounts[opened.account_id]
    if account.is_opened:
        return []
    account.is_opened, account.name, account.is_changed = True, opened.name, True
    book.changes += 1
    known, email = seated_before(book, opened), (opened.owner_email or "").lower()
    if known is not None and not known.email:
        known.email, known.is_changed = email, True
    if known is not None and owners(book, account.account_id):
        return []
    if known is None or not known.has_a_seat:
        seat_owner(book, account, opened.owner_user_id, email)
        return []
    return [promote(known)]


def seated_before(book: Book, opened: AccountOpened) -> Member | None:
    """The owner, whatever he is by now; of one without a name, whoever owns the account."""
    named = opened.owner_user_id
    found = [
        member
        for member in book.members.values()
        if member.account_id == opened.account_id
        and (member.is_an_owner if named is None else member.user_id == named)
    ]
    # He may have left, and be here once more as somebody else.
    return max(found, key=lambda member: member.has_a_seat, default=None)


def promote(member: Member) -> Message:
    """Somebody had invited him before it was known that the account is his."""
    previous, member.role, member.is_changed = member.role, "owner", True
    return outcomes.member_changed(member, "ownership", previous)


def seat_whoever_asks(book: Book, account: Account, asked: Asked) -> None:
    """An owner has asked, and nobody has said yet that there is one: he is the first member.

    Only on the way to a yes, or to a no that is kept: any other no writes nothing.
    """
    whose = account.account_id
    is_known = account.is_opened or active_member(book, whose, asked.user_id) is not None
    if not is_known and not owners(book, whose):
        seat_owner(book, account, asked.user_id, "")


def seat_owner(book: Book, account: Account, user_id: str | None, email: str) -> None:
    new = Member(
        account.lane,
        account.account_id,
        next(book.ids),
        "owner",
        "active",
        email,
        user_id=user_id,
        accepted_at=book.now,
    )
    seat(book, account, new)


def seat(book: Book, account: Account, new: Member) -> None:
    """Give somebody a seat."""
    new.is_changed = True
    book.members[new.account_id, new.member_id] = new
    book.count(account, "users", NO_WINDOW, used=1)


def owners(book: Book, account_id: str) -> list[Member]:
    return [member for member in book.team_of(account_id) if member.is_an_owner]


def active_member(book: Book, account_id: str, user_id: str | None) -> Member | None:
    """Who somebody is in the team."""
    team = book.team_of(account_id)
    return next((m for m in team if m.state == "active" and m.user_id == user_id), None)


def transfer(book: Book, command: OwnershipTransferRequested, asked: Asked) -> list[Message]:
    """He becomes the owner, and whoever asks an admin."""
    if (reply := answers.kept(book, command, "transfer")) is not None:
        return [reply]
    account = book.accounts[command.account_id]
    if account.status == "cancelled":
        closed = outcomes.no(not_active(account, book.now))
        return [answers.keep(book, account, command, closed)]
    heir = book.members.get((command.account_id, command.member_id))
    if heir is None or not heir.has_a_seat:
        return [command.refused(not_found("member"))]
    seat_whoever_asks(book, account, asked)
    owner = whoever_gives(book, account, asked)
    if owner is None:
        return [command.refused(forbidden(OWNER))]
    if (error := why_not(heir, owner)) is not None:
        return [answers.keep(book, account, command, outcomes.no(error))]
    return hand_over(book, account, command, asked, owner, heir)


def whoever_gives(book: Book, account: Account, asked: Asked) -> Member | None:
    """The owner who asks; somebody who is known to own nothing, or to have left, gives nothing.

    Whom no row knows is an owner by his token alone: then it is the first one's.
    """
    whose = owners(book, account.account_id)
    named = [m for m in book.members.values() if m.user_id == asked.user_id]
    known = [member for member in named if member.account_id == account.account_id]
    return next((m for m in known or whose if m.is_an_owner), None)


def why_not(heir: Member, owner: Member) -> Error | None:
    if heir.state == "invited":
        return refusals.not_active_yet(heir.state)
    return refusals.owns_already(heir.role) if heir is owner else None


def hand_over(
    book: Book,
    account: Account,
    command: OwnershipTransferRequested,
    asked: Asked,
    owner: Member,
    heir: Member,
) -> list[Message]:
    before, previous = {"owner": owner.member_id}, heir.role
    heir.role, heir.is_changed = "owner", True
    owner.role, owner.is_changed = "admin", True
    said = OwnershipTransferred(owner=outcomes.member(heir), previous=outcomes.member(owner))
    about = AuditObject(type="account", id=account.account_id)
    return [
        answers.keep(book, account, command, outcomes.done(said)),
        outcomes.member_changed(heir, "ownership", previous),
        outcomes.member_changed(owner, "ownership", "owner"),
        audited(book, command, asked, about, before, {"owner": heir.member_id}),
    ]
