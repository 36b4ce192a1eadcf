"""Who has a seat in an account, or is invited to one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts.limits import MemberRole, MemberState

SEATED: tuple[MemberState, ...] = ("invited", "active")


@dataclass(slots=True)
class Member:
    """A person from the invitation on; whoever comes back is another member."""

    lane: int
    account_id: str
    member_id: str
    role: MemberRole
    state: MemberState
    email: str = ""  # In lower case; empty while only an owner's id is known.
    invite_id: str | None = None
    user_id: str | None = None
    site_access: Sequence[str] = ()  # None are all sites.
    invited_by: str | None = None
    invited_at: datetime | None = None
    expires_at: datetime | None = None  # Of the invitation.
    accepted_at: datetime | None = None
    last_seen_at: datetime | None = None
    last_seen_sites: dict[str, datetime] = field(default_factory=dict)
    is_changed: bool = False

    @property
    def has_a_seat(self) -> bool:
        return self.state in SEATED

    @property
    def is_an_owner(self) -> bool:
        return self.state == "active" and self.role == "owner"
