"""The rules of limits: a book and a message in, what happened out; no clock, no I/O, no framework.

What may never happen, whatever arrives in whatever order and however often:

1. Anything is granted that a limit has no room for: used + held <= limit after every yes.
2. What an account holds differs from the sum of its open holds.
3. A thing counts twice or is taken off twice: used is what was confirmed and what is there, less
   what was deleted.
4. A hold is confirmed twice, or for more than was granted; or one that counts moves to a month
   other than its own.
5. An account that had an owner has none.
6. A mark of a limit is told twice in a month.
7. A state changes and no version says so, or a limit is passed and nobody is told.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from services.limits import outcomes
from services.limits.book import Account, Book
from services.limits.book.due import HoldDue, InvitationDue, PlanDue, WindowDue
from services.limits.domain import (
    holds,
    invitations,
    members,
    mirror,
    overage,
    overrides,
    ownership,
    resources,
    sites,
    thresholds,
    windows,
)
from services.limits.domain.reading import SOURCE, read_alerts
from services.limits.outcomes import Unfit
from shared.asked import BY_A_SERVICE, Asked
from shared.contracts.limits import (
    AccountOpened,
    AccountStatusChanged,
    HoldConfirmed,
    HoldReleased,
    HoldRequested,
    InviteAccepted,
    InviteExpired,
    InviteRequested,
    KeywordDeleted,
    MemberRemoveRequested,
    MemberSeen,
    OverrideUpdateRequested,
    OwnershipTransferRequested,
    PlanUpdated,
    RoleChangeRequested,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
    SiteDeleted,
    SubscriptionStateChanged,
    UsageChanged,
)
from shared.contracts.message import Message, Reply
from shared.contracts.operating import AlertReadRequested

# What a batch is about: what others said, and what is due by itself.
Due: TypeAlias = HoldDue | InvitationDue | WindowDue | PlanDue
Cause: TypeAlias = Message | Due
Outcome: TypeAlias = Sequence[Message | Unfit]
Rule: TypeAlias = Callable[[Book, Any, Asked], Outcome]

# In the order of cause and effect: of equal timestamps the topic named first is read first.
RULES: Mapping[type, Rule] = MappingProxyType(
    {
        PlanUpdated: mirror.plan_updated,
        AccountOpened: ownership.account_opened,
        AccountStatusChanged: mirror.status_changed,
        SubscriptionStateChanged: mirror.subscription_changed,
        OverrideUpdateRequested: overrides.override,
        SiteCreationRequested: sites.approve,
        SiteCreated: sites.created,
        SiteCreationFailed: sites.failed,
        SiteDeleted: sites.deleted,
        InviteRequested: invitations.invite,
        InviteAccepted: invitations.accept,
        InviteExpired: invitations.expired,
        RoleChangeRequested: members.change_role,
        OwnershipTransferRequested: ownership.transfer,
        MemberRemoveRequested: members.remove,
        MemberSeen: members.see,
        HoldRequested: holds.request_hold,
        HoldConfirmed: holds.confirm,
        HoldReleased: holds.release,
        KeywordDeleted: resources.keywords_deleted,
        AlertReadRequested: read_alerts,
        HoldDue: holds.expire,
        InvitationDue: invitations.expire,
        WindowDue: windows.due,
        PlanDue: windows.due,
    }
)
OBEYED: tuple[type[Message], ...] = tuple(t for t in RULES if issubclass(t, Message))

__all__ = [
    "BY_A_SERVICE",
    "OBEYED",
    "SOURCE",
    "Asked",
    "Cause",
    "Due",
    "HoldDue",
    "InvitationDue",
    "Outcome",
    "PlanDue",
    "Unfit",
    "WindowDue",
    "decide",
    "standings",
]


def decide(book: Book, message: Cause, asked: Asked = BY_A_SERVICE) -> Outcome:
    """Apply one message to the book and say what happened; a repeat changes nothing.

    The reply comes first, if there is one; what follows from the change comes last.
    """
    rule, account_id = RULES[type(message)], message.account_id
    if account_id is None:
        return rule(book, message, asked)
    account = book.accounts[account_id]
    version, news = account.version, windows.keep_up(book, account)
    book.used_before = {}
    said = rule(book, message, asked)
    if account.version == version:
        return said
    follows = consequences(book, account)
    match said:
        case [Reply() as reply, *facts]:
            return [reply, *news, *facts, *follows]
        case [Unfit()]:
            return [*news, *follows, *said]
    return [*news, *said, *follows]


def consequences(book: Book, account: Account) -> Sequence[Message]:
    """What a change of an account leads to, whatever has changed it."""
    return [*thresholds.watch(book, account), *overage.watch(book, account)]


def standings(book: Book) -> list[UsageChanged]:
    """The state of each account that the batch has changed, as it stands at its end."""
    return [
        outcomes.usage_changed(book, account)
        for account in book.accounts.values()
        if account.version != account.first_version
    ]
