"""An automation run: one hold for all of its stages, and what became of each of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import msgspec

from services.credits.remembered import RememberedRun, read_remembered_run

RunState: TypeAlias = Literal["refused", "approved", "running", "completed", "stopped", "expired"]
StageState: TypeAlias = Literal["pending", "running", "done", "failed", "skipped"]
OPEN: tuple[RunState, ...] = ("approved", "running")


class Stage(msgspec.Struct, omit_defaults=True):
    """What a run wants to do so many times, and how far that is."""

    stage: int
    operation_type: str
    count: int
    estimated: int
    model: str | None = None
    state: StageState = "pending"
    charged: int = 0
    items: int = 0

    @property
    def estimated_each(self) -> int:
        return self.estimated // self.count


write_stages = msgspec.json.Encoder().encode
read_stages = msgspec.json.Decoder(list[Stage]).decode


@dataclass(slots=True)
class Run:
    """A run as this service knows it; what was answered first is never changed."""

    lane: int
    run_id: str
    account_id: str
    reservation_id: str
    created_at: datetime
    expires_at: datetime
    state: RunState
    available_after: int
    price_version: int = 0
    estimated: int = 0
    held: int = 0  # At first.
    remaining: int = 0  # Of it: neither charged, nor moved to an operation, nor freed.
    charged: int = 0  # While it was open, wherever the credits came from.
    shortfall: int = 0
    released: int = 0  # At its end.
    requested_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    stages: list[Stage] = field(default_factory=list)
    request: bytes | None = None  # What was asked, as JSON: None until it is requested.
    refusal: bytes | None = None  # The error that the request was answered with.
    is_changed: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def said(self) -> RememberedRun:
        """What its request said beside the stages."""
        return read_remembered_run(self.request) if self.request else NOTHING_SAID

    @property
    def first_expiry(self) -> datetime:
        """When it would have ended had nobody worked on it, as it was answered at first."""
        if self.requested_at is None:
            return self.expires_at
        return self.requested_at + timedelta(seconds=self.said.hold_ttl_s)

    @property
    def plan(self) -> str:
        """Its stages as the table keeps them."""
        return write_stages(self.stages).decode()

    def stage(self, number: int | None) -> Stage | None:
        """A stage of the plan; operations may be of none."""
        return next((stage for stage in self.stages if stage.stage == number), None)

    def begin(self, number: int | None) -> Stage | None:
        """Work was done: the run is under way, and so is its stage."""
        self.state, self.is_changed = "running", True
        stage = self.stage(number)
        if stage is not None and stage.state == "pending":
            stage.state = "running"
        return stage

    def count(self, number: int | None, charged: int, shortfall: int, items: int) -> None:
        """Add an operation that was charged while the run is open."""
        self.charged += charged
        self.shortfall += shortfall
        stage = self.begin(number)
        if stage is not None:
            stage.charged += charged
            stage.items += items


NOTHING_SAID = RememberedRun()
