"""The tables of credits, with the checks that repeat the invariants of the domain."""

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.tables import describe_shared_tables, lane_column, time_column

STATES = "'held', 'committed', 'committed_late', 'released', 'expired', 'refused'"
KINDS = "'operation', 'run', 'refund', 'dispute'"

metadata = MetaData()
describe_shared_tables(metadata)


def credits_column(name: str) -> Column[int]:
    return Column(name, BigInteger, CheckConstraint(f"{name} >= 0"), nullable=False)


def usd_column(name: str) -> Column[object]:
    return Column(name, Numeric(14, 8))


def account_column() -> Column[object]:
    return Column("account_id", Uuid, primary_key=True)


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

Table(
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
    Column("stage", Integer),
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
