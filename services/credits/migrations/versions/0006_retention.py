"""Alerts are listed and read; processes write down how they are doing.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"

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
UP = (
    "CREATE UNIQUE INDEX alerts_by_id ON alerts (lane, account_id, alert_id)",
    "CREATE INDEX alerts_by_time ON alerts (lane, account_id, created_at, alert_id)",
    "CREATE INDEX alerts_unread ON alerts (lane, account_id, audience) WHERE read_at IS NULL",
    "ALTER TABLE alerts ADD CONSTRAINT somebody_is_told CHECK (audience IN ('customer', 'ops'))",
    HEALTH,
)
DOWN = (
    "DROP TABLE health",
    "ALTER TABLE alerts DROP CONSTRAINT somebody_is_told",
    "DROP INDEX alerts_unread",
    "DROP INDEX alerts_by_time",
    "DROP INDEX alerts_by_id",
)


def upgrade() -> None:
    """Alerts that are there become listed."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Alerts stay, read or not."""
    for statement in DOWN:
        op.execute(statement)
