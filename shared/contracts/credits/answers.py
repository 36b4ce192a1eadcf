"""What the queries of credits answer: the `data` of their replies (`payloads.md` 9).

USD and other members' user ids are left out for who may not see them.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import field

from shared.contracts.credits.ledger import Transaction
from shared.contracts.credits.operations import State
from shared.contracts.credits.prices import CostConfig, ModelPrice
from shared.contracts.credits.usage import UsageRow
from shared.contracts.errors import Error
from shared.contracts.message import Part
from shared.contracts.types import (
    Code,
    Count,
    Credits,
    Date,
    Dec,
    JsonObject,
    Time,
    Usd,
    Uuid,
    Window,
)

TipKind: TypeAlias = Literal[
    "cheaper_model",
    "costly_provider",
    "long_requests",
    "failed_calls",
    "image_quality",
    "upgrade_plan",
]


class Balance(Part, frozen=True, kw_only=True):
    """`credits.balance`: an account as it stands."""

    account_id: Uuid
    credits: Credits
    held: Credits
    available: Credits
    plan_bucket: Credits
    purchased_bucket: Credits
    plan_credits_per_month: Credits
    credits_used_this_month: Credits
    credits_remaining: Credits
    window: Window
    seq: int
    version: int


class EstimatedItem(Part, frozen=True, kw_only=True):
    """What one operation of a list needs."""

    operation_type: Code
    required: Credits
    held: Credits
    usd_low: Usd | None = None
    usd_high: Usd | None = None


class EstimateAnswer(Part, frozen=True, kw_only=True):
    """`credits.estimate`: what a list of operations needs, and the first that is too much."""

    required: Credits
    available: Credits
    has_enough: bool
    items: Sequence[EstimatedItem]
    price_version: int
    first_short: int | None = None


class TransactionTotals(Part, frozen=True, kw_only=True):
    """What came and what went, in all rows that were asked for."""

    came: int = field(name="in")
    went: int = field(name="out")


class Transactions(Part, frozen=True, kw_only=True):
    """`credits.transactions`: a page of the ledger."""

    rows: Sequence[Transaction]
    totals: TransactionTotals
    next_cursor: str | None = None


class UsageSums(Part, frozen=True, kw_only=True):
    """Sums of all rows that were asked for."""

    credits: int
    tokens_input: int
    tokens_output: int
    cost_usd: Usd | None = None


class UsageLog(Part, frozen=True, kw_only=True):
    """`usage.log`: a page of the usage log."""

    rows: Sequence[UsageRow]
    total_count: int
    sums: UsageSums
    next_cursor: str | None = None


class File(Part, frozen=True, kw_only=True):
    """A file in the object store."""

    object_key: str
    content_type: str
    size: int  # Bytes.
    sha256: str
    name: str | None = None


class UsageExport(Part, frozen=True, kw_only=True):
    """`usage.log.export`: the usage log as a file."""

    file: File
    rows: int
    truncated: bool
    expires_at: Time


class InsightRow(Part, frozen=True, kw_only=True):
    """Use under one key of a dimension."""

    key: str
    label: str
    credits: int
    actions: int
    items: int
    tokens_input: int
    tokens_output: int
    failures: int
    share_pct: Dec
    item_kind: str | None = None
    cost_usd: Usd | None = None
    avg_response_ms: int | None = None


class InsightTotals(Part, frozen=True, kw_only=True):
    """Use in all: the same in every dimension but that of image qualities."""

    credits: int
    actions: int
    items: int
    tokens_input: int
    tokens_output: int
    failures: int
    cost_usd: Usd | None = None


class Insights(Part, frozen=True, kw_only=True):
    """`credits.insights`: use along one dimension."""

    rows: Sequence[InsightRow]
    totals: InsightTotals


class Forecast(Part, frozen=True, kw_only=True):
    """`credits.forecast`: how the month will end."""

    window: Window
    day: int
    days_in_month: int
    used: Credits
    actions: int
    daily_average: Dec
    confidence: Literal["none", "low", "fair"]
    cost_usd: Usd | None = None
    projected_credits: Credits | None = None
    projected_cost_usd: Usd | None = None
    days_until_empty: int | None = None
    empty_on: Date | None = None


class Tip(Part, frozen=True, kw_only=True):
    """What would save credits or dollars."""

    kind: TipKind
    priority: Literal["high", "medium", "low"]
    data: JsonObject
    saving_usd: Usd | None = None
    saving_credits: Credits | None = None


class Tips(Part, frozen=True, kw_only=True):
    """`usage.tips`."""

    tips: Sequence[Tip]


class CostConfigs(Part, frozen=True, kw_only=True):
    """`cost.config.list`."""

    rows: Sequence[CostConfig]
    price_version: int


class ModelPrices(Part, frozen=True, kw_only=True):
    """`model.price.list`."""

    rows: Sequence[ModelPrice]
    price_version: int


class RunStage(Part, frozen=True, kw_only=True):
    """How far one stage is; `automation.run.closed` has only those that have ended."""

    stage: int
    operation_type: Code
    state: Literal["pending", "running", "done", "failed", "skipped"]
    estimated: Credits
    charged: Credits
    items: int


class Run(Part, frozen=True, kw_only=True):
    """`automation.run`: a run as it stands."""

    run_id: Uuid
    state: Literal["approved", "running", "completed", "stopped", "expired"]
    estimated: Credits
    held: Credits
    charged: Credits
    released: Credits
    shortfall: Count
    expires_at: Time
    stages: Sequence[RunStage]
    reason: str | None = None


class OperationDetail(Part, frozen=True, kw_only=True):
    """`operation.detail`: one operation with its hold, usage and ledger rows.

    `request` is the value of the command as it was read, `refusal` why it was answered with no.
    """

    state: State
    estimated: Credits
    held: Credits
    charged: Credits
    shortfall: Credits
    price_version: int
    expires_at: Time
    usage: Sequence[UsageRow]
    transactions: Sequence[Transaction]
    closed_at: Time | None = None
    close_reason: str | None = None
    operation_type: Code | None = None
    model: str | None = None
    reservation_id: Uuid | None = None  # Of a hold.
    available_after: Credits | None = None  # The hold.
    run_id: Uuid | None = None
    requested_at: Time | None = None
    request: JsonObject | None = None
    refusal: Error | None = None


class CreditsStats(Part, frozen=True, kw_only=True):
    """`credits.stats`: one month of all accounts."""

    month: Window
    issued: int
    purchased: int
    revoked: int
    used: int
    shortfall: int
    balance_total: int
    cost_usd: Usd
    accounts_active: int
