"""Shapes that several messages of limits carry: a limit as it stands, and a member."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from shared.contracts.errors import LimitType
from shared.contracts.message import Part
from shared.contracts.types import Count, Limit, Text100, Text500, Time, Uuid

MemberRole: TypeAlias = Literal["owner", "admin", "editor", "viewer"]
InvitedRole: TypeAlias = Literal["admin", "editor", "viewer"]
MemberState: TypeAlias = Literal["invited", "active", "removed"]
SiteAccess: TypeAlias = Annotated[Sequence[Uuid], Meta(description="empty: all sites")]


class LimitRow(Part, frozen=True, kw_only=True):
    """One limit of an account; limit, remaining and percent are null where it has none."""

    type: LimitType
    kind: Literal["hard", "monthly"]
    display_name: str
    current: Count  # Used, without what is held.
    held: Count
    over_by: Count
    override: bool  # The limit is the account's own, not its plan's.
    limit: Limit = None
    remaining: Count | None = None
    percent: int | None = None  # Of the limit; null also where the limit is 0.
    resets_at: Time | None = None


class OverageItem(Part, frozen=True, kw_only=True, omit_defaults=False):
    """How far an account is above one of its limits."""

    type: LimitType
    used: Count
    over_by: Count
    limit: Limit = None


class SeenSite(Part, frozen=True, kw_only=True):
    """When a member was last seen on a site."""

    site_id: Uuid
    at: Time


class Member(Part, frozen=True, kw_only=True):
    """Somebody in the team of an account, or invited to it."""

    member_id: Uuid
    email: Text500
    role: MemberRole
    site_access: SiteAccess
    state: MemberState
    last_seen_sites: Sequence[SeenSite]
    invite_id: Uuid | None = None
    user_id: Text100 | None = None
    invited_by: Text100 | None = None
    invited_at: Time | None = None
    expires_at: Time | None = None
    accepted_at: Time | None = None
    last_seen_at: Time | None = None
