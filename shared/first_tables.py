"""The tables that every service begins with, as its first migration makes them.

What has run on somebody's database stays as it is here: what changes is a migration of its own, in
every service.
"""

from collections.abc import Sequence

LANE = "lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63)"
COUNTERS = ("applied", "duplicate", "refused", "invalid", "dead_lettered", "absent")

KAFKA_OFFSETS = f"""
CREATE TABLE kafka_offsets (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    first_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    previous_offset BIGINT NOT NULL,
    {" ".join(f"{name} BIGINT DEFAULT 0 NOT NULL CHECK ({name} >= 0)," for name in COUNTERS)}
    PRIMARY KEY (consumer_group, topic, partition),
    CONSTRAINT offsets_never_fall CHECK (next_offset >= previous_offset)
) WITH (fillfactor = 50)
"""
OUTBOX = """
CREATE TABLE outbox (
    parcel_id BIGINT GENERATED ALWAYS AS IDENTITY,
    partitions INTEGER[] NOT NULL,
    records BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    leased_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    PRIMARY KEY (parcel_id)
)
"""
ALERTS = f"""
CREATE TABLE alerts (
    {LANE},
    account_id UUID NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    month TEXT NOT NULL,
    threshold SMALLINT NOT NULL,
    alert_id UUID NOT NULL,
    severity TEXT NOT NULL,
    audience TEXT NOT NULL,
    content JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (lane, account_id, kind, subject, month, threshold),
    CONSTRAINT somebody_is_told CHECK (audience IN ('customer', 'ops'))
)
"""
AUDIT = f"""
CREATE TABLE audit (
    {LANE},
    audit_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    account_id UUID,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'service', 'ops')),
    user_id TEXT,
    role TEXT,
    action TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    before JSONB,
    after JSONB,
    PRIMARY KEY (lane, audit_id, at),
    CONSTRAINT something_was_changed CHECK (before IS NOT NULL OR after IS NOT NULL)
) PARTITION BY RANGE (at)
"""
HEALTH = """
CREATE TABLE health (
    instance TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    records BIGINT NOT NULL DEFAULT 0 CHECK (records >= 0),
    failed BIGINT NOT NULL DEFAULT 0 CHECK (failed >= 0),
    lag_records BIGINT NOT NULL DEFAULT 0 CHECK (lag_records >= 0),
    oldest_age_s BIGINT NOT NULL DEFAULT 0 CHECK (oldest_age_s >= 0),
    times BIGINT[] NOT NULL,
    PRIMARY KEY (instance, at),
    CONSTRAINT failed_of_all CHECK (failed <= records)
)
"""
PLANS = """
CREATE TABLE plans (
    plan_code TEXT NOT NULL,
    version BIGINT NOT NULL,
    content JSONB NOT NULL,
    PRIMARY KEY (plan_code)
)
"""
CATALOGUE_VERSION = """
CREATE TABLE catalogue_version (
    single BOOLEAN NOT NULL CHECK (single),
    version BIGINT NOT NULL,
    PRIMARY KEY (single)
)
"""

UP: Sequence[str] = (
    KAFKA_OFFSETS,
    OUTBOX,
    # The records are compressed already; PostgreSQL's own compression would cost six times the row.
    "ALTER TABLE outbox ALTER COLUMN records SET STORAGE EXTERNAL",
    ALERTS,
    "CREATE UNIQUE INDEX alerts_by_id ON alerts (lane, account_id, alert_id)",
    "CREATE INDEX alerts_by_time ON alerts (lane, account_id, created_at, alert_id)",
    "CREATE INDEX alerts_unread ON alerts (lane, account_id, audience) WHERE read_at IS NULL",
    AUDIT,
    "CREATE INDEX audit_of_account ON audit (lane, account_id, at, audit_id)",
    "CREATE INDEX audit_by_time ON audit (at, audit_id)",
    # What no month's own table takes; usually empty.
    "CREATE TABLE audit_other PARTITION OF audit DEFAULT",
    # Append only: not even the owner, who is the service itself, changes what stands there.
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_other FROM CURRENT_USER",
    HEALTH,
    PLANS,
    CATALOGUE_VERSION,
    "INSERT INTO catalogue_version (single, version) VALUES (true, 1)",
)
DOWN: Sequence[str] = tuple(
    f"DROP TABLE {table}"
    for table in (
        *("catalogue_version", "plans", "health", "audit", "alerts"),
        *("outbox", "kafka_offsets"),
    )
)
