"""Which rows of the usage log are asked for, and in which order (`payloads.md` 9)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from shared.asking import Question
from shared.contracts.access import DEVELOPER
from shared.contracts.credits.queries import UsageFilter
from shared.contracts.errors import Error, forbidden
from shared.contracts.moments import FIRST, LAST
from shared.contracts.types import Count, Dec, Uuid
from shared.lanes import lane_of
from shared.postgres import Record
from shared.spans import span_of

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
Asked: TypeAlias = Question[Any]  # Its parameters are a `UsageFilter`.

FIRST_ID, LAST_ID = str(UUID(int=0)), str(UUID(int=2**128 - 1))
DEAREST = "999999999"
SEES_ALL = (*DEVELOPER.roles, "owner", "admin")

# The columns of a question, with their types.
FILTER: Mapping[str, str] = MappingProxyType(
    {
        "types": "text",
        "site_id": "uuid",
        "source": "text",
        "status": "text",
        "model": "text",
        "run_id": "uuid",
        "user_id": "text",
        "since": "timestamptz",
        "until": "timestamptz",
    }
)
OWNER: Mapping[str, str] = MappingProxyType({"lane": "smallint", "account_id": "uuid"})


class Scope(NamedTuple):
    """Whose rows: the columns that say it, and what they must match."""

    columns: Mapping[str, str]
    matches: str


OF_ONE = Scope(OWNER, "rows.lane = asked.lane AND rows.account_id = asked.account_id")
OF_ALL = Scope(MappingProxyType({}), "true")

# What sums by hour know, too.
OF_KIND = """
    (asked.types IS NULL OR operation_type = ANY (string_to_array(asked.types, ',')))
    AND (asked.site_id IS NULL OR rows.site_id = asked.site_id)
    AND (asked.source IS NULL OR rows.source = asked.source)
    AND (asked.status IS NULL OR rows.status = asked.status)
"""
MATCHES = f"""
    created_at >= asked.since AND created_at < asked.until AND {OF_KIND}
    AND (asked.model IS NULL OR rows.model_used = asked.model)
    AND (asked.run_id IS NULL OR rows.run_id = asked.run_id)
    AND (asked.user_id IS NULL OR rows.user_id = asked.user_id)
"""


def asked_as(*columns: Mapping[str, str]) -> str:
    """All questions of a poll as rows `asked`, each with its place among them."""
    every = {name: kind for some in columns for name, kind in some.items()}
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(every.values(), 1))
    return f"unnest({arrays}) WITH ORDINALITY AS asked ({', '.join(every)}, place)"


def filter_of(asked: Asked, now: datetime) -> tuple[object, ...]:
    """A question's values of the columns `FILTER`."""
    params: UsageFilter = asked.params
    types = None if params.operation_type is None else ",".join(params.operation_type)
    kind = types, params.site_id, params.source, params.status, params.model
    return *kind, params.run_id, params.user_id, *span_of(params, now)


def owner_of(asked: Asked) -> tuple[object, ...]:
    """A question's values of the columns `OWNER`; none where it is about all accounts."""
    owner = asked.account_id
    return () if owner is None else (lane_of(owner), owner)


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
    has_index: bool = False

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
            "created_at <= asked.at AND (created_at, rows.usage_id) < (asked.at, asked.id)",
            "created_at DESC, rows.usage_id DESC",
            has_index=True,
        ),
        "oldest": Order(
            ByTime(FIRST, FIRST_ID),
            TIME,
            "created_at >= asked.at AND (created_at, rows.usage_id) > (asked.at, asked.id)",
            "created_at, rows.usage_id",
            has_index=True,
        ),
        "credits": Order(
            ByCredits(2**53 - 1, LAST, LAST_ID),
            {"value": "bigint"} | TIME,
            "(credits_used, created_at, rows.usage_id) < (asked.value, asked.at, asked.id)",
            "credits_used DESC, created_at DESC, rows.usage_id DESC",
        ),
        "cost": Order(
            ByCost(DEAREST, LAST, LAST_ID),
            {"value": "numeric"} | TIME,
            "(coalesce(rows.cost_usd, -1), created_at, rows.usage_id)"
            " < (asked.value, asked.at, asked.id)",
            "coalesce(rows.cost_usd, -1) DESC, created_at DESC, rows.usage_id DESC",
        ),
    }
)
