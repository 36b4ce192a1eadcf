"""The first tables of limits.

Revision ID: 0001
"""

from alembic import op
from sqlalchemy import text

from shared.first_tables import DOWN, LANE, UP

revision = "0001"
down_revision = None

TYPE = (
    "limit_type TEXT NOT NULL"
    " CHECK (limit_type IN ('sites', 'users', 'keywords', 'ahrefs_queries'))"
)
ACCOUNTS = f"""
CREATE TABLE accounts (
    {LANE},
    account_id UUID NOT NULL,
    version BIGINT NOT NULL,
    month TEXT NOT NULL,
    plan_code TEXT NOT NULL,
    plan_version BIGINT NOT NULL,
    subscription_version BIGINT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT NOT NULL,
    status_since TIMESTAMP WITH TIME ZONE,
    status_version BIGINT NOT NULL,
    is_opened BOOLEAN NOT NULL,
    name TEXT,
    PRIMARY KEY (lane, account_id),
    CHECK (status IN ('trial', 'active', 'suspended', 'cancelled'))
) WITH (fillfactor = 50)
"""
OVERRIDES = f"""
CREATE TABLE overrides (
    {LANE},
    account_id UUID NOT NULL,
    {TYPE},
    allowed BIGINT CHECK (allowed >= 0),
    is_set BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (lane, account_id, limit_type),
    CONSTRAINT cleared_is_no_limit CHECK (is_set OR allowed IS NULL)
)
"""
COUNTERS = f"""
CREATE TABLE counters (
    {LANE},
    account_id UUID NOT NULL,
    month TEXT NOT NULL,
    {TYPE},
    used BIGINT NOT NULL,
    held BIGINT NOT NULL CHECK (held >= 0),
    over_by BIGINT NOT NULL CHECK (over_by >= 0),
    over_since TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (lane, account_id, month, limit_type),
    CONSTRAINT never_below_nothing CHECK (used >= 0 OR limit_type = 'keywords'),
    CONSTRAINT months_of_monthly_limits CHECK ((month = '-') = (limit_type <> 'ahrefs_queries')),
    CONSTRAINT over_since_it_was_passed CHECK ((over_since IS NULL) = (over_by = 0))
) WITH (fillfactor = 50)
"""
MARKS = f"""
CREATE TABLE threshold_marks (
    {LANE},
    account_id UUID NOT NULL,
    month TEXT NOT NULL,
    {TYPE},
    allowed BIGINT NOT NULL,
    threshold SMALLINT NOT NULL,
    PRIMARY KEY (lane, account_id, month, limit_type, allowed),
    CONSTRAINT shares_that_are_told CHECK (threshold IN (80, 90, 100))
)
"""
HOLDS = f"""
CREATE TABLE holds (
    {LANE},
    request_id UUID NOT NULL,
    account_id UUID NOT NULL,
    topic TEXT NOT NULL,
    hold_id UUID NOT NULL,
    {TYPE},
    month TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('refused', 'held', 'confirmed', 'released', 'expired')),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    requested BIGINT NOT NULL CHECK (requested >= 0),
    granted BIGINT NOT NULL CHECK (granted >= 0),
    confirmed BIGINT NOT NULL CHECK (confirmed >= 0),
    counted BIGINT NOT NULL CHECK (counted >= 0),
    closed_at TIMESTAMP WITH TIME ZONE,
    purpose TEXT,
    request BYTEA,
    answer BYTEA,
    PRIMARY KEY (lane, request_id, account_id, topic),
    CONSTRAINT never_more_than_asked CHECK (granted <= requested),
    CONSTRAINT nothing_is_no_hold CHECK (state <> 'held' OR granted > 0),
    CONSTRAINT a_refusal_holds_nothing CHECK (state <> 'refused' OR granted = 0),
    CONSTRAINT open_until_it_ends CHECK (state <> 'held' OR closed_at IS NULL),
    CONSTRAINT never_more_than_granted CHECK (confirmed <= granted OR request IS NULL),
    CONSTRAINT asked_is_answered CHECK ((request IS NULL) = (answer IS NULL))
) WITH (fillfactor = 80)
"""
COMMANDS = f"""
CREATE TABLE commands (
    {LANE},
    natural_key TEXT NOT NULL,
    account_id UUID NOT NULL,
    topic TEXT NOT NULL,
    request BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    PRIMARY KEY (lane, natural_key, account_id, topic)
)
"""
MEMBERS = f"""
CREATE TABLE members (
    {LANE},
    member_id UUID NOT NULL,
    account_id UUID NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'removed')),
    email TEXT NOT NULL,
    invite_id UUID,
    user_id TEXT,
    site_access UUID[] NOT NULL,
    invited_by TEXT,
    invited_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    accepted_at TIMESTAMP WITH TIME ZONE,
    last_seen_at TIMESTAMP WITH TIME ZONE,
    last_seen_sites JSONB NOT NULL,
    PRIMARY KEY (lane, member_id, account_id),
    CONSTRAINT nobody_is_invited_as_owner CHECK (state <> 'invited' OR role <> 'owner'),
    CONSTRAINT invitations_end CHECK (state <> 'invited' OR expires_at IS NOT NULL)
)
"""
RESOURCES = f"""
CREATE TABLE resources (
    {LANE},
    resource_id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('site', 'user', 'keyword')),
    state TEXT NOT NULL CHECK (state IN ('active', 'removed')),
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (lane, resource_id, account_id, kind),
    CONSTRAINT keywords_are_counted_by_confirmations
        CHECK (kind <> 'keyword' OR state = 'removed')
)
"""
CREDIT_BALANCES = f"""
CREATE TABLE credit_balances (
    {LANE},
    account_id UUID NOT NULL,
    version BIGINT NOT NULL,
    balance BIGINT NOT NULL CHECK (balance >= 0),
    plan_allocation BIGINT NOT NULL CHECK (plan_allocation >= 0),
    used BIGINT NOT NULL CHECK (used >= 0),
    month TEXT NOT NULL,
    PRIMARY KEY (lane, account_id)
)
"""
OWN = (
    *(ACCOUNTS, OVERRIDES, COUNTERS, MARKS, HOLDS, COMMANDS, MEMBERS, RESOURCES, CREDIT_BALANCES),
    "CREATE INDEX accounts_by_month ON accounts (month)",
    "CREATE INDEX accounts_by_plan ON accounts (plan_code, plan_version)",
    "CREATE UNIQUE INDEX holds_by_id ON holds (lane, hold_id, account_id)",
    "CREATE INDEX holds_open ON holds (expires_at) WHERE state = 'held'",
    "CREATE INDEX members_of_account ON members (lane, account_id)",
    "CREATE UNIQUE INDEX members_by_invite ON members (lane, account_id, invite_id)",
    "CREATE INDEX members_by_user ON members (lane, account_id, user_id)",
    "CREATE INDEX invitations_open ON members (expires_at) WHERE state = 'invited'",
)
DROPPED = (
    *("credit_balances", "resources", "members", "commands", "holds", "threshold_marks"),
    *("counters", "overrides", "accounts"),
)


def upgrade() -> None:
    """Plans are those of the seed rows until others are announced."""
    for statement in (*UP, *OWN):
        op.execute(text(statement))


def downgrade() -> None:
    """Nothing was there before."""
    for table in DROPPED:
        op.execute(text(f"DROP TABLE {table}"))
    for statement in DOWN:
        op.execute(text(statement))
