"""Nobody has more than his limits without being told, and nothing was granted twice (I4, I7)."""

from collections.abc import Sequence

from services.limits.book import HARD_TYPES
from shared.mirror import SEED_PLANS
from shared.verifying import Snapshot, counted, guarded_by, of_rows

# Plans as announced, else the seed rows; what an account has not followed yet is not held against.
ALLOWED = """
    SELECT plan_code, limit_type, plans.version,
           (plans.content ->> ('max_' || limit_type))::bigint AS allowed
    FROM plans CROSS JOIN unnest($4::text[]) AS limit_type
    UNION ALL
    SELECT seed.plan_code, seed.limit_type, 0, seed.allowed
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS seed (plan_code, limit_type, allowed)
    WHERE NOT EXISTS (SELECT FROM plans WHERE plans.plan_code = seed.plan_code)
"""
NOT_TOLD = f"""
    SELECT account_id, 'a limit is passed by more or less than was told' AS what,
           jsonb_build_object('type', limit_type, 'used', used, 'limit', its_limit,
                              'over_by', over_by) AS numbers
    FROM (
        SELECT c.account_id, c.limit_type, c.used, c.over_by,
               CASE WHEN o.is_set THEN o.allowed ELSE plan.allowed END AS its_limit
        FROM counters c JOIN accounts a USING (lane, account_id)
        LEFT JOIN overrides o USING (lane, account_id, limit_type)
        JOIN ({ALLOWED}) AS plan
             ON plan.plan_code = a.plan_code AND plan.limit_type = c.limit_type
            AND plan.version <= a.plan_version
        WHERE c.month = '-'
    ) AS hard
    WHERE over_by <> coalesce(greatest(0, used - its_limit), 0)
"""  # noqa: S608 - Constants of this file.
NOT_SOUGHT = """
    SELECT account_id, 'an account has limits of its own and is not marked so' AS what,
           jsonb_build_object('limits', count(*)) AS numbers
    FROM overrides JOIN accounts USING (lane, account_id)
    WHERE NOT is_overridden GROUP BY account_id
"""
# As every yes said it for ever. Whoever asked for a site that was there already was given nothing:
# his request was open for no time at all. Without OFFSET each answer would be read twice.
MORE_THAN_ALLOWED = """
    SELECT account_id, 'more was granted than the limit gave' AS what,
           jsonb_build_object('type', limit_type, 'id', id, 'current', said -> 'current',
                              'limit', said -> 'limit') AS numbers
    FROM (
        SELECT account_id, limit_type, request_id::text AS id,
               convert_from(answer, 'UTF8')::jsonb -> 'data' AS said
        FROM holds WHERE state <> 'refused' AND expires_at > created_at
        UNION ALL
        SELECT account_id, 'users', natural_key, convert_from(answer, 'UTF8')::jsonb -> 'data'
        FROM commands WHERE topic = 'team.invite.requested' OFFSET 0
    ) AS granted
    WHERE (said ->> 'current')::bigint > (said ->> 'limit')::bigint
"""
GRANTED = """
    SELECT (SELECT count(*) FROM holds WHERE state <> 'refused' AND expires_at > created_at)
         + (SELECT count(*) FROM commands WHERE topic = 'team.invite.requested')
"""
MORE_THAN_ASKED = """
    SELECT account_id, 'more was granted or confirmed than was asked for' AS what,
           jsonb_build_object('hold_id', hold_id, 'requested', requested, 'granted', granted,
                              'confirmed', confirmed) AS numbers
    FROM holds
    WHERE granted > requested OR confirmed > granted OR counted > confirmed
       OR (state = 'confirmed') <> (confirmed > 0)
"""
NO_OWNER = """
    SELECT account_id, 'nobody owns an account that was opened' AS what,
           jsonb_build_object('name', name) AS numbers
    FROM accounts
    WHERE is_opened AND NOT EXISTS (
        SELECT FROM members
        WHERE members.lane = accounts.lane AND members.account_id = accounts.account_id
          AND role = 'owner' AND state = 'active')
"""


def seeds(_: Snapshot) -> tuple[Sequence[object], ...]:
    """The plans that are known before anybody announces any."""
    rows = [
        (plan.plan_code, name, getattr(plan, f"max_{name}"))
        for plan in SEED_PLANS.values()
        for name in HARD_TYPES
    ]
    codes, types, limits = zip(*rows, strict=True)
    return codes, types, limits, HARD_TYPES


CHECKS = (
    of_rows("I7", NOT_TOLD, counted("counters", "month = '-'"), seeds),
    of_rows("I7", NOT_SOUGHT, counted("overrides")),
    of_rows("I7", MORE_THAN_ALLOWED, GRANTED),
    of_rows("I4", MORE_THAN_ASKED, counted("holds")),
    guarded_by("I4", "never_more_than_asked", "a_refusal_holds_nothing", "asked_is_answered"),
    of_rows("I5", NO_OWNER, counted("accounts", "is_opened")),
)
