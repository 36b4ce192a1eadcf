"""What credits can be asked: one record type, and each query's parameters (`payloads.md` 9)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from shared.contracts import operating
from shared.contracts.access import DEVELOPER, Who
from shared.contracts.asking import (
    ADMIN_OR_SERVICE,
    MEMBER_OR_SERVICE,
    Page,
    Params,
    Query,
    Range,
    Words,
)
from shared.contracts.credits import answers
from shared.contracts.credits.ledger import TransactionType
from shared.contracts.credits.shapes import Estimate
from shared.contracts.credits.usage import UsageStatus
from shared.contracts.message import Part, Reply
from shared.contracts.types import Code, Name, Source, Text100, Uuid, Window


class CreditsQueryReplied(Reply, frozen=True, kw_only=True):
    """`data` is the answer of the query that was asked (`QUESTIONS`)."""

    topic: ClassVar[str] = "credits.query.replied"


class CreditsQuery(Query, frozen=True, kw_only=True):
    """A question; its parameters are read by the query that it names."""

    topic: ClassVar[str] = "credits.query.requested"
    answer: ClassVar[type[Reply]] = CreditsQueryReplied


class AskBalance(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "credits.balance"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.Balance


class EstimatedOperation(Estimate, frozen=True, kw_only=True):
    """So many operations of one type."""

    operation_type: Code
    model: Name | None = None
    count: Annotated[int, Meta(ge=1, le=10_000)] = 1


class AskEstimate(Estimate, Params, frozen=True, kw_only=True):
    """What one operation needs, or a list of them."""

    query: ClassVar[str] = "credits.estimate"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.EstimateAnswer

    operation_type: Code | None = None
    model: Name | None = None
    items: Annotated[Sequence[EstimatedOperation], Meta(min_length=1, max_length=100)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.operation_type is None) == (self.items is None):
            raise ValueError("`operation_type`: Expected this or `items`")


class AskTransactions(Range, Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "credits.transactions"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.Transactions
    is_for_all_accounts: ClassVar[bool] = True

    type: Annotated[Sequence[TransactionType], Meta(max_length=10)] | None = None
    page: Page = Page()


class UsageFilter(Range, Params, frozen=True, kw_only=True):
    """Which rows of the usage log."""

    operation_type: Words | None = None
    site_id: Uuid | None = None
    source: Source | None = None
    status: UsageStatus | None = None
    model: Name | None = None
    run_id: Uuid | None = None
    user_id: Text100 | None = None
    sort: Literal["newest", "oldest", "credits", "cost"] = "newest"


class AskUsage(UsageFilter, frozen=True, kw_only=True):
    query: ClassVar[str] = "usage.log"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.UsageLog
    is_for_all_accounts: ClassVar[bool] = True

    page: Page = Page()


class AskUsageExport(UsageFilter, frozen=True, kw_only=True):
    query: ClassVar[str] = "usage.log.export"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.UsageExport

    format: Literal["csv"]


class AskInsights(Range, Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "credits.insights"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.Insights

    dimension: Literal[
        "site",
        "action",
        "image_quality",
        "automation",
        "timeline",
        "provider",
        "model",
        "consumption",
        "top",
        "hour_of_week",
    ]
    granularity: Literal["day", "week", "month"] = "day"
    site_id: Uuid | None = None


class AskForecast(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "credits.forecast"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.Forecast


class AskTips(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "usage.tips"
    who: ClassVar[Who] = ADMIN_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.Tips


class PriceListParams(Params, frozen=True, kw_only=True):
    """Rows that are switched off are a developer's to see."""

    who: ClassVar[Who] = MEMBER_OR_SERVICE

    include_inactive: bool = False


class AskCostConfigs(PriceListParams, frozen=True, kw_only=True):
    query: ClassVar[str] = "cost.config.list"
    answer: ClassVar[type[Part]] = answers.CostConfigs


class AskModelPrices(PriceListParams, frozen=True, kw_only=True):
    query: ClassVar[str] = "model.price.list"
    answer: ClassVar[type[Part]] = answers.ModelPrices


class AskRun(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "automation.run"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.Run

    run_id: Uuid


class AskOperation(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "operation.detail"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = answers.OperationDetail

    operation_id: Uuid


class AskStats(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "credits.stats"
    who: ClassVar[Who] = DEVELOPER
    answer: ClassVar[type[Part]] = answers.CreditsStats
    is_for_all_accounts: ClassVar[bool] = True

    month: Window


ASKED: tuple[type[Params], ...] = (
    AskBalance,
    AskEstimate,
    AskTransactions,
    AskUsage,
    AskUsageExport,
    AskInsights,
    AskForecast,
    AskTips,
    AskCostConfigs,
    AskModelPrices,
    AskRun,
    AskOperation,
    AskStats,
    *operating.ASKED,
)
QUESTIONS: Mapping[str, type[Params]] = {asked.query: asked for asked in ASKED}
