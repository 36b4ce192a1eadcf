"""Automation runs with their holds.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"

UP = (
    """
    CREATE TABLE runs (
        lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
        run_id UUID NOT NULL,
        account_id UUID NOT NULL,
        reservation_id UUID NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        state TEXT NOT NULL CHECK (state IN (
            'refused', 'approved', 'running', 'completed', 'stopped', 'expired')),
        available_after BIGINT NOT NULL CHECK (available_after >= 0),
        price_version INTEGER NOT NULL,
        estimated BIGINT NOT NULL CHECK (estimated >= 0),
        held BIGINT NOT NULL CHECK (held >= 0),
        remaining BIGINT NOT NULL CHECK (remaining >= 0),
        charged BIGINT NOT NULL CHECK (charged >= 0),
        shortfall BIGINT NOT NULL CHECK (shortfall >= 0),
        released BIGINT NOT NULL CHECK (released >= 0),
        requested_at TIMESTAMP WITH TIME ZONE,
        closed_at TIMESTAMP WITH TIME ZONE,
        reason TEXT,
        stages JSONB NOT NULL,
        request BYTEA,
        refusal BYTEA,
        PRIMARY KEY (lane, run_id, account_id),
        CONSTRAINT open_runs_hold CHECK (remaining = 0 OR state IN ('approved', 'running')),
        CONSTRAINT runs_hold_what_they_held CHECK (remaining + released <= held),
        CONSTRAINT runs_end_in_time CHECK (
            (closed_at IS NULL) = (state IN ('refused', 'approved', 'running')))
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX runs_open ON runs (expires_at) WHERE state IN ('approved', 'running')",
    # What has ended stays ended, and what runs was approved for good.
    """
    CREATE TRIGGER ended_runs_stay BEFORE UPDATE ON runs FOR EACH ROW
    WHEN (OLD.state <> NEW.state
          AND (OLD.state NOT IN ('approved', 'running') OR NEW.state IN ('approved', 'refused')))
    EXECUTE FUNCTION refuse_transition()
    """,
    "ALTER TABLE reservations ADD COLUMN run_id UUID",
)
DOWN = (
    # Nobody could free what open runs hold once they are forgotten.
    """
    UPDATE accounts SET held = held - remaining, version = version + 1
    FROM (SELECT lane, account_id, sum(remaining) AS remaining FROM runs GROUP BY 1, 2) AS open
    WHERE accounts.lane = open.lane AND accounts.account_id = open.account_id AND remaining > 0
    """,
    "ALTER TABLE reservations DROP COLUMN run_id",
    "DROP TABLE runs",
)


def upgrade() -> None:
    """Add the table of runs, and to operations the run that they are part of."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Free what open runs hold, and forget them."""
    for statement in DOWN:
        op.execute(statement)
