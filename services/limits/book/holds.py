"""Room that is kept for things that are about to exist, or why there was none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from shared.contracts.errors import LimitType

HoldState: TypeAlias = Literal["refused", "held", "confirmed", "released", "expired"]


@dataclass(slots=True)
class Hold:
    """What became of one request; what was answered first is never changed.

    `request` is None while only the end of it was heard of: of a site that was created, or failed,
    before anybody asked for it.
    """

    lane: int
    account_id: str
    topic: str  # Of the command: each has ids of its own.
    request_id: str
    hold_id: str
    limit_type: LimitType
    window: str  # In which it was granted, and in which it counts when it is confirmed.
    state: HoldState
    created_at: datetime
    expires_at: datetime
    requested: int = 0
    granted: int = 0
    confirmed: int = 0
    counted: int = 0  # Of those, what is kept as no resource of its own.
    closed_at: datetime | None = None
    purpose: str | None = None
    request: bytes | None = None  # What was asked, as JSON.
    answer: bytes | None = None  # The reply (`StoredReply`), as JSON.
    is_new: bool = False
    is_changed: bool = False

    @property
    def is_undecided(self) -> bool:
        """Nobody has said what was made of it: also of what has expired something may be there."""
        return self.state in ("held", "expired")

    @property
    def open_hold(self) -> int:
        return self.granted if self.state == "held" else 0
