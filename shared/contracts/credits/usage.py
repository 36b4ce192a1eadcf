"""The usage log: one row an operation, or one a quality where images of several were made."""

from typing import ClassVar, Literal, TypeAlias

from shared.contracts.message import Tenant
from shared.contracts.types import Code, Credits, Quality, Source, Time, Usd, Uuid

UsageStatus: TypeAlias = Literal["success", "failed", "late"]


class UsageRow(Tenant, frozen=True, kw_only=True):
    """What an operation used and what it cost; without `cost_usd` its price is unknown."""

    usage_id: Uuid
    operation_id: Uuid
    operation_type: Code
    label: str
    credits_used: Credits
    items_created: int
    source: Source
    status: UsageStatus
    estimated_tokens: bool
    shortfall: Credits
    price_version: int
    created_at: Time
    site_id: Uuid | None = None
    user_id: str | None = None
    details: str | None = None
    cost_usd: Usd | None = None
    provider: str | None = None
    model_used: str | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    units: int | None = None
    unit_kind: str | None = None
    image_quality: Quality | None = None
    item_kind: str | None = None
    run_id: Uuid | None = None
    stage: int | None = None
    related_type: str | None = None
    related_id: str | None = None
    related_title: str | None = None
    response_time_ms: int | None = None

    @property
    def subject(self) -> str:
        return self.usage_id


class UsageRecorded(UsageRow, frozen=True, kw_only=True):
    """A row was added to the usage log."""

    topic: ClassVar[str] = "usage.recorded"
