"""Whatever a developer changed by hand he has signed for (I15)."""

from collections.abc import Collection

from shared.contracts.credits import (
    AdjustmentRequested,
    CostConfigUpdateRequested,
    ModelPriceUpdateRequested,
)
from shared.contracts.message import Message
from shared.kafka import Letter
from shared.verify.signed import Made, check

# A model that stops being the default has nobody's command of its own, but its successor's.
MADE = """
    SELECT account_id::text AS account_id, 'a change by hand that nobody has signed for' AS what,
           jsonb_build_object('topic', topic, 'id', id, 'user_id', user_id)::text AS numbers
    FROM (
        SELECT account_id, 'credits.adjustment.requested' AS topic, adjustment_id::text AS id,
               actor AS user_id, made_at AS at
        FROM adjustments WHERE refusal IS NULL
        UNION ALL
        SELECT NULL, 'cost.config.update.requested', operation_type || ':' || version - 1,
               content ->> 'updated_by', (content ->> 'updated_at')::timestamptz
        FROM cost_configs WHERE price_version > 1
        UNION ALL
        SELECT NULL, 'model.price.update.requested', model || ':' || version - 1,
               content ->> 'updated_by', (content ->> 'updated_at')::timestamptz
        FROM model_prices WHERE price_version > 1 AND (content -> 'is_default')::boolean
    ) AS made
    JOIN unnest($1::text[], $2::text[]) AS kept (topic, since) USING (topic)
    WHERE at >= since::timestamptz AND NOT EXISTS (
        SELECT FROM unnest($3::text[], $4::text[], $5::text[])
                    AS signed (topic, id, user_id)
        WHERE (signed.topic, signed.id, signed.user_id) = (made.topic, made.id, made.user_id))
"""
COUNT = """
    SELECT (SELECT count(*) FROM adjustments WHERE refusal IS NULL)
         + (SELECT count(*) FROM cost_configs WHERE price_version > 1)
         + (SELECT count(*) FROM model_prices WHERE price_version > 1)
"""


def names_of(_: Letter, said: Message) -> Collection[str]:
    """A price is changed once from each of its versions."""
    if isinstance(said, CostConfigUpdateRequested | ModelPriceUpdateRequested):
        return [f"{said.subject}:{said.expected_version}"]
    return [said.subject]


BY_HAND = Made(
    (AdjustmentRequested, CostConfigUpdateRequested, ModelPriceUpdateRequested),
    names_of,
    MADE,
    COUNT,
)
CHECKS = (check(BY_HAND),)
