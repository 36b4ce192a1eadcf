"""How much of a limit is used and held, and by how much it is passed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from shared.contracts.errors import LimitType

HardType: TypeAlias = Literal["sites", "users", "keywords"]

LIMIT_TYPES: tuple[LimitType, ...] = get_args(LimitType)
HARD_TYPES: tuple[HardType, ...] = get_args(HardType)  # The others begin anew every month.
NO_WINDOW = "-"  # Of hard limits.


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
    is_changed: bool = False

    @property
    def shown(self) -> int:
        """What is used, for whoever asks or decides."""
        return max(0, self.used)

    @property
    def taken(self) -> int:
        """What nobody else can have."""
        return max(0, self.used) + self.held

    def count(self, used: int, held: int = 0) -> None:
        """Change it by so much."""
        self.used += used
        self.held += held
        self.is_changed = True
