"""What the tables of limits have in common: one metadata, and the columns of a kind."""

from sqlalchemy import BigInteger, CheckConstraint, Column, MetaData, Text

from shared.alerting.tables import describe_alerts_table
from shared.auditing import describe_audit_table
from shared.catalogue import describe_catalogue_tables
from shared.health.tables import describe_health_table
from shared.tables import describe_shared_tables

TYPES = "'sites', 'users', 'keywords', 'ahrefs_queries'"

metadata = MetaData()
describe_shared_tables(metadata)
describe_alerts_table(metadata)
describe_audit_table(metadata)
describe_health_table(metadata)
describe_catalogue_tables(metadata)


def quantity_column(name: str) -> Column[int]:
    return Column(name, BigInteger, CheckConstraint(f"{name} >= 0"), nullable=False)


def type_column() -> Column[str]:
    """Which of the limits, as a part of the key."""
    inside = CheckConstraint(f"limit_type IN ({TYPES})")
    return Column("limit_type", Text, inside, primary_key=True)
