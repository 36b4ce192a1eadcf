"""What the tables of credits have in common: one metadata, and columns of a kind."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    MetaData,
    Numeric,
)

from shared.tables import describe_shared_tables

metadata = MetaData()
describe_shared_tables(metadata)


def credits_column(name: str) -> Column[int]:
    return Column(name, BigInteger, CheckConstraint(f"{name} >= 0"), nullable=False)


def usd_column(name: str) -> Column[object]:
    return Column(name, Numeric(14, 8))
