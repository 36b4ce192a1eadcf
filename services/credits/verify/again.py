"""A second calculation, which shares no code with the service, ends at the same numbers (I17).

Balances from their causes alone; and what each operation costs by the price list that was promised
for it, as `domain.md` 8.1 has it: by tokens (P2) and by images (P3), rounded up once.
"""

from shared.verifying import counted, of_rows

BALANCES = """
    SELECT account_id, 'a balance is not what its causes add up to' AS what, jsonb_build_object(
        'balance', plan_bucket + purchased_bucket, 'granted', granted, 'charged', charged,
        'taken_back', taken, 'adjusted', adjusted) AS numbers
    FROM accounts
    FULL JOIN (
        SELECT lane, account_id, sum(credits) AS granted FROM grants GROUP BY 1, 2
    ) AS given USING (lane, account_id)
    FULL JOIN (
        SELECT lane, account_id, sum(charged) AS charged FROM reservations GROUP BY 1, 2
    ) AS used USING (lane, account_id)
    FULL JOIN (
        SELECT lane, account_id, sum(from_plan + from_purchased) AS taken
        FROM clawbacks WHERE revoked_at IS NOT NULL AND reversed_at IS NULL GROUP BY 1, 2
    ) AS back USING (lane, account_id)
    FULL JOIN (
        SELECT lane, account_id, sum(amount) AS adjusted
        FROM adjustments WHERE refusal IS NULL GROUP BY 1, 2
    ) AS by_hand USING (lane, account_id)
    WHERE coalesce(plan_bucket + purchased_bucket, 0)
          <> coalesce(granted, 0) - coalesce(charged, 0) - coalesce(taken, 0)
             + coalesce(adjusted, 0)
"""
# What nobody's numbers price is left out: rows without tokens, and models that are in no list.
PRICES = """
    WITH kind AS MATERIALIZED (
        SELECT DISTINCT price_version, operation_type, model_used, image_quality FROM usage
    ), price AS MATERIALIZED (
        SELECT kind.*, config ->> 'mode' AS mode,
               coalesce((config ->> 'min_credits')::bigint, 0) AS least,
               (1000 * (config ->> 'tokens_per_credit')::numeric)::bigint AS a_credit,
               (1000 * (model ->> 'credit_multiplier')::numeric)::bigint AS a_token,
               coalesce((model ->> 'credits_per_image')::bigint,
                        (tier ->> 'credits_per_image')::bigint,
                        (config ->> 'credits_per_unit')::bigint) AS image
        FROM kind
        CROSS JOIN LATERAL (
            SELECT content FROM cost_configs
            WHERE cost_configs.operation_type = kind.operation_type
              AND cost_configs.price_version <= kind.price_version
            ORDER BY version DESC LIMIT 1
        ) AS configs (config)
        CROSS JOIN LATERAL (
            SELECT content FROM model_prices
            WHERE model_prices.model = model_used
              AND model_prices.price_version <= kind.price_version
            ORDER BY version DESC LIMIT 1
        ) AS models (model)
        LEFT JOIN LATERAL (
            SELECT content FROM (
                SELECT DISTINCT ON (model_prices.model) content FROM model_prices
                WHERE model_prices.price_version <= kind.price_version
                ORDER BY model_prices.model, version DESC
            ) AS known
            WHERE content ->> 'kind' = 'image' AND (content -> 'is_default')::boolean
              AND content ->> 'image_quality' = kind.image_quality
        ) AS tiers (tier) ON true
    )
    SELECT account_id, 'an operation cost something else than its price list says' AS what,
           jsonb_build_object('operation_id', operation_id, 'credits', credits,
                              'by_the_price_list', expected, 'price_version', price_version)
           AS numbers
    FROM (
        SELECT account_id, operation_id, usage.price_version, credits_used + shortfall AS credits,
               CASE WHEN mode = 'image' THEN items_created * image
               WHEN tokens_input + tokens_output < 1000000000 THEN greatest(
                   least, ((tokens_input + tokens_output) * a_token + a_credit - 1) / a_credit)
               ELSE least(ceil((tokens_input + tokens_output)::numeric * a_token / a_credit),
                          1000000000000)
               END AS expected
        FROM usage JOIN price
             ON usage.price_version = price.price_version
            AND usage.operation_type = price.operation_type
            AND usage.model_used = price.model_used
            AND usage.image_quality IS NOT DISTINCT FROM price.image_quality
        WHERE status <> 'failed'
          AND (mode = 'tokens' AND tokens_input IS NOT NULL AND tokens_output IS NOT NULL
               OR mode = 'image' AND usage.image_quality IS NOT NULL)
    ) AS row
    WHERE credits <> expected
"""
VERSIONS = """
    SELECT NULL::uuid AS account_id, 'the price versions have a gap or a repeat' AS what,
           jsonb_build_object('price_version', price_version, 'follows', before) AS numbers
    FROM (
        SELECT price_version, lag(price_version, 1, 1) OVER (ORDER BY price_version) AS before
        FROM (
            SELECT price_version FROM cost_configs WHERE price_version > 1
            UNION ALL SELECT price_version FROM model_prices WHERE price_version > 1
        ) AS change
    ) AS change WHERE price_version <> before + 1
    UNION ALL
    SELECT NULL, 'the versions of a price have a gap', jsonb_build_object(
        'code', code, 'version', max(version), 'rows', count(*))
    FROM (
        SELECT operation_type AS code, version FROM cost_configs
        UNION ALL SELECT model, version FROM model_prices
    ) AS row GROUP BY code HAVING max(version) - min(version) + 1 <> count(*)
"""

CHECKS = (
    of_rows("I17", BALANCES, counted("accounts")),
    of_rows("I17", PRICES),
    of_rows("I17", VERSIONS),
)
