"""Members: removed, given another role, and seen; an owner stays in any case."""

from services.limits import outcomes, refusals
from services.limits.book import Account, Book, Member
from services.limits.domain import answers
from services.limits.domain.invitations import leave
from services.limits.domain.ownership import OWNER, active_member, owners
from shared.asked import Asked, audited
from shared.contracts.errors import Error, forbidden, not_found
from shared.contracts.limits import (
    MemberRemoveRequested,
    MemberRole,
    MemberSeen,
    Removed,
    RoleChanged,
    RoleChangeRequested,
)
from shared.contracts.message import Message
from shared.contracts.operating import AuditObject, StoredReply
from shared.contracts.types import JsonObject
from shared.mirror import moment, not_active


def remove(book: Book, command: MemberRemoveRequested, asked: Asked) -> list[Message]:
    """Free a seat; an open invitation is withdrawn.

    A no is not kept: there is no other id to ask under when another owner is there.
    """
    if (reply := answers.kept(book, command, "member")) is not None:
        return [reply]
    account = book.accounts[command.account_id]
    member = book.members.get((command.account_id, command.member_id))
    if (error := why_not_removed(book, account, member, asked)) is not None:
        return [command.refused(error)]
    assert member is not None, "nobody can be removed who is not there"
    before = as_audited(member)
    fact = leave(book, member, "removed", member.role)
    room = book.room(account, "users")
    said = Removed(member=outcomes.member(member), current=room.current, limit=room.limit)
    about = AuditObject(type="member", id=member.member_id)
    return [
        answers.keep(book, account, command, outcomes.done(said)),
        fact,
        audited(book, command, asked, about, before, as_audited(member)),
    ]


def why_not_removed(
    book: Book, account: Account, member: Member | None, asked: Asked
) -> Error | None:
    if account.status == "cancelled":
        return not_active(account, book.now)
    if member is None:
        return not_found("member")
    if not member.has_a_seat:
        return refusals.has_left(member.state)
    if member.role == "owner" and asked.role != "owner":
        return forbidden(OWNER)
    return refusals.last_owner(member.state) if is_last_owner(book, member) else None


def is_last_owner(book: Book, member: Member) -> bool:
    return member.is_an_owner and len(owners(book, member.account_id)) == 1


def change_role(book: Book, command: RoleChangeRequested, asked: Asked) -> list[Message]:
    """Give another role or other sites; whoever has them already is answered so again.

    Roles come and go under the member's id: the latest change alone is kept, and no refusal.
    """
    account = book.accounts[command.account_id]
    member = book.members.get((command.account_id, command.member_id))
    if is_as_asked(member, command) and (reply := answers.latest(book, command)) is not None:
        return [reply]
    if account.status == "cancelled":
        return [command.refused(not_active(account, book.now))]
    if member is None or not member.has_a_seat:
        return [command.refused(not_found("member"))]
    if is_as_asked(member, command):
        return [outcomes.reply(command, changed(member), replayed=True)]
    if (error := why_not_changed(book, member, command, asked)) is not None:
        return [command.refused(error)]
    before, previous = as_audited(member), member.role
    member.role, member.is_changed = command.role, True
    if command.site_access is not None:
        member.site_access = tuple(command.site_access)
    about = AuditObject(type="member", id=member.member_id)
    return [
        answers.keep(book, account, command, changed(member)),
        outcomes.member_changed(member, "role", previous),
        audited(book, command, asked, about, before, as_audited(member)),
    ]


def changed(member: Member) -> StoredReply:
    return outcomes.done(RoleChanged(member=outcomes.member(member)))


def is_as_asked(member: Member | None, command: RoleChangeRequested) -> bool:
    """Whether he is here, with this role and these sites."""
    if member is None or not member.has_a_seat:
        return False
    sites = command.site_access
    has_sites = sites is None or set(sites) == set(member.site_access)
    return has_sites and member.role == command.role


def why_not_changed(
    book: Book, member: Member, command: RoleChangeRequested, asked: Asked
) -> Error | None:
    """Only an owner gives or takes what is his, and never the last one of them."""
    roles: set[MemberRole] = {member.role, command.role}
    if "owner" in roles and asked.role != "owner":
        return forbidden(OWNER)
    if command.expected_role not in (None, member.role):
        return refusals.other_role(member.role)
    if command.role == "owner" and member.state == "invited":
        return refusals.not_active_yet(member.state)
    if command.role != "owner" and is_last_owner(book, member):
        return refusals.last_owner(member.state)
    return None


def as_audited(member: Member) -> JsonObject:
    """A member as an audit tells him: people by their ids alone."""
    return {
        "role": member.role,
        "site_access": list(member.site_access),
        "state": member.state,
        "user_id": member.user_id,
    }


def see(book: Book, said: MemberSeen, _: Asked) -> list[Message]:
    """Remember the latest moment; what a clock ahead of ours says is now."""
    member = active_member(book, said.account_id, said.user_id)
    if member is None:
        return []
    at = min(moment(said.at) or book.now, book.now)
    if member.last_seen_at is None or member.last_seen_at < at:
        member.last_seen_at, member.is_changed = at, True
        book.changes += 1
    if said.site_id is not None:
        known = member.last_seen_sites.get(said.site_id)
        if known is None or known < at:
            member.last_seen_sites[said.site_id], member.is_changed = at, True
            book.changes += 1
    return []
