"""Sums of the usage log by hour and by all that it is looked at by.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"

UP = (
    """
    CREATE TABLE hourly_usage (
        lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
        account_id UUID NOT NULL,
        hour TIMESTAMP WITH TIME ZONE NOT NULL,
        site_id UUID,
        operation_type TEXT NOT NULL,
        model TEXT,
        provider TEXT,
        image_quality TEXT,
        item_kind TEXT,
        source TEXT NOT NULL,
        status TEXT NOT NULL,
        actions BIGINT NOT NULL CHECK (actions > 0),
        credits BIGINT NOT NULL CHECK (credits >= 0),
        shortfall BIGINT NOT NULL CHECK (shortfall >= 0),
        cost_usd NUMERIC(20, 8) NOT NULL,
        tokens_input NUMERIC NOT NULL CHECK (tokens_input >= 0),
        tokens_output NUMERIC NOT NULL CHECK (tokens_output >= 0),
        items NUMERIC NOT NULL CHECK (items >= 0),
        response_ms NUMERIC NOT NULL CHECK (response_ms >= 0),
        responses BIGINT NOT NULL CHECK (responses >= 0),
        CONSTRAINT hourly_usage_key UNIQUE NULLS NOT DISTINCT
            (lane, account_id, hour, site_id, operation_type, model, provider, image_quality,
             item_kind, source, status)
    ) WITH (fillfactor = 80)
    """,
    """
    INSERT INTO hourly_usage
    SELECT lane, account_id, date_trunc('hour', created_at, 'UTC'), site_id, operation_type,
           model_used, provider, image_quality, item_kind, source, status, count(*),
           sum(credits_used), sum(shortfall), coalesce(sum(cost_usd), 0),
           coalesce(sum(tokens_input), 0), coalesce(sum(tokens_output), 0), sum(items_created),
           coalesce(sum(response_time_ms), 0), count(response_time_ms)
    FROM usage
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ORDER BY 1, 2, 3
    """,
    # For pages of everybody's log; 0.7 us a row.
    "CREATE INDEX usage_by_time ON usage (created_at, usage_id)",
)


def upgrade() -> None:
    """Sum up what is there."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """The usage log still says it all."""
    op.execute("DROP INDEX usage_by_time")
    op.execute("DROP TABLE hourly_usage")
