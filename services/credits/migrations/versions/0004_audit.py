"""Who changed what, and price versions of which each belongs to one change.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"

AUDIT = """
CREATE TABLE audit (
    lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
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
STATEMENTS = (
    AUDIT,
    "CREATE INDEX audit_of_account ON audit (lane, account_id, at, audit_id)",
    "CREATE INDEX audit_by_time ON audit (at, audit_id)",
    # What no month's own table takes; usually empty.
    "CREATE TABLE audit_other PARTITION OF audit DEFAULT",
    # Append only: not even the owner, who is the service itself, changes what stands there.
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_other FROM CURRENT_USER",
    # Only the seed rows, which are there from the first version on, share one.
    "CREATE UNIQUE INDEX config_changes ON cost_configs (price_version) WHERE price_version > 1",
    "CREATE UNIQUE INDEX model_changes ON model_prices (price_version) WHERE price_version > 1",
)


def upgrade() -> None:
    """Whatever changed before is in nobody's record."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """The record goes with its table."""
    op.execute("DROP INDEX model_changes")
    op.execute("DROP INDEX config_changes")
    op.execute("DROP TABLE audit")
