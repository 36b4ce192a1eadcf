"""The table of what the processes of a service last reported; it stands outside the lanes."""

from sqlalchemy import TIMESTAMP, BigInteger, CheckConstraint, Column, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.tables import count_column


def describe_health_table(metadata: MetaData) -> None:
    """Add it to a service's own metadata: a row a process and report, kept for an hour."""
    Table(
        "health",
        metadata,
        Column("instance", Text, primary_key=True),
        Column("at", TIMESTAMP(timezone=True), primary_key=True),
        *map(count_column, ("records", "failed", "lag_records", "oldest_age_s")),
        Column("times", ARRAY(BigInteger), nullable=False),  # Records by how long they took.
        CheckConstraint("failed <= records", name="failed_of_all"),
    )
