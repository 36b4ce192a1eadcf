"""What is only ever added to: the ledger and the usage log, a table a month."""

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.credits.tables.columns import credits_column, metadata, usd_column
from shared.tables import account_column, lane_column

Table(
    "ledger",
    metadata,
    lane_column(),
    account_column(),
    Column("seq", BigInteger, primary_key=True),
    Column("created_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("transaction_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("plan_delta", BigInteger, nullable=False),
    Column("purchased_delta", BigInteger, nullable=False),
    credits_column("balance_after"),
    Column("reference_type", Text, nullable=False),
    Column("reference_id", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("actor", Text),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("seq >= 1"),
    CheckConstraint("plan_delta <> 0 OR purchased_delta <> 0", name="nothing_moved_is_no_entry"),
    postgresql_partition_by="RANGE (created_at)",
)

usage = Table(
    "usage",
    metadata,
    lane_column(),
    account_column(),
    Column("created_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("usage_id", Uuid, primary_key=True),
    Column("operation_id", Uuid, nullable=False),
    Column("operation_type", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("details", Text),
    credits_column("credits_used"),
    usd_column("cost_usd"),
    Column("provider", Text),
    Column("model_used", Text),
    Column("tokens_input", BigInteger),
    Column("tokens_output", BigInteger),
    Column("units", BigInteger),
    Column("unit_kind", Text),
    Column("image_quality", Text),
    credits_column("items_created"),
    Column("item_kind", Text),
    Column("source", Text, CheckConstraint("source IN ('manual', 'automation')"), nullable=False),
    Column("site_id", Uuid),
    Column("user_id", Text),
    Column("run_id", Uuid),
    Column("stage", BigInteger),
    Column("related_type", Text),
    Column("related_id", Text),
    Column("related_title", Text),
    Column(
        "status", Text, CheckConstraint("status IN ('success', 'failed', 'late')"), nullable=False
    ),
    Column("estimated_tokens", Boolean, nullable=False),
    credits_column("shortfall"),
    Column("price_version", Integer, nullable=False),
    Column("response_time_ms", BigInteger),
    CheckConstraint("status <> 'failed' OR credits_used = 0", name="failures_are_free"),
    postgresql_partition_by="RANGE (created_at)",
)
# For pages of everybody's log.
Index("usage_by_time", usage.c.created_at, usage.c.usage_id)
