"""The first tables of credits, with the seed rows of its price lists.

Revision ID: 0001
"""

from alembic import op
from sqlalchemy import text

from services.credits.migrations.seeds import SEEDS

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE accounts (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account_id UUID NOT NULL,
    plan_bucket BIGINT NOT NULL CHECK (plan_bucket >= 0),
    purchased_bucket BIGINT NOT NULL CHECK (purchased_bucket >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    used BIGINT NOT NULL CHECK (used >= 0),
    month TEXT NOT NULL,
    PRIMARY KEY (lane, account_id),
    CONSTRAINT never_below_nothing CHECK (held <= plan_bucket + purchased_bucket)
)
 WITH (fillfactor = 50);
CREATE TABLE alerts (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
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
    PRIMARY KEY (lane, account_id, kind, subject, month, threshold)
);
CREATE TABLE catalogue_version (
    single BOOLEAN NOT NULL CHECK (single),
    version BIGINT NOT NULL,
    PRIMARY KEY (single)
);
CREATE TABLE cost_configs (
    operation_type TEXT NOT NULL,
    version INTEGER NOT NULL,
    price_version INTEGER NOT NULL,
    content JSONB NOT NULL,
    PRIMARY KEY (operation_type, version)
);
CREATE TABLE grants (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    bucket TEXT NOT NULL CHECK (bucket IN ('plan', 'purchased')),
    asked BIGINT NOT NULL CHECK (asked >= 0),
    credits BIGINT NOT NULL CHECK (credits >= 0),
    seq BIGINT,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (lane, account_id, invoice_id, line)
);
CREATE TABLE kafka_offsets (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    first_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    previous_offset BIGINT NOT NULL,
    applied BIGINT DEFAULT 0 NOT NULL CHECK (applied >= 0),
    duplicate BIGINT DEFAULT 0 NOT NULL CHECK (duplicate >= 0),
    refused BIGINT DEFAULT 0 NOT NULL CHECK (refused >= 0),
    invalid BIGINT DEFAULT 0 NOT NULL CHECK (invalid >= 0),
    dead_lettered BIGINT DEFAULT 0 NOT NULL CHECK (dead_lettered >= 0),
    absent BIGINT DEFAULT 0 NOT NULL CHECK (absent >= 0),
    PRIMARY KEY (consumer_group, topic, partition),
    CONSTRAINT offsets_never_fall CHECK (next_offset >= previous_offset)
)
 WITH (fillfactor = 50);
CREATE TABLE ledger (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    transaction_id UUID NOT NULL,
    type TEXT NOT NULL,
    plan_delta BIGINT NOT NULL,
    purchased_delta BIGINT NOT NULL,
    balance_after BIGINT NOT NULL CHECK (balance_after >= 0),
    reference_type TEXT NOT NULL,
    reference_id TEXT NOT NULL,
    description TEXT NOT NULL,
    actor TEXT,
    metadata JSONB DEFAULT '{}' NOT NULL,
    PRIMARY KEY (lane, account_id, seq, created_at),
    CHECK (seq >= 1),
    CONSTRAINT nothing_moved_is_no_entry CHECK (plan_delta <> 0 OR purchased_delta <> 0)
)
 PARTITION BY RANGE (created_at);
CREATE TABLE model_prices (
    model TEXT NOT NULL,
    version INTEGER NOT NULL,
    price_version INTEGER NOT NULL,
    content JSONB NOT NULL,
    PRIMARY KEY (model, version)
);
CREATE TABLE outbox (
    parcel_id BIGINT GENERATED ALWAYS AS IDENTITY,
    partitions INTEGER[] NOT NULL,
    records BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    leased_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    PRIMARY KEY (parcel_id)
);
CREATE TABLE packages (
    package_code TEXT NOT NULL,
    version BIGINT NOT NULL,
    content JSONB NOT NULL,
    PRIMARY KEY (package_code)
);
CREATE TABLE plans (
    plan_code TEXT NOT NULL,
    version BIGINT NOT NULL,
    content JSONB NOT NULL,
    PRIMARY KEY (plan_code)
);
CREATE TABLE reservations (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    subject_id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('operation', 'run', 'refund', 'dispute')),
    reservation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'held', 'committed', 'committed_late', 'released', 'expired', 'refused')),
    available_after BIGINT NOT NULL CHECK (available_after >= 0),
    operation_type TEXT,
    model TEXT,
    price_version INTEGER NOT NULL,
    estimated BIGINT NOT NULL CHECK (estimated >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    charged BIGINT NOT NULL CHECK (charged >= 0),
    shortfall BIGINT NOT NULL CHECK (shortfall >= 0),
    charge_seq BIGINT,
    closed_at TIMESTAMP WITH TIME ZONE,
    close_reason TEXT,
    requested_at TIMESTAMP WITH TIME ZONE,
    answered_late BOOLEAN NOT NULL,
    request BYTEA,
    refusal BYTEA,
    PRIMARY KEY (lane, subject_id, account_id, kind),
    CONSTRAINT charged_once CHECK (charged = 0 OR state IN ('committed', 'committed_late')),
    CONSTRAINT charged_in_the_ledger CHECK ((charge_seq IS NULL) = (charged = 0)),
    CONSTRAINT ended_in_time CHECK ((closed_at IS NULL) = (state IN ('held', 'refused')))
)
 WITH (fillfactor = 90);
