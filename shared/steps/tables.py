"""The table of request rows, for every service that has commands of more than one step."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from shared.steps.rows import MOST_ADDRESSES
from shared.tables import lane_column, time_column

STATES = "'waiting', 'answered', 'abandoned'"
IS_WAITING = text("state = 'waiting'")


def describe_step_tables(metadata: MetaData) -> None:
    """Add it to a service's own metadata."""
    requests = Table(
        "requests",
        metadata,
        lane_column(),
        Column("account_id", Uuid, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("natural_key", Text, primary_key=True),
        Column("content", LargeBinary, nullable=False),
        Column("state", Text, CheckConstraint(f"state IN ({STATES})"), nullable=False),
        Column("step", Text, nullable=False),
        Column("attempt", Integer, CheckConstraint("attempt >= 1"), nullable=False),
        Column("ticket", Uuid, nullable=False),
        time_column("deadline"),
        time_column("created_at"),
        Column("addresses", LargeBinary, nullable=False),
        Column("waiting", SmallInteger, nullable=False),  # So many addresses.
        Column("outcome", LargeBinary),
        CheckConstraint(f"waiting BETWEEN 0 AND {MOST_ADDRESSES}", name="eight_wait_at_most"),
        CheckConstraint("(state = 'waiting') = (waiting > 0)", name="who_waits_is_waited_for"),
        CheckConstraint("(state = 'answered') = (outcome IS NOT NULL)", name="answers_are_kept"),
    )
    # Small, for little waits at a time.
    Index("requests_due", requests.c.deadline, postgresql_where=IS_WAITING)
    Index(
        "requests_by_ticket",
        requests.c.lane,
        requests.c.account_id,
        requests.c.ticket,
        postgresql_where=IS_WAITING,
    )
