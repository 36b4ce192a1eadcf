"""Refunds and disputes with what they froze and took, and what was given or taken by hand."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from services.credits.tables.columns import credits_column, metadata
from shared.tables import account_column, lane_column, time_column

STATES = "'refused', 'frozen', 'released', 'revoked', 'reversed'"
BUCKETS = "bucket IN ('plan', 'purchased')"
CHECKS = {
    "clawbacks_freeze_what_was_asked": "frozen <= asked",
    "clawbacks_end_in_time": "(closed_at IS NULL) = (state IN ('refused', 'frozen'))",
    "clawbacks_take_what_was_said": "from_plan + from_purchased <= to_revoke",
    "clawbacks_take_once": "(revoke_seq IS NULL) = (from_plan + from_purchased = 0)"
    " AND (revoked_at IS NOT NULL OR to_revoke = 0)",
    "clawbacks_give_back_what_they_took": "(reverse_seq IS NULL) ="
    " (revoke_seq IS NULL OR reversed_at IS NULL)",
    "clawbacks_stand_as_they_ended": "(reversed_at IS NOT NULL) = (state = 'reversed')"
    " AND (revoked_at IS NULL OR state IN ('revoked', 'reversed'))"
    " AND (revoked_at IS NOT NULL OR state <> 'revoked')",
    "clawbacks_refuse_what_was_asked": "refusal IS NULL OR request IS NOT NULL",
}

clawbacks = Table(
    "clawbacks",
    metadata,
    lane_column(),
    Column("subject_id", Uuid, primary_key=True),  # A refund's id, or a dispute's.
    account_column(),
    Column("kind", Text, CheckConstraint("kind IN ('refund', 'dispute')"), primary_key=True),
    Column("reservation_id", Uuid, nullable=False),
    time_column("created_at"),
    Column("state", Text, CheckConstraint(f"state IN ({STATES})"), nullable=False),
    Column("payment_id", Uuid),
    Column("invoice_id", Uuid),
    Column("bucket", Text, CheckConstraint(BUCKETS)),
    credits_column("asked"),
    credits_column("frozen"),
    credits_column("available_after"),
    time_column("closed_at", nullable=True),
    credits_column("to_revoke"),
    credits_column("from_plan"),
    credits_column("from_purchased"),
    Column("forced", Boolean, nullable=False),
    time_column("revoked_at", nullable=True),
    Column("revoke_seq", BigInteger),
    time_column("reversed_at", nullable=True),
    Column("reverse_seq", BigInteger),
    Column("request", LargeBinary),
    Column("refusal", LargeBinary),
    *(CheckConstraint(check, name=name) for name, check in CHECKS.items()),
)
# What each account has frozen: for whoever adds it up.
Index(
    "clawbacks_open",
    clawbacks.c.lane,
    clawbacks.c.account_id,
    postgresql_where=text("state = 'frozen'"),
)

Table(
    "adjustments",
    metadata,
    lane_column(),
    Column("adjustment_id", Uuid, primary_key=True),
    account_column(),
    Column("amount", BigInteger, CheckConstraint("amount <> 0"), nullable=False),
    Column("bucket", Text, CheckConstraint(BUCKETS), nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("actor", Text),
    time_column("made_at"),
    credits_column("available_after"),
    Column("transaction_id", Uuid),
    Column("seq", BigInteger),
    Column("balance_after", BigInteger),
    Column("refusal", LargeBinary),
    CheckConstraint(
        "num_nulls(transaction_id, seq, balance_after)"
        " = CASE WHEN refusal IS NULL THEN 0 ELSE 3 END",
        name="adjustments_are_made_or_refused",
    ),
)
