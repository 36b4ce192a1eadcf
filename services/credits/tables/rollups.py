"""Sums of the usage log by hour, and by day with those of the ledger; computed anew at any time."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from services.credits.tables.columns import credits_column, metadata
from shared.lanes import LANES
from shared.tables import account_column, lane_column, time_column


def quantity_column(name: str) -> Column[object]:
    """A sum of numbers that producers make up: however large they are, it can be written."""
    return Column(name, Numeric, CheckConstraint(f"{name} >= 0"), nullable=False)


def describe_sums(
    table: str,
    moment: str,
    of_credits: Callable[[str], Column[Any]],
    usd: Numeric[Any],
    fillfactor: int = 100,
) -> Table:
    """Sums by account and moment, and by all that use is looked at by."""
    inside = CheckConstraint(f"lane BETWEEN 0 AND {LANES - 1}")
    described = Table(
        table,
        metadata,
        # A unique key instead of a primary one: parts of it may be unknown.
        Column("lane", SmallInteger, inside, nullable=False),
        Column("account_id", Uuid, nullable=False),
        time_column(moment),
        Column("site_id", Uuid),
        Column("operation_type", Text, nullable=False),
        Column("model", Text),
        Column("provider", Text),
        Column("image_quality", Text),
        Column("item_kind", Text),
        Column("source", Text, nullable=False),
        Column("status", Text, nullable=False),
        *numbers(of_credits, usd),
        postgresql_with={"fillfactor": fillfactor},
    )
    key = UniqueConstraint(
        *list(described.c)[:11], name=f"{table}_key", postgresql_nulls_not_distinct=True
    )
    described.append_constraint(key)
    return described


def numbers(of_credits: Callable[[str], Column[Any]], usd: Numeric[Any]) -> Iterator[Column[Any]]:
    """What is added up, in its order."""
    yield Column("actions", BigInteger, CheckConstraint("actions > 0"), nullable=False)
    yield of_credits("credits")
    yield of_credits("shortfall")
    yield Column("cost_usd", usd, nullable=False)
    yield quantity_column("tokens_input")
    yield quantity_column("tokens_output")
    yield quantity_column("items")
    yield quantity_column("response_ms")
    yield Column("responses", BigInteger, CheckConstraint("responses >= 0"), nullable=False)


# What happens within an hour changes the same rows: room keeps that off the index.
hourly_usage = describe_sums("hourly_usage", "hour", credits_column, Numeric(20, 8), fillfactor=80)
# Rows of a time lie together, more or less: it is enough to know which pages have some.
Index("hourly_usage_by_time", hourly_usage.c.hour, postgresql_using="brin")

# Of days that are over, made once.
describe_sums("daily_usage", "day", quantity_column, Numeric())
Table(
    "daily_totals",
    metadata,
    lane_column(),
    account_column(),
    Column("day", TIMESTAMP(timezone=True), primary_key=True),
    *numbers(quantity_column, Numeric()),
    Column(
        "failures", BigInteger, CheckConstraint("failures BETWEEN 0 AND actions"), nullable=False
    ),
    Column("first_kind", Text),
    Column("last_kind", Text),
)
Table(
    "daily_ledger",
    metadata,
    lane_column(),
    account_column(),
    Column("day", TIMESTAMP(timezone=True), primary_key=True),
    Column("type", Text, primary_key=True),
    Column("entries", BigInteger, CheckConstraint("entries > 0"), nullable=False),
    quantity_column("came"),
    Column("moved", Numeric, CheckConstraint("moved <= came"), nullable=False),
    Column("last_seq", BigInteger, CheckConstraint("last_seq >= entries"), nullable=False),
)
Table(
    "closed_days",
    metadata,
    Column("single", Boolean, CheckConstraint("single"), primary_key=True),
    time_column("closed_until"),
)
