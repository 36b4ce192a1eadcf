"""One AI operation: the request that holds credits, and the reports that end it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from shared.contracts.access import EDITOR_OR_BOT, SERVICE, Who
from shared.contracts.credits.shapes import Done, Estimate, Related
from shared.contracts.message import Command, Event, Message, Part, Reply, text_in
from shared.contracts.types import (
    ByText,
    Code,
    Count,
    Credits,
    Int,
    Json,
    Name,
    Source,
    Text100,
    Text500,
    Time,
    Uuid,
)

State: TypeAlias = Literal["held", "committed", "committed_late", "released", "expired", "refused"]
CHARGED: tuple[State, ...] = ("committed", "committed_late")
MIN_HOLD_SECONDS, MAX_HOLD_SECONDS, MAX_RUN_HOLD_SECONDS = 60, 7200, 86_400


class Authorised(Part, frozen=True, kw_only=True):
    """The operation may begin; or, where its completion came first, what it was charged."""

    operation_id: Uuid
    reservation_id: Uuid
    estimated: Credits
    held: Credits
    available_after: Credits
    expires_at: Time
    price_version: int
    state: Literal["held", "committed_late"]
    charged: Credits


class OperationReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "ai.operation.replied"

    data: Authorised | None = None


class OperationRequested(Command, frozen=True, kw_only=True):
    """Asks whether an operation may begin, and holds what it will need."""

    topic: ClassVar[str] = "ai.operation.requested"
    who: ClassVar[Who] = SERVICE | EDITOR_OR_BOT
    answer: ClassVar[type[Reply]] = OperationReplied
    natural_key: ClassVar[str] = "operation_id"

    operation_id: Uuid
    operation_type: Code
    model: Name | None = None
    site_id: Uuid | None = None
    user_id: Text100 | None = None
    source: Source = "manual"
    run_id: Uuid | None = None
    stage: Int | None = None
    estimate: Estimate | None = None
    related: Related | None = None
    hold_ttl_s: Annotated[
        int, Meta(ge=MIN_HOLD_SECONDS, le=MAX_HOLD_SECONDS, description="seconds")
    ] = 900

    @property
    def subject(self) -> str:
        return self.operation_id


class OperationCompleted(Done, Message, frozen=True, kw_only=True):
    """The operation is done and is charged, once.

    The last five fields count only where no request was read before.
    """

    topic: ClassVar[str] = "ai.operation.completed"

    account_id: Uuid
    operation_id: Uuid
    operation_type: Code
    completed_at: Time | None = None
    site_id: Uuid | None = None
    user_id: Text100 | None = None
    source: Source | None = None
    run_id: Uuid | None = None
    stage: Int | None = None

    @property
    def subject(self) -> str:
        return self.operation_id


class OperationFailed(Event, frozen=True, kw_only=True):
    """The operation came to nothing: what was held is free, the tokens are only cost in USD."""

    topic: ClassVar[str] = "ai.operation.failed"

    operation_id: Uuid
    reason_code: Code  # provider_error, timeout, filtered, invalid_output, internal, other, ...
    message: Text500 | None = None
    failed_at: Time | None = None
    response_time_ms: Count | None = None
    provider: Name | None = None
    model_used: Name | None = None
    tokens_input: Count | None = None
    tokens_output: Count | None = None

    @property
    def subject(self) -> str:
        return self.operation_id


class OperationCancelled(Event, frozen=True, kw_only=True):
    """The operation was called off before it was done."""

    topic: ClassVar[str] = "ai.operation.cancelled"

    operation_id: Uuid
    by: ByText | None = None
    at: Time | None = None

    @property
    def subject(self) -> str:
        return self.operation_id


class Extended(Part, frozen=True, kw_only=True):
    """How long the hold lives now."""

    expires_at: Time
    operation_id: Uuid | None = None
    run_id: Uuid | None = None


class ExtensionReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "ai.operation.extension.replied"

    data: Extended | None = None


class ExtensionRequested(Command, frozen=True, kw_only=True):
    """Let a hold live longer: `extend_s` is its whole life, counted from its start."""

    topic: ClassVar[str] = "ai.operation.extension.requested"
    answer: ClassVar[type[Reply]] = ExtensionReplied
    natural_key: ClassVar[str] = "operation_id"

    extend_s: Annotated[
        int, Meta(ge=MIN_HOLD_SECONDS, le=MAX_RUN_HOLD_SECONDS, description="seconds")
    ]
    operation_id: Uuid | None = None
    run_id: Uuid | None = None

    def __post_init__(self) -> None:
        if self.operation_id is None and self.run_id is None:
            raise ValueError("`operation_id`: Expected this or `run_id`")
        if self.operation_id is not None and self.extend_s > MAX_HOLD_SECONDS:
            raise ValueError(f"`extend_s`: Expected `int` <= {MAX_HOLD_SECONDS}")

    @property
    def subject(self) -> str:
        return self.operation_id or self.run_id or ""

    @classmethod
    def subject_in(cls, said: Mapping[str, Json]) -> str:
        """A run is named by its own id."""
        return super().subject_in(said) or text_in(said, "run_id")
