"""What one batch may touch, as it stands so far; `count` is the only way a counter changes.

What the store reads into it, beside the accounts with their overrides and counters (those of hard
limits, of the account's own month and of the batch's, and of the months of the holds below):

- holds by what messages name: a hold's id, or a command's topic and request id;
- of an account that a `team` command is about everybody who has a seat, and whoever a message
  names by member id or user id, also when he has none any more;
- resources and kept answers by their keys, and the month's marks of the accounts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from services.limits.book.accounts import Account, Override
from services.limits.book.counters import (
    HARD_TYPES,
    LIMIT_TYPES,
    NO_WINDOW,
    Counter,
    HardType,
    Room,
)
from services.limits.book.holds import Hold, HoldState
from services.limits.book.members import Member
from services.limits.book.plans import limit_in
from services.limits.book.remembered import Kept, Mark
from services.limits.book.resources import Resource, ResourceKind
from shared.alerting.rules import Shelf
from shared.contracts.errors import LimitType
from shared.contracts.invoicing import Plan
from shared.contracts.moments import in_milliseconds, window_of
from shared.contracts.operating import AlertRaised, AuditRecorded

__all__ = [
    "HARD_TYPES",
    "LIMIT_TYPES",
    "NO_WINDOW",
    "Account",
    "Book",
    "Counter",
    "HardType",
    "Hold",
    "HoldKey",
    "HoldState",
    "Kept",
    "Mark",
    "MarkKey",
    "Member",
    "MemberKey",
    "Override",
    "RequestKey",
    "Resource",
    "ResourceKey",
    "ResourceKind",
    "Room",
]

# An id is unique in its account: another tenant's hold or member is an unknown one.
HoldKey: TypeAlias = tuple[str, str]
MemberKey: TypeAlias = tuple[str, str]
RequestKey: TypeAlias = tuple[str, str, str]  # Account, topic of the command, its natural key.
ResourceKey: TypeAlias = tuple[str, ResourceKind, str]
MarkKey: TypeAlias = tuple[str, LimitType, str, int]  # Account, limit type, month, limit.


@dataclass(slots=True)
class Book:
    """The accounts of a batch, locked, the things it is about, and what it adds."""

    now: datetime
    ids: Iterator[str]
    plans: Mapping[str, Plan]
    accounts: dict[str, Account]
    holds: dict[HoldKey, Hold] = field(default_factory=dict)
    asked: dict[RequestKey, Hold] = field(default_factory=dict)  # The same holds.
    members: dict[MemberKey, Member] = field(default_factory=dict)
    resources: dict[ResourceKey, Resource] = field(default_factory=dict)
    kept: dict[RequestKey, Kept] = field(default_factory=dict)
    new_kept: list[Kept] = field(default_factory=list)
    marks: dict[MarkKey, Mark] = field(default_factory=dict)
    alerts: list[AlertRaised] = field(default_factory=list)
    shelf: Shelf = field(default_factory=Shelf)
    audits: list[AuditRecorded] = field(default_factory=list)
    changes: int = 0  # What says nothing at once is told from a repeat by them.
    used_before: dict[LimitType, int] = field(default_factory=dict)  # This very message.
    window: str = field(init=False)
    at: str = field(init=False)  # `now`, as the contract writes it.

    def __post_init__(self) -> None:
        self.window, self.at = window_of(self.now), in_milliseconds(self.now)

    def add_hold(self, hold: Hold) -> None:
        """Find it by its id, and by what was asked for it."""
        self.holds[hold.account_id, hold.hold_id] = hold
        self.asked[hold.account_id, hold.topic, hold.request_id] = hold

    def counter(self, account: Account, limit_type: LimitType) -> Counter:
        """The counter that decides now."""
        return self.counter_at(account, limit_type, account.window_of(limit_type))

    def counter_at(self, account: Account, limit_type: LimitType, window: str) -> Counter:
        known = account.counters.get((limit_type, window))
        if known is None:
            whose = account.lane, account.account_id
            known = Counter(*whose, limit_type, window, is_new=True)
            account.counters[limit_type, window] = known
        return known

    def count(
        self, account: Account, limit_type: LimitType, window: str, used: int, held: int = 0
    ) -> None:
        """Change what is used or held; a month that is over is nobody's view any more."""
        if used or held:
            counter = self.counter_at(account, limit_type, window)
            if window in (NO_WINDOW, account.window):
                account.version += 1
                if used:
                    self.used_before.setdefault(limit_type, counter.shown)
            counter.count(used, held)
            self.changes += 1

    def knows_limit(self, account: Account, limit_type: LimitType) -> bool:
        """Whether anybody can say how much is allowed: of an unknown plan nobody can."""
        return account.plan_code in self.plans or account.own_limit(limit_type) is not None

    def limit_of(self, account: Account, limit_type: LimitType) -> int | None:
        """The override, else the plan's; None is unlimited, and what nobody knows is closed."""
        if (own := account.own_limit(limit_type)) is not None:
            return own.limit
        plan = self.plans.get(account.plan_code)
        return 0 if plan is None else limit_in(plan, limit_type)

    def room(self, account: Account, limit_type: LimitType) -> Room:
        """What is taken now, and what is allowed."""
        counter = account.counters.get((limit_type, account.window_of(limit_type)))
        used, held = (0, 0) if counter is None else (counter.shown, counter.held)
        return Room(used, held, self.limit_of(account, limit_type))

    def team_of(self, account_id: str) -> list[Member]:
        """Whoever has a seat in the account, or is invited to one."""
        return [m for m in self.members.values() if m.account_id == account_id and m.has_a_seat]

    def resource(self, account: Account, kind: ResourceKind, resource_id: str) -> Resource | None:
        return self.resources.get((account.account_id, kind, resource_id))

    def keep(self, new: Kept) -> None:
        """Answer this command so for ever."""
        self.kept[new.account_id, new.topic, new.natural_key] = new
        self.new_kept.append(new)
