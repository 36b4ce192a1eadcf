"""Sums of whole days; workers close the days of the past when they start.

Revision ID: 0009
"""

from alembic import op

revision = "0009"
down_revision = "0008"

LANE = "lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63)"
UP = (
    f"""
    CREATE TABLE daily_usage (
        {LANE},
        account_id UUID NOT NULL,
        day TIMESTAMP WITH TIME ZONE NOT NULL,
        site_id UUID,
        operation_type TEXT NOT NULL,
        model TEXT,
        provider TEXT,
        image_quality TEXT,
        item_kind TEXT,
        source TEXT NOT NULL,
        status TEXT NOT NULL,
        actions BIGINT NOT NULL CHECK (actions > 0),
        credits NUMERIC NOT NULL CHECK (credits >= 0),
        shortfall NUMERIC NOT NULL CHECK (shortfall >= 0),
        cost_usd NUMERIC NOT NULL,
        tokens_input NUMERIC NOT NULL CHECK (tokens_input >= 0),
        tokens_output NUMERIC NOT NULL CHECK (tokens_output >= 0),
        items NUMERIC NOT NULL CHECK (items >= 0),
        response_ms NUMERIC NOT NULL CHECK (response_ms >= 0),
        responses BIGINT NOT NULL CHECK (responses >= 0),
        CONSTRAINT daily_usage_key UNIQUE NULLS NOT DISTINCT
            (lane, account_id, day, site_id, operation_type, model, provider, image_quality,
             item_kind, source, status)
    )
    """,
    f"""
    CREATE TABLE daily_totals (
        {LANE},
        account_id UUID NOT NULL,
        day TIMESTAMP WITH TIME ZONE NOT NULL,
        actions BIGINT NOT NULL CHECK (actions > 0),
        credits NUMERIC NOT NULL CHECK (credits >= 0),
        shortfall NUMERIC NOT NULL CHECK (shortfall >= 0),
        cost_usd NUMERIC NOT NULL,
        tokens_input NUMERIC NOT NULL CHECK (tokens_input >= 0),
        tokens_output NUMERIC NOT NULL CHECK (tokens_output >= 0),
        items NUMERIC NOT NULL CHECK (items >= 0),
        response_ms NUMERIC NOT NULL CHECK (response_ms >= 0),
        responses BIGINT NOT NULL CHECK (responses >= 0),
        failures BIGINT NOT NULL CHECK (failures BETWEEN 0 AND actions),
        first_kind TEXT,
        last_kind TEXT,
        PRIMARY KEY (lane, account_id, day)
    )
    """,
    f"""
    CREATE TABLE daily_ledger (
        {LANE},
        account_id UUID NOT NULL,
        day TIMESTAMP WITH TIME ZONE NOT NULL,
        type TEXT NOT NULL,
        entries BIGINT NOT NULL CHECK (entries > 0),
        came NUMERIC NOT NULL CHECK (came >= 0),
        moved NUMERIC NOT NULL CHECK (moved <= came),
        last_seq BIGINT NOT NULL CHECK (last_seq >= entries),
        PRIMARY KEY (lane, account_id, day, type)
    )
    """,
    """
    CREATE TABLE closed_days (
        single BOOLEAN NOT NULL CHECK (single),
        closed_until TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (single)
    )
    """,
    "CREATE INDEX hourly_usage_by_time ON hourly_usage USING brin (hour)",
)
DOWN = (
    "DROP INDEX hourly_usage_by_time",
    "DROP TABLE closed_days",
    "DROP TABLE daily_ledger",
    "DROP TABLE daily_totals",
    "DROP TABLE daily_usage",
)


def upgrade() -> None:
    """Nothing is summed up here: questions read hours until days are closed."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """The hours and the ledger still say it all."""
    for statement in DOWN:
        op.execute(statement)
