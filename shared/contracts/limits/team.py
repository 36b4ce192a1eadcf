"""The team of an account: invitations, roles, owners, and when somebody was last seen."""

from typing import ClassVar, Self

from msgspec.structs import replace

from shared.contracts.access import ADMIN, OWNER, Who
from shared.contracts.limits.shapes import InvitedRole, Member, MemberRole, SiteAccess
from shared.contracts.message import Command, Event, Part, Reply
from shared.contracts.types import Count, Email, Limit, Text100, Time, Uuid


class Invited(Part, frozen=True, kw_only=True, omit_defaults=False):
    """The invitation is open, and takes a seat."""

    member_id: Uuid
    current: Count
    expires_at: Time
    limit: Limit = None


class InviteReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "team.invite.replied"

    data: Invited | None = None


class InviteRequested(Command, frozen=True, kw_only=True):
    """Invite somebody into the team."""

    topic: ClassVar[str] = "team.invite.requested"
    who: ClassVar[Who] = ADMIN
    answer: ClassVar[type[Reply]] = InviteReplied
    natural_key: ClassVar[str] = "invite_id"

    invite_id: Uuid
    email: Email
    role: InvitedRole
    site_access: SiteAccess = ()

    @property
    def subject(self) -> str:
        return self.invite_id

    @property
    def content(self) -> Self:
        """Addresses are compared in lower case (`payloads.md` 1)."""
        return replace(self, email=self.email.lower(), site_access=tuple(self.site_access))


class InviteAccepted(Event, frozen=True, kw_only=True):
    """Whoever was invited has come; the seat stays taken."""

    topic: ClassVar[str] = "team.invite.accepted"

    member_id: Uuid
    user_id: Text100 | None = None
    at: Time | None = None

    @property
    def subject(self) -> str:
        return self.member_id


class InviteExpired(Event, frozen=True, kw_only=True):
    """Whoever was invited has not come: the seat is free."""

    topic: ClassVar[str] = "team.invite.expired"

    member_id: Uuid
    at: Time | None = None

    @property
    def subject(self) -> str:
        return self.member_id


class Removed(Part, frozen=True, kw_only=True, omit_defaults=False):
    """The member as he was, and the seats that are taken without him."""

    member: Member
    current: Count
    limit: Limit = None


class MemberRemoveReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "team.member.remove.replied"

    data: Removed | None = None


class MemberRemoveRequested(Command, frozen=True, kw_only=True):
    """Remove a member, or withdraw an open invitation."""

    topic: ClassVar[str] = "team.member.remove.requested"
    who: ClassVar[Who] = ADMIN
    answer: ClassVar[type[Reply]] = MemberRemoveReplied
    natural_key: ClassVar[str] = "member_id"

    member_id: Uuid

    @property
    def subject(self) -> str:
        return self.member_id


class RoleChanged(Part, frozen=True, kw_only=True):
    """The member as he is now."""

    member: Member


class RoleChangeReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "team.member.role.change.replied"

    data: RoleChanged | None = None


class RoleChangeRequested(Command, frozen=True, kw_only=True):
    """Give a member another role, or other sites; what is absent stays as it is."""

    topic: ClassVar[str] = "team.member.role.change.requested"
    who: ClassVar[Who] = ADMIN
    answer: ClassVar[type[Reply]] = RoleChangeReplied
    natural_key: ClassVar[str] = "member_id"

    member_id: Uuid
    role: MemberRole
    site_access: SiteAccess | None = None
    expected_role: MemberRole | None = None

    @property
    def subject(self) -> str:
        return self.member_id


class MemberSeen(Event, frozen=True, kw_only=True):
    """A member was seen, on a site or anywhere; the latest moment counts."""

    topic: ClassVar[str] = "team.member.seen"

    user_id: Text100
    at: Time
    site_id: Uuid | None = None

    @property
    def subject(self) -> str:
        return self.user_id if self.site_id is None else f"{self.user_id}:{self.site_id}"


class OwnershipTransferred(Part, frozen=True, kw_only=True):
    """Who owns the account now, and who did before."""

    owner: Member
    previous: Member


class OwnershipTransferReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "account.ownership.transfer.replied"

    data: OwnershipTransferred | None = None


class OwnershipTransferRequested(Command, frozen=True, kw_only=True):
    """Give the account to an active member; whoever asks becomes an admin."""

    topic: ClassVar[str] = "account.ownership.transfer.requested"
    who: ClassVar[Who] = OWNER
    answer: ClassVar[type[Reply]] = OwnershipTransferReplied
    natural_key: ClassVar[str] = "request_id"

    request_id: Uuid
    member_id: Uuid

    @property
    def subject(self) -> str:
        return self.request_id
