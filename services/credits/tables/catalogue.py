"""Prices, plans and packages: of nobody, so without a lane."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.credits.tables.columns import metadata

Table(
    "cost_configs",
    metadata,
    Column("operation_type", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("price_version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
)
Table(
    "model_prices",
    metadata,
    Column("model", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("price_version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
)
Table(
    "plans",
    metadata,
    Column("plan_code", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("content", JSONB, nullable=False),
)
Table(
    "packages",
    metadata,
    Column("package_code", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("content", JSONB, nullable=False),
)
Table(
    "catalogue_version",
    metadata,
    # One row: it rises with every change of prices, plans and packages, so that a batch sees one.
    Column("single", Boolean, CheckConstraint("single"), primary_key=True),
    Column("version", BigInteger, nullable=False),
)
