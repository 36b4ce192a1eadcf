"""What was asked for and held, and the answers to all other commands."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Table, Text, Uuid, text

from services.limits.tables.columns import TYPES, metadata, quantity_column
from shared.tables import account_column, lane_column, time_column

STATES = "'refused', 'held', 'confirmed', 'released', 'expired'"

holds = Table(
    "holds",
    metadata,
    lane_column(),
    # Before the account: such ids rise with time, so that inserts stay at a lane's right edge.
    Column("request_id", Uuid, primary_key=True),
    account_column(),
    Column("topic", Text, primary_key=True),
    Column("hold_id", Uuid, nullable=False),
    Column("limit_type", Text, CheckConstraint(f"limit_type IN ({TYPES})"), nullable=False),
    Column("month", Text, nullable=False),
    Column("state", Text, CheckConstraint(f"state IN ({STATES})"), nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    quantity_column("requested"),
    quantity_column("granted"),
    quantity_column("confirmed"),
    quantity_column("counted"),
    time_column("closed_at", nullable=True),
    Column("purpose", Text),
    Column("request", LargeBinary),
    Column("answer", LargeBinary),
    CheckConstraint("granted <= requested", name="never_more_than_asked"),
    CheckConstraint("state <> 'held' OR granted > 0", name="nothing_is_no_hold"),
    CheckConstraint("state <> 'refused' OR granted = 0", name="a_refusal_holds_nothing"),
    CheckConstraint("state <> 'held' OR closed_at IS NULL", name="open_until_it_ends"),
    CheckConstraint("confirmed <= granted OR request IS NULL", name="never_more_than_granted"),
    CheckConstraint("(request IS NULL) = (answer IS NULL)", name="asked_is_answered"),
    postgresql_with={"fillfactor": 80},
)
Index("holds_by_id", holds.c.lane, holds.c.hold_id, holds.c.account_id, unique=True)
Index("holds_open", holds.c.expires_at, postgresql_where=text("state = 'held'"))

Table(
    "commands",
    metadata,
    lane_column(),
    Column("natural_key", Text, primary_key=True),
    account_column(),
    Column("topic", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
)
