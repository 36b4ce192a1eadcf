"""Prices, plans and packages: of nobody, so without a lane."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.credits.tables.columns import metadata
from shared.catalogue import describe_catalogue_tables

cost_configs = Table(
    "cost_configs",
    metadata,
    Column("operation_type", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("price_version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
)
model_prices = Table(
    "model_prices",
    metadata,
    Column("model", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("price_version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
)
# A price version belongs to one change; those of the seed rows share the first.
CHANGED = text("price_version > 1")
Index("config_changes", cost_configs.c.price_version, unique=True, postgresql_where=CHANGED)
Index("model_changes", model_prices.c.price_version, unique=True, postgresql_where=CHANGED)

describe_catalogue_tables(metadata)
Table(
    "packages",
    metadata,
    Column("package_code", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("content", JSONB, nullable=False),
)
