"""Automation runs with what they still hold for their stages."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from services.credits.tables.columns import credits_column, metadata
from shared.tables import account_column, lane_column, time_column

OPEN = "'approved', 'running'"
STATES = f"'refused', {OPEN}, 'completed', 'stopped', 'expired'"

runs = Table(
    "runs",
    metadata,
    lane_column(),
    Column("run_id", Uuid, primary_key=True),
    account_column(),
    Column("reservation_id", Uuid, nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    Column("state", Text, CheckConstraint(f"state IN ({STATES})"), nullable=False),
    credits_column("available_after"),
    Column("price_version", Integer, nullable=False),
    credits_column("estimated"),
    credits_column("held"),
    credits_column("remaining"),
    credits_column("charged"),
    credits_column("shortfall"),
    credits_column("released"),
    time_column("requested_at", nullable=True),
    time_column("closed_at", nullable=True),
    Column("reason", Text),
    Column("stages", JSONB, nullable=False),
    Column("request", LargeBinary),
    Column("refusal", LargeBinary),
    CheckConstraint(f"remaining = 0 OR state IN ({OPEN})", name="open_runs_hold"),
    CheckConstraint("remaining + released <= held", name="runs_hold_what_they_held"),
    CheckConstraint(
        f"(closed_at IS NULL) = (state IN ('refused', {OPEN}))", name="runs_end_in_time"
    ),
    # An open run is updated with every batch of its operations.
    postgresql_with={"fillfactor": 70},
)
Index(
    "runs_open",
    runs.c.expires_at,
    postgresql_where=text(f"state IN ({OPEN})"),
)
