"""Holds: a part of a limit is kept for whoever makes things, until they are there."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from shared.contracts.errors import LimitType
from shared.contracts.message import Command, Event, Part, Reply
from shared.contracts.types import Code, Count, Limit, Text500, Time, Uuid, Window

MIN_HOLD_SECONDS, MAX_HOLD_SECONDS, HOLD_SECONDS = 30, 7200, 600
MAX_QUANTITY, MAX_RESOURCES = 1_000_000, 100


class HoldGranted(Part, frozen=True, kw_only=True, omit_defaults=False):
    """What is held; `partial` where it is less than was asked for."""

    request_id: Uuid
    hold_id: Uuid
    requested: Count
    granted: Count
    current: Count  # Used and held, this one included.
    window: Window  # The month in which it was granted.
    expires_at: Time
    limit: Limit = None
    available: Count | None = None
    resets_at: Time | None = None


class HoldReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "limits.hold.replied"

    data: HoldGranted | None = None


class HoldRequested(Command, frozen=True, kw_only=True):
    """Asks whether so many things may be made, and holds their places."""

    topic: ClassVar[str] = "limits.hold.requested"
    answer: ClassVar[type[Reply]] = HoldReplied
    natural_key: ClassVar[str] = "request_id"

    request_id: Uuid
    limit_type: LimitType
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    purpose: Code
    allow_partial: bool = False
    ttl_s: Annotated[int, Meta(ge=MIN_HOLD_SECONDS, le=MAX_HOLD_SECONDS, description="seconds")] = (
        HOLD_SECONDS
    )

    @property
    def subject(self) -> str:
        return self.request_id


class HoldConfirmed(Event, frozen=True, kw_only=True):
    """So many of the things are there; the rest of the hold is free."""

    topic: ClassVar[str] = "limits.hold.confirmed"

    hold_id: Uuid
    quantity: Count  # At most what was granted.
    resources: Annotated[Sequence[Uuid], Meta(max_length=MAX_RESOURCES)] = ()  # Sites, users.

    @property
    def subject(self) -> str:
        return self.hold_id


class HoldReleased(Event, frozen=True, kw_only=True):
    """Nothing was made: the hold is free."""

    topic: ClassVar[str] = "limits.hold.released"

    hold_id: Uuid
    quantity: Count | None = None
    reason: Text500 | None = None

    @property
    def subject(self) -> str:
        return self.hold_id
