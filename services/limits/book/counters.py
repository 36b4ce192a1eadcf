"""How much of a limit is used and held, and by how much it is passed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias, get_args

from shared.contracts.errors import LimitType

HardType: TypeAlias = Literal["sites", "users", "keywords"]

LIMIT_TYPES: tuple[LimitType, ...] = get_args(LimitType)
HARD_TYPES: tuple[HardType, ...] = get_args(HardType)  # The others begin anew every month.
NO_WINDOW = "-"  # Of hard limits.


class Room(NamedTuple):
    """What is taken of a limit, and what is left; None where it has none."""

    used: int
    held: int
    limit: int | None

    @property
    def current(self) -> int:
        """What nobody else can have."""
        return self.used + self.held

    @property
    def available(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.current)

    @property
    def over_by(self) -> int:
        return 0 if self.limit is None else max(0, self.used - self.limit)

    def with_held(self, quantity: int) -> "Room":
        """What it is once so much more is held."""
        return Room(self.used, self.held + quantity, self.limit)


@dataclass(slots=True)
class Counter:
    """One limit of an account; a monthly one has a counter a month."""

    lane: int
    account_id: str
    limit_type: LimitType
    window: str  # A month as `2026-01`, or `-`.
    used: int = 0  # Below 0 while deletions of keywords are known, but not their confirmation.
    held: int = 0
    over_by: int = 0  # As it was last announced.
    over_since: datetime | None = None
    is_new: bool = False
    is_counted: bool = False  # `used` or `held` has changed.
    is_changed: bool = False  # More than that has.

    @property
    def shown(self) -> int:
        """What is used, for whoever asks or decides."""
        return max(0, self.used)

    def count(self, used: int, held: int = 0) -> None:
        """Change it by so much."""
        self.used += used
        self.held += held
        self.is_counted = True
