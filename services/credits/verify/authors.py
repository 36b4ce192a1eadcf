"""Whatever somebody changed by hand is on record, with his name (I15).

Records are kept for a time only, by the month: what was changed before has none any more.
"""

from shared.verify.kept import KEPT_SINCE
from shared.verifying import counted, of_rows

BY_HAND = f"""
    SELECT account_id, 'a change by hand is not on record' AS what, jsonb_build_object(
        'object_type', change.object_type, 'object_id', change.object_id,
        'user_id', change.user_id) AS numbers
    FROM (
        SELECT account_id, 'adjustment' AS object_type, adjustment_id::text AS object_id,
               made_at AS at, actor AS user_id, 1 AS version
        FROM adjustments WHERE refusal IS NULL
        UNION ALL
        SELECT account_id, kind, subject_id::text, revoked_at, NULL, 1
        FROM clawbacks WHERE forced AND revoked_at IS NOT NULL
        UNION ALL
        SELECT NULL, 'cost.config', operation_type, (content ->> 'updated_at')::timestamptz,
               content ->> 'updated_by', version
        FROM cost_configs WHERE price_version > 1
        UNION ALL
        SELECT NULL, 'model.price', model, (content ->> 'updated_at')::timestamptz,
               content ->> 'updated_by', version
        FROM model_prices WHERE price_version > 1
    ) AS change
    WHERE change.at >= {KEPT_SINCE} AND NOT EXISTS (
        SELECT FROM audit
        WHERE audit.object_type = change.object_type AND audit.object_id = change.object_id
          AND audit.account_id IS NOT DISTINCT FROM change.account_id
          AND (change.user_id IS NULL OR audit.user_id = change.user_id)
          AND coalesce((after -> 'version')::bigint, 1) = change.version)
"""  # noqa: S608 - Constants of this file.
WITHOUT_A_CHANGE = """
    SELECT account_id, 'a change is on record that nobody made' AS what, jsonb_build_object(
        'audit_id', audit_id, 'action', action, 'object_type', object_type,
        'object_id', object_id) AS numbers
    FROM audit
    WHERE object_type = 'adjustment' AND NOT EXISTS (
              SELECT FROM adjustments
              WHERE adjustments.account_id = audit.account_id AND refusal IS NULL
                AND adjustment_id::text = object_id)
       OR object_type = 'cost.config' AND NOT EXISTS (
              SELECT FROM cost_configs
              WHERE operation_type = object_id AND version = (after -> 'version')::bigint)
       OR object_type = 'model.price' AND NOT EXISTS (
              SELECT FROM model_prices
              WHERE model = object_id AND version = (after -> 'version')::bigint)
"""

CHECKS = (
    of_rows("I15", BY_HAND, counted("audit")),
    of_rows("I15", WITHOUT_A_CHANGE),
)
