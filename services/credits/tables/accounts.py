"""Accounts, what they hold for operations, and what they were granted."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from services.credits.tables.columns import credits_column, metadata
from shared.tables import account_column, lane_column, time_column

STATES = "'held', 'committed', 'committed_late', 'released', 'expired', 'refused'"
KINDS = "'operation', 'run', 'refund', 'dispute'"

Table(
    "accounts",
    metadata,
    lane_column(),
    account_column(),
    credits_column("plan_bucket"),
    credits_column("purchased_bucket"),
    credits_column("held"),
    Column("seq", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    credits_column("used"),
    Column("month", Text, nullable=False),
    CheckConstraint("held <= plan_bucket + purchased_bucket", name="never_below_nothing"),
    # Every batch updates this row: room on its page keeps the update off the index.
    postgresql_with={"fillfactor": 50},
)

Table(
    "standings",
    metadata,
    lane_column(),
    account_column(),
    Column("status", Text, nullable=False),
    Column("status_reason", Text, nullable=False),
    time_column("status_since", nullable=True),
    Column("status_version", BigInteger, nullable=False),
    Column("plan_code", Text),
    Column("subscription_version", BigInteger, nullable=False),
    credits_column("granted_per_month"),
    time_column("last_shortfall_at", nullable=True),
    time_column("earlier_shortfall_at", nullable=True),
    CheckConstraint("status IN ('trial', 'active', 'suspended', 'cancelled')"),
)

reservations = Table(
    "reservations",
    metadata,
    lane_column(),
    # What it holds for: an operation, run, refund or dispute. Before the account: such ids rise
    # with time, so that inserts stay at a lane's right edge.
    Column("subject_id", Uuid, primary_key=True),
    account_column(),
    Column("kind", Text, CheckConstraint(f"kind IN ({KINDS})"), primary_key=True),
    Column("reservation_id", Uuid, nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    Column("state", Text, CheckConstraint(f"state IN ({STATES})"), nullable=False),
    credits_column("available_after"),
    Column("operation_type", Text),
    Column("model", Text),
    Column("price_version", Integer, nullable=False),
    credits_column("estimated"),
    credits_column("held"),
    credits_column("charged"),
    credits_column("shortfall"),
    Column("charge_seq", BigInteger),
    time_column("closed_at", nullable=True),
    Column("close_reason", Text),
    time_column("requested_at", nullable=True),
    Column("answered_late", Boolean, nullable=False),
    Column("request", LargeBinary),
    Column("refusal", LargeBinary),
    Column("run_id", Uuid),
    CheckConstraint("charged = 0 OR state IN ('committed', 'committed_late')", name="charged_once"),
    CheckConstraint("(charge_seq IS NULL) = (charged = 0)", name="charged_in_the_ledger"),
    CheckConstraint("(closed_at IS NULL) = (state IN ('held', 'refused'))", name="ended_in_time"),
    postgresql_with={"fillfactor": 90},
)
Index(
    "reservations_open",
    reservations.c.expires_at,
    postgresql_where=text("state = 'held'"),
)

Table(
    "grants",
    metadata,
    lane_column(),
    account_column(),
    Column("invoice_id", Uuid, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("bucket", Text, CheckConstraint("bucket IN ('plan', 'purchased')"), nullable=False),
    credits_column("asked"),
    credits_column("credits"),
    Column("seq", BigInteger),
    time_column("granted_at"),
)
