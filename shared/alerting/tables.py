"""The table of alerts, for every service that raises any."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.tables import lane_column, time_column


def describe_alerts_table(metadata: MetaData) -> None:
    """Add it to a service's own metadata; a mark is its key, so that it is raised once."""
    alerts = Table(
        "alerts",
        metadata,
        lane_column(),
        Column("account_id", Uuid, primary_key=True),
        Column("kind", Text, primary_key=True),
        Column("subject", Text, primary_key=True),
        Column("month", Text, primary_key=True),
        Column("threshold", SmallInteger, primary_key=True),  # 0 where the kind has none.
        Column("alert_id", Uuid, nullable=False),
        Column("severity", Text, nullable=False),
        Column("audience", Text, nullable=False),
        Column("content", JSONB, nullable=False),
        time_column("created_at"),
        time_column("read_at", nullable=True),
        CheckConstraint("audience IN ('customer', 'ops')", name="somebody_is_told"),
    )
    whose = alerts.c.lane, alerts.c.account_id
    Index("alerts_by_id", *whose, alerts.c.alert_id, unique=True)
    Index("alerts_by_time", *whose, alerts.c.created_at, alerts.c.alert_id)
    Index("alerts_unread", *whose, alerts.c.audience, postgresql_where=text("read_at IS NULL"))
