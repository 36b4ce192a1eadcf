"""One automation run: a hold for all of its stages, and the reports that charge them."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from shared.contracts.access import EDITOR_OR_BOT, SERVICE, Who
from shared.contracts.credits.operations import MAX_RUN_HOLD_SECONDS, MIN_HOLD_SECONDS
from shared.contracts.credits.shapes import Done
from shared.contracts.errors import StageEstimate
from shared.contracts.message import Command, Event, Part, Reply
from shared.contracts.types import (
    ByText,
    Code,
    Count,
    Credits,
    Name,
    Quality,
    Stage,
    Text100,
    Text200,
    Time,
    Uuid,
)

MAX_STAGES = 50
MAX_OPERATIONS_A_STAGE = 500


class RunApproved(Event, frozen=True, kw_only=True):
    """A run may begin."""

    topic: ClassVar[str] = "automation.run.approved"

    run_id: Uuid
    reservation_id: Uuid
    estimated: Credits
    held: Credits
    expires_at: Time

    @property
    def subject(self) -> str:
        return self.run_id


class ApprovedRun(Part, frozen=True, kw_only=True):
    """The run may begin; this much is held for all of it."""

    run_id: Uuid
    reservation_id: Uuid
    estimated: Credits
    held: Credits
    available_after: Credits
    expires_at: Time
    price_version: int
    per_stage: Sequence[StageEstimate]


class RunReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "automation.run.replied"

    data: ApprovedRun | None = None


class PlannedStage(Part, frozen=True, kw_only=True):
    """What a run wants to do, so many times."""

    stage: Stage
    operation_type: Code
    count: Annotated[int, Meta(ge=1, le=10_000)]
    model: Name | None = None
    quality: Quality | None = None
    words: Count | None = None  # An item.
    units: Count | None = None


class RunRequested(Command, frozen=True, kw_only=True):
    """Asks whether a run may begin, and holds what its stages will need."""

    topic: ClassVar[str] = "automation.run.requested"
    who: ClassVar[Who] = SERVICE | EDITOR_OR_BOT
    answer: ClassVar[type[Reply]] = RunReplied
    natural_key: ClassVar[str] = "run_id"

    run_id: Uuid
    stages: Annotated[Sequence[PlannedStage], Meta(min_length=1, max_length=MAX_STAGES)]
    site_id: Uuid | None = None
    user_id: Text100 | None = None
    hold_ttl_s: Annotated[
        int, Meta(ge=MIN_HOLD_SECONDS, le=MAX_RUN_HOLD_SECONDS, description="seconds")
    ] = 14_400

    def __post_init__(self) -> None:
        numbers = [planned.stage for planned in self.stages]
        for place in range(1, len(numbers)):
            if numbers[place] <= numbers[place - 1]:
                raise ValueError(f"`stages[{place}].stage`: Expected a number above the one before")

    @property
    def subject(self) -> str:
        return self.run_id


class StageOperation(Done, frozen=True, kw_only=True):
    """One operation of a stage; without a type of its own it has the stage's."""

    operation_id: Uuid


Operations: TypeAlias = Annotated[Sequence[StageOperation], Meta(max_length=MAX_OPERATIONS_A_STAGE)]


class RunReport(Event, frozen=True, kw_only=True):
    """Something that the pipeline says about a run."""

    run_id: Uuid

    @property
    def subject(self) -> str:
        return self.run_id


class StageCompleted(RunReport, frozen=True, kw_only=True):
    """Work of a stage: operation by operation, or all of it as one."""

    topic: ClassVar[str] = "automation.stage.completed"

    stage: Stage
    operations: Operations | None = None
    totals: Done | None = None
    done: bool = True  # False: more of this stage follows.
    completed_at: Time | None = None

    def __post_init__(self) -> None:
        if self.operations is not None and self.totals is not None:
            raise ValueError("`totals`: Expected this or `operations`")

    @property
    def subject(self) -> str:
        return f"{self.run_id}:{self.stage}"


class StageFailed(RunReport, frozen=True, kw_only=True):
    """A stage came to nothing, and with it the run; what was done before is charged."""

    topic: ClassVar[str] = "automation.stage.failed"

    stage: Stage
    reason: Text200 | None = None
    at: Time | None = None
    operations: Operations | None = None

    @property
    def subject(self) -> str:
        return f"{self.run_id}:{self.stage}"


class RunCompleted(RunReport, frozen=True, kw_only=True):
    """All stages are done; what is left of the hold is free."""

    topic: ClassVar[str] = "automation.run.completed"

    at: Time | None = None


class RunCancelled(RunReport, frozen=True, kw_only=True):
    """The run was called off; what was done before is charged."""

    topic: ClassVar[str] = "automation.run.cancelled"

    stage: Stage | None = None
    reason: Text200 | None = None
    by: ByText | None = None
    at: Time | None = None
    operations: Operations | None = None


class StageCharged(Event, frozen=True, kw_only=True):
    """What one report of a stage cost."""

    topic: ClassVar[str] = "automation.stage.charged"
    comes_in_parts: ClassVar[bool] = True  # A stage may be reported on piece by piece.

    run_id: Uuid
    stage: int
    credits: Credits
    operations: int
    shortfall: Count  # A sum: each operation lacks at most what credits may be.
    run_remaining: Credits

    @property
    def subject(self) -> str:
        return f"{self.run_id}:{self.stage}"


class ClosedStage(Part, frozen=True, kw_only=True):
    """How one stage ended."""

    stage: int
    operation_type: Code
    state: Literal["done", "failed", "skipped"]
    estimated: Credits
    charged: Credits
    items: int


class RunClosed(Event, frozen=True, kw_only=True):
    """How a run ended."""

    topic: ClassVar[str] = "automation.run.closed"

    run_id: Uuid
    state: Literal["completed", "stopped", "expired"]
    estimated: Credits
    charged: Credits
    released: Credits
    shortfall: Count
    stages: Sequence[ClosedStage]
    reason: Text200 | None = None

    @property
    def subject(self) -> str:
        return self.run_id
