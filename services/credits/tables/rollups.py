"""Sums of the usage log by hour and by all that it is looked at by; computed anew at any time."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from services.credits.tables.columns import credits_column, metadata
from shared.lanes import LANES
from shared.tables import time_column


def quantity_column(name: str) -> Column[object]:
    """A sum of numbers that producers make up: however large they are, it can be written."""
    return Column(name, Numeric, CheckConstraint(f"{name} >= 0"), nullable=False)


inside = CheckConstraint(f"lane BETWEEN 0 AND {LANES - 1}")
hourly_usage = Table(
    "hourly_usage",
    metadata,
    # A unique key instead of a primary one: parts of it may be unknown.
    Column("lane", SmallInteger, inside, nullable=False),
    Column("account_id", Uuid, nullable=False),
    time_column("hour"),
    Column("site_id", Uuid),
    Column("operation_type", Text, nullable=False),
    Column("model", Text),
    Column("provider", Text),
    Column("image_quality", Text),
    Column("item_kind", Text),
    Column("source", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("actions", BigInteger, CheckConstraint("actions > 0"), nullable=False),
    credits_column("credits"),
    credits_column("shortfall"),
    Column("cost_usd", Numeric(20, 8), nullable=False),
    quantity_column("tokens_input"),
    quantity_column("tokens_output"),
    quantity_column("items"),
    quantity_column("response_ms"),
    Column("responses", BigInteger, CheckConstraint("responses >= 0"), nullable=False),
    # What happens within an hour changes the same rows: room keeps that off the index.
    postgresql_with={"fillfactor": 80},
)
hourly_usage.append_constraint(
    UniqueConstraint(
        *list(hourly_usage.c)[:11],
        name="hourly_usage_key",
        postgresql_nulls_not_distinct=True,
    )
)
