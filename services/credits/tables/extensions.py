"""How long holds were asked to live, so that a repeat is answered as the first time."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text, Uuid

from services.credits.tables.columns import metadata
from shared.tables import account_column, lane_column, time_column

Table(
    "extensions",
    metadata,
    lane_column(),
    # An operation or a run: ids of both are drawn from one hat.
    Column("subject_id", Uuid, primary_key=True),
    account_column(),
    Column("kind", Text, CheckConstraint("kind IN ('operation', 'run')"), nullable=False),
    Column("extend_s", Integer, CheckConstraint("extend_s >= 60"), primary_key=True),
    time_column("expires_at"),
    time_column("asked_at"),
)
