"""What somebody was told of, once a mark."""

from sqlalchemy import (
    Column,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.credits.tables.columns import account_column, metadata
from shared.tables import lane_column, time_column

Table(
    "alerts",
    metadata,
    lane_column(),
    account_column(),
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
)