CREATE INDEX reservations_open ON reservations (expires_at) WHERE state = 'held';
CREATE TABLE standings (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account_id UUID NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT NOT NULL,
    status_since TIMESTAMP WITH TIME ZONE,
    status_version BIGINT NOT NULL,
    plan_code TEXT,
    subscription_version BIGINT NOT NULL,
    granted_per_month BIGINT NOT NULL CHECK (granted_per_month >= 0),
    last_shortfall_at TIMESTAMP WITH TIME ZONE,
    earlier_shortfall_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (lane, account_id),
    CHECK (status IN ('trial', 'active', 'suspended', 'cancelled'))
);
CREATE TABLE usage (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    usage_id UUID NOT NULL,
    operation_id UUID NOT NULL,
    operation_type TEXT NOT NULL,
    label TEXT NOT NULL,
    details TEXT,
    credits_used BIGINT NOT NULL CHECK (credits_used >= 0),
    cost_usd NUMERIC(14, 8),
    provider TEXT,
    model_used TEXT,
    tokens_input BIGINT,
    tokens_output BIGINT,
    units BIGINT,
    unit_kind TEXT,
    image_quality TEXT,
    items_created BIGINT NOT NULL CHECK (items_created >= 0),
    item_kind TEXT,
    source TEXT NOT NULL CHECK (source IN ('manual', 'automation')),
    site_id UUID,
    user_id TEXT,
    run_id UUID,
    stage INTEGER,
    related_type TEXT,
    related_id TEXT,
    related_title TEXT,
    status TEXT NOT NULL CHECK (status IN ('success', 'failed', 'late')),
    estimated_tokens BOOLEAN NOT NULL,
    shortfall BIGINT NOT NULL CHECK (shortfall >= 0),
    price_version INTEGER NOT NULL,
    response_time_ms BIGINT,
    PRIMARY KEY (lane, account_id, created_at, usage_id),
    CONSTRAINT failures_are_free CHECK (status <> 'failed' OR credits_used = 0)
)
 PARTITION BY RANGE (created_at);

ALTER TABLE outbox ALTER COLUMN records SET STORAGE EXTERNAL;

-- What no month's own table takes; usually empty.
CREATE TABLE ledger_other PARTITION OF ledger DEFAULT;
CREATE TABLE usage_other PARTITION OF usage DEFAULT;

-- Append only: not even the owner, who is the service itself, changes what stands there.
REVOKE UPDATE, DELETE, TRUNCATE ON ledger, ledger_other, usage, usage_other FROM CURRENT_USER;

-- A terminal state is left in one way only: work that is reported after all is charged late.
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reservation % cannot go from % to %', OLD.reservation_id, OLD.state, NEW.state
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER terminal_states_stay BEFORE UPDATE ON reservations FOR EACH ROW
WHEN (OLD.state <> 'held' AND OLD.state <> NEW.state
      AND (NEW.state <> 'committed_late' OR OLD.state = 'committed'))
EXECUTE FUNCTION refuse_transition();
"""


def upgrade() -> None:
    """Make the tables and fill the price lists."""
    for statement in statements():
        op.execute(text(statement.replace(":", r"\:")))
    for statement, row in SEEDS:
        op.execute(text(statement).bindparams(**row))


def statements() -> list[str]:
    """One at a time, as the driver takes them; a function's body is one."""
    plain, _, functions = TABLES.partition("CREATE FUNCTION")
    body, _, trigger = ("CREATE FUNCTION" + functions).partition("END $$;")
    commands = [*plain.split(";\n"), body + "END $$", trigger]
    return [command.strip().rstrip(";") for command in commands if command.strip()]


def downgrade() -> None:
    """Nothing was there before."""
    op.execute("DROP TRIGGER terminal_states_stay ON reservations")
    op.execute("DROP FUNCTION refuse_transition")
    for table in DROPPED:
        op.execute(f"DROP TABLE {table}")


DROPPED = (
    "alerts",
    "catalogue_version",
    "packages",
    "plans",
    "model_prices",
    "cost_configs",
    "usage",
    "ledger",
    "grants",
    "reservations",
    "standings",
    "accounts",
    "outbox",
    "kafka_offsets",
)
