"""What limits tells everyone: states, refusals, thresholds, overages and the team."""

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias

from shared.contracts.errors import LimitType
from shared.contracts.limits.shapes import (
    InvitedRole,
    LimitRow,
    Member,
    MemberRole,
    OverageItem,
    SiteAccess,
)
from shared.contracts.message import Event
from shared.contracts.types import (
    AccountStatus,
    Code,
    Count,
    Email,
    Limit,
    Text100,
    Text200,
    Time,
    Uuid,
    Window,
)

DenialReason: TypeAlias = Literal[
    "limit_reached", "not_included", "suspended", "cancelled", "plan_unknown"
]
MemberChange: TypeAlias = Literal["accepted", "expired", "removed", "role", "ownership"]
Threshold: TypeAlias = Literal[80, 90, 100]


class UsageChanged(Event, frozen=True, kw_only=True):
    """The state after a batch; the highest version counts."""

    topic: ClassVar[str] = "limits.usage.changed"
    is_compacted: ClassVar[bool] = True

    plan_code: Code
    status: AccountStatus
    limits: Sequence[LimitRow]
    window: Window
    version: int
    at: Time

    @property
    def subject(self) -> str:
        return str(self.version)


class LimitDenied(Event, frozen=True, kw_only=True, omit_defaults=False):
    """A limit, or the state of the account, stood in the way."""

    topic: ClassVar[str] = "limits.denied"

    limit_type: LimitType
    request_id: Uuid  # The command's natural key.
    requested: Count
    current: Count
    held: Count
    reason: DenialReason
    purpose: Code | None = None
    limit: Limit = None
    available: Count | None = None

    @property
    def subject(self) -> str:
        return self.request_id


class ThresholdReached(Event, frozen=True, kw_only=True):
    """So many percent of a limit are used, for the first time in a month."""

    topic: ClassVar[str] = "limits.threshold.reached"

    type: LimitType
    threshold: Threshold
    used: Count
    limit: Count
    window: Window

    @property
    def subject(self) -> str:
        return f"{self.type}:{self.window}:{self.limit}:{self.threshold}"


class WindowOpened(Event, frozen=True, kw_only=True):
    """A new month: what counts a month counts from 0 again."""

    topic: ClassVar[str] = "limits.window.opened"

    window: Window
    resets_at: Time
    version: int

    @property
    def subject(self) -> str:
        return self.window


class Overage(Event, frozen=True, kw_only=True):
    """Limits that an account is above, or no longer."""

    items: Sequence[OverageItem]
    version: int

    @property
    def subject(self) -> str:
        return str(self.version)


class OverageDetected(Overage, frozen=True, kw_only=True):
    """An account has more than its limits give; nothing is taken away."""

    topic: ClassVar[str] = "limits.overage.detected"


class OverageCleared(Overage, frozen=True, kw_only=True):
    """An account is within these limits again."""

    topic: ClassVar[str] = "limits.overage.cleared"


class TeamInvited(Event, frozen=True, kw_only=True):
    """Somebody is invited; invoicing mails it."""

    topic: ClassVar[str] = "team.invited"

    member_id: Uuid
    invite_id: Uuid
    email: Email
    role: InvitedRole
    site_access: SiteAccess
    invited_by: Text100
    expires_at: Time
    account_name: Text200 | None = None

    @property
    def subject(self) -> str:
        return self.invite_id


class MemberChanged(Event, frozen=True, kw_only=True):
    """A member has come, has gone, or has another role."""

    topic: ClassVar[str] = "team.member.changed"
    comes_in_parts: ClassVar[bool] = True  # Roles come and go: each change has its own cause.

    member: Member
    change: MemberChange
    previous_role: MemberRole | None = None

    @property
    def subject(self) -> str:
        return f"{self.member.member_id}:{self.change}"
