"""An account as a batch sees it: its counters and overrides, and what others say of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from services.limits.book.counters import HARD_TYPES, NO_WINDOW, Counter
from shared.contracts.errors import LimitType
from shared.contracts.invoicing import FREE
from shared.contracts.types import AccountStatus

CounterKey: TypeAlias = tuple[LimitType, str]  # A limit, and its month or `-`.


@dataclass(slots=True)
class Override:
    """A limit that a developer gave an account in place of its plan's; cleared ones stay."""

    lane: int
    account_id: str
    limit_type: LimitType
    limit: int | None = None  # None: unlimited.
    is_set: bool = False
    reason: str = ""
    version: int = 0
    is_changed: bool = False


@dataclass(slots=True)
class Account:
    """Locked for the batch; one of which nobody ever spoke has the Free plan and is active.

    `version` tells states apart for others; `is_changed` says that more of the row must be written.
    """

    lane: int
    account_id: str
    version: int = 0
    window: str = ""  # The month that is open; none before the account's first message.
    plan_code: str = FREE  # The plan that counts.
    plan_version: int = 0  # Of that plan, as far as the account has followed it.
    subscription_version: int = 0
    status: AccountStatus = "active"
    status_reason: str = ""
    status_since: datetime | None = None
    status_version: int = 0
    is_opened: bool = False  # Its owner was announced.
    name: str | None = None
    is_overridden: bool = False  # There are rows of overrides to be read; the database sees to it.
    first_version: int = 0  # When the batch began.
    is_changed: bool = False
    overrides: dict[LimitType, Override] = field(default_factory=dict)
    counters: dict[CounterKey, Counter] = field(default_factory=dict)

    def window_of(self, limit_type: LimitType) -> str:
        """Where a limit is counted now: in the account's month, or in none."""
        return NO_WINDOW if limit_type in HARD_TYPES else self.window

    def own_limit(self, limit_type: LimitType) -> Override | None:
        """What goes before the limit of every plan, unless it was taken back."""
        override = self.overrides.get(limit_type)
        return override if override is not None and override.is_set else None

    def raise_version(self) -> None:
        """Something has changed that others see."""
        self.version += 1
        self.is_changed = True
