"""The limits contract: what the service reads, what it can be asked, and what it says."""

from shared.contracts.credits.balance import (
    BalanceChanged,
)
from shared.contracts.invoicing import (
    AccountOpened,
    AccountStatusChanged,
    Plan,
    PlanUpdated,
    SubscriptionStateChanged,
)
from shared.contracts.keyword_research import (
    KeywordDeleted,
)
from shared.contracts.limits.answers import (
    LimitsUsage,
    Period,
    Seats,
    SummaryCredits,
    Team,
    TeamMember,
    UsageSummary,
)
from shared.contracts.limits.facts import (
    LimitDenied,
    MemberChanged,
    Overage,
    OverageCleared,
    OverageDetected,
    TeamInvited,
    ThresholdReached,
    UsageChanged,
    WindowOpened,
)
from shared.contracts.limits.holds import (
    HoldConfirmed,
    HoldGranted,
    HoldReleased,
    HoldReplied,
    HoldRequested,
)
from shared.contracts.limits.overrides import (
    OverrideUpdated,
    OverrideUpdateReplied,
    OverrideUpdateRequested,
)
from shared.contracts.limits.queries import (
    LimitsQuery,
    LimitsQueryReplied,
)
from shared.contracts.limits.shapes import (
    LimitRow,
    Member,
    MemberRole,
    MemberState,
    OverageItem,
    SeenSite,
)
from shared.contracts.limits.sites import (
    SiteApproved,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationReplied,
    SiteCreationRequested,
    SiteDeleted,
)
from shared.contracts.limits.team import (
    InviteAccepted,
    Invited,
    InviteExpired,
    InviteReplied,
    InviteRequested,
    MemberRemoveReplied,
    MemberRemoveRequested,
    MemberSeen,
    OwnershipTransferred,
    OwnershipTransferReplied,
    OwnershipTransferRequested,
    Removed,
    RoleChanged,
    RoleChangeReplied,
    RoleChangeRequested,
)
from shared.contracts.message import (
    Message,
    Request,
)
from shared.contracts.operating import (
    AlertRaised,
    AlertReadReplied,
    AlertReadRequested,
    AuditRecorded,
    HealthReported,
)

# In the order of cause and effect: of equal timestamps the topic named first is read first.
OBEYED: tuple[type[Message], ...] = (
    PlanUpdated,
    AccountOpened,
    AccountStatusChanged,
    SubscriptionStateChanged,
    OverrideUpdateRequested,
    SiteCreationRequested,
    SiteCreated,
    SiteCreationFailed,
    SiteDeleted,
    InviteRequested,
    InviteAccepted,
    InviteExpired,
    RoleChangeRequested,
    OwnershipTransferRequested,
    MemberRemoveRequested,
    MemberSeen,
    HoldRequested,
    HoldConfirmed,
    HoldReleased,
    KeywordDeleted,
    AlertReadRequested,
)

# Read-only, by a group of its own, so that questions never wait behind commands.
QUERIES: tuple[type[Request], ...] = (LimitsQuery,)

# What that group reads besides, to answer by it: an account's credits stand beside its limits.
WATCHED: tuple[type[Message], ...] = (BalanceChanged,)

ANNOUNCED: tuple[type[Message], ...] = (
    SiteCreationReplied,
    InviteReplied,
    MemberRemoveReplied,
    RoleChangeReplied,
    OwnershipTransferReplied,
    OverrideUpdateReplied,
    HoldReplied,
    LimitsQueryReplied,
    AlertReadReplied,
    UsageChanged,
    LimitDenied,
    ThresholdReached,
    WindowOpened,
    OverageDetected,
    OverageCleared,
    TeamInvited,
    MemberChanged,
    AlertRaised,
    AuditRecorded,
    HealthReported,
)

__all__ = [
    "ANNOUNCED",
    "OBEYED",
    "QUERIES",
    "WATCHED",
    "AccountOpened",
    "AccountStatusChanged",
    "AlertRaised",
    "AlertReadReplied",
    "AlertReadRequested",
    "AuditRecorded",
    "BalanceChanged",
    "HealthReported",
    "HoldConfirmed",
    "HoldGranted",
    "HoldReleased",
    "HoldReplied",
    "HoldRequested",
    "InviteAccepted",
    "InviteExpired",
    "InviteReplied",
    "InviteRequested",
    "Invited",
    "KeywordDeleted",
    "LimitDenied",
    "LimitRow",
    "LimitsQuery",
    "LimitsQueryReplied",
    "LimitsUsage",
    "Member",
    "MemberChanged",
    "MemberRemoveReplied",
    "MemberRemoveRequested",
    "MemberRole",
    "MemberSeen",
    "MemberState",
    "Overage",
    "OverageCleared",
    "OverageDetected",
    "OverageItem",
    "OverrideUpdateReplied",
    "OverrideUpdateRequested",
    "OverrideUpdated",
    "OwnershipTransferReplied",
    "OwnershipTransferRequested",
    "OwnershipTransferred",
    "Period",
    "Plan",
    "PlanUpdated",
    "Removed",
    "RoleChangeReplied",
    "RoleChangeRequested",
    "RoleChanged",
    "Seats",
    "SeenSite",
    "SiteApproved",
    "SiteCreated",
    "SiteCreationFailed",
    "SiteCreationReplied",
    "SiteCreationRequested",
    "SiteDeleted",
    "SubscriptionStateChanged",
    "SummaryCredits",
    "Team",
    "TeamInvited",
    "TeamMember",
    "ThresholdReached",
    "UsageChanged",
    "UsageSummary",
    "WindowOpened",
]
