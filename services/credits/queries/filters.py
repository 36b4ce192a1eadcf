"""Which rows of the usage log are asked for, and in which order (`payloads.md` 9)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from services.credits.queries.days import DAYS, days_of
from services.credits.queries.questions import WORDS
from shared.asking import Question
from shared.contracts.access import DEVELOPER
from shared.contracts.credits.queries import UsageFilter
from shared.contracts.errors import Error, forbidden
from shared.contracts.moments import FIRST, LAST
from shared.contracts.types import Count, Dec, Uuid
from shared.kept_plans import Reading, by_keys, whole_tables
from shared.lanes import lane_of
from shared.postgres import Record
from shared.spans import span_of

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
Asked: TypeAlias = Question[Any]  # Its parameters are a `UsageFilter`.

FIRST_ID, LAST_ID = str(UUID(int=0)), str(UUID(int=2**128 - 1))
DEAREST = "999999999"
SEES_ALL = (*DEVELOPER.roles, "owner", "admin")

# What rows can be picked by: a column of a question with its type, and what it is compared with.
FILTER: Mapping[str, str] = MappingProxyType(
    {
        "types": WORDS,
        "site_id": "uuid",
        "source": "text",
        "status": "text",
        "model": "text",
        "run_id": "uuid",
        "user_id": "text",
    }
)
COMPARED: Mapping[str, str] = MappingProxyType(
    {name: f"rows.{name} = asked.{name}" for name in FILTER}
    | {
        "types": "rows.operation_type = ANY (asked.types)",
        "model": "rows.model_used = asked.model",
    }
)
COMPARED_IN_SUMS = MappingProxyType({**COMPARED, "model": "rows.model = asked.model"})
SPAN: Mapping[str, str] = MappingProxyType({"since": "timestamptz", "until": "timestamptz"})
OWNER: Mapping[str, str] = MappingProxyType({"lane": "smallint", "account_id": "uuid"})


class Scope(NamedTuple):
    """Whose rows: the columns that say it, and what they must match."""

    columns: Mapping[str, str]
    matches: str
    reading: Reading


OF_ONE = Scope(OWNER, "rows.lane = asked.lane AND rows.account_id = asked.account_id", by_keys)
OF_ALL = Scope(MappingProxyType({}), "true", whole_tables)


class Picked(NamedTuple):
    """Rows of a span of time, picked by what is named; what nobody names is not compared."""

    scope: Scope
    names: tuple[str, ...]  # Of `FILTER`.
    compared: Mapping[str, str] = COMPARED
    span: Mapping[str, str] = SPAN

    @property
    def columns(self) -> Mapping[str, str]:
        return {**self.span, **{name: FILTER[name] for name in self.names}, **self.scope.columns}

    @property
    def picks(self) -> str:
        """The condition on `rows`, whenever; one question may name what another leaves open."""
        named = [f"(asked.{name} IS NULL OR {self.compared[name]})" for name in self.names]
        return " AND ".join([self.scope.matches, *named])

    @property
    def matches(self) -> str:
        """The condition on `rows` of the usage log."""
        return f"{self.picks} AND rows.created_at >= asked.since AND rows.created_at < asked.until"

    @property
    def in_sums(self) -> "Picked":
        """The same of sums by day and hour."""
        return self._replace(compared=COMPARED_IN_SUMS, span=DAYS)

    def values_of(self, asked: Asked, now: datetime) -> tuple[object, ...]:
        """A question's values of the columns."""
        named, owner = filter_of(asked.params), asked.account_id
        whose = () if owner is None else (lane_of(owner), owner)
        span = span_of(asked.params, now)
        when = days_of(span) if self.span is DAYS else span
        return *when, *map(named.get, self.names), *whose


def picked(scope: Scope, questions: Iterable[Asked]) -> Picked:
    """By all that some of these questions name."""
    named = {name for asked in questions for name in filter_of(asked.params)}
    return Picked(scope, tuple(name for name in FILTER if name in named))


def filter_of(params: UsageFilter) -> dict[str, object]:
    """What is named, under the names of `FILTER`."""
    types = None if params.operation_type is None else ",".join(params.operation_type)
    said = {
        "types": types,
        "site_id": params.site_id,
        "source": params.source,
        "status": params.status,
        "model": params.model,
        "run_id": params.run_id,
        "user_id": params.user_id,
    }
    return {name: value for name, value in said.items() if value is not None}


def hidden_from(asked: Asked) -> Error | None:
    """An order by cost tells costs, a member's rows tell whose they are: not to everybody."""
    params: UsageFilter = asked.params
    tells = params.sort == "cost" or not asked.sees_user(params.user_id or asked.user_id)
    return forbidden(SEES_ALL) if tells and not asked.sees_usd else None


class ByTime(NamedTuple):
    """Where a row stands among those of its account by time."""

    created_at: Moment
    usage_id: Uuid


class ByCredits(NamedTuple):
    """By what was charged; of equals the newest first."""

    credits_used: Count
    created_at: Moment
    usage_id: Uuid


class ByCost(NamedTuple):
    """By what it cost us; what is unknown comes last."""

    cost_usd: Dec
    created_at: Moment
    usage_id: Uuid


Place: TypeAlias = ByTime | ByCredits | ByCost


class Order(NamedTuple):
    """How rows are ordered, and where the first page begins."""

    first: Place
    columns: Mapping[str, str]  # Of a place, with their types.
    follows: str
    by: str
    has_index: bool = False  # Else all that match are read, and those of a page once more.

    def place_of(self, row: Record) -> list[object]:
        """A row's own place, as a cursor names it."""
        values = {"cost_usd": row["cost_usd"] or "-1"}
        return [values.get(name, row[name]) for name in type(self.first)._fields]

    def values_of(self, place: Place) -> list[object]:
        """A place as the arrays of a statement take it."""
        return [Decimal(place.cost_usd), *place[1:]] if isinstance(place, ByCost) else [*place]


TIME = {"at": "timestamptz", "id": "uuid"}
ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        "newest": Order(
            ByTime(LAST, LAST_ID),
            TIME,
            "rows.created_at <= asked.at"
            " AND (rows.created_at, rows.usage_id) < (asked.at, asked.id)",
            "rows.created_at DESC, rows.usage_id DESC",
            has_index=True,
        ),
        "oldest": Order(
            ByTime(FIRST, FIRST_ID),
            TIME,
            "rows.created_at >= asked.at"
            " AND (rows.created_at, rows.usage_id) > (asked.at, asked.id)",
            "rows.created_at, rows.usage_id",
            has_index=True,
        ),
        "credits": Order(
            ByCredits(2**53 - 1, LAST, LAST_ID),
            {"value": "bigint"} | TIME,
            "(rows.credits_used, rows.created_at, rows.usage_id)"
            " < (asked.value, asked.at, asked.id)",
            "rows.credits_used DESC, rows.created_at DESC, rows.usage_id DESC",
        ),
        "cost": Order(
            ByCost(DEAREST, LAST, LAST_ID),
            {"value": "numeric"} | TIME,
            "(coalesce(rows.cost_usd, -1), rows.created_at, rows.usage_id)"
            " < (asked.value, asked.at, asked.id)",
            "coalesce(rows.cost_usd, -1) DESC, rows.created_at DESC, rows.usage_id DESC",
        ),
    }
)
