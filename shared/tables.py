"""The tables that every service has: how far it has read, and what it still has to send."""

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import DDL

from shared.lanes import LANES

# The records are compressed already; PostgreSQL's own compression would cost six times the row.
UNCOMPRESSED = DDL(  # type: ignore[no-untyped-call] # SQLAlchemy does not type its DDL.
    "ALTER TABLE outbox ALTER COLUMN records SET STORAGE EXTERNAL"
)
COUNTERS = ("applied", "duplicate", "refused", "invalid", "dead_lettered", "absent")


def lane_column() -> Column[int]:
    """The first column of every key of a tenant's table."""
    inside = CheckConstraint(f"lane BETWEEN 0 AND {LANES - 1}")
    return Column("lane", SmallInteger, inside, primary_key=True, autoincrement=False)


def account_column() -> Column[object]:
    """Whose a row is; ids are unique in an account alone, so it is a part of every key."""
    return Column("account_id", Uuid, primary_key=True)


def count_column(name: str) -> Column[int]:
    """A number that is never below zero."""
    least = CheckConstraint(f"{name} >= 0")
    return Column(name, BigInteger, least, nullable=False, server_default=text("0"))


def time_column(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def describe_shared_tables(metadata: MetaData) -> None:
    """Add them to a service's own metadata: each service has its own."""
    Table(
        "kafka_offsets",
        metadata,
        Column("consumer_group", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("first_offset", BigInteger, nullable=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("previous_offset", BigInteger, nullable=False),
        *map(count_column, COUNTERS),
        CheckConstraint("next_offset >= previous_offset", name="offsets_never_fall"),
        postgresql_with={"fillfactor": 50},
    )
    now = text("clock_timestamp()")
    outbox = Table(
        "outbox",
        metadata,
        Column("parcel_id", BigInteger, Identity(always=True), primary_key=True),
        Column("partitions", ARRAY(Integer), nullable=False),
        Column("records", LargeBinary, nullable=False),
        Column("made_at", TIMESTAMP(timezone=True), nullable=False, server_default=now),
        Column("leased_at", TIMESTAMP(timezone=True), nullable=False, server_default=now),
    )
    event.listen(outbox, "after_create", UNCOMPRESSED)
