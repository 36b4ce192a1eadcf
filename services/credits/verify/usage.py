"""Usage is what was charged; its sums by hour are those of its rows, and by day the same (I1).

Both are kept for a time only, by the month; what was charged before has no usage any more.
"""

from collections.abc import Sequence

from services.credits.derived import CLOSED_UNTIL, NUMBERS, summed
from services.credits.partitions import KEPT_SINCE
from shared.verifying import of_rows

# Credits of an operation are weighed with a hash of its id, so that the sums of an account differ
# when they are another's. Small numbers are multiplied as integers: that is the way of nearly all.
WEIGHED = """
    coalesce(sum({credits} * (uuid_hash_extended({id}, 0) & 1048575))
             FILTER (WHERE {credits} < 1000000000000), 0)
    + coalesce(sum({credits} * uuid_hash_extended({id}, 0)::numeric)
               FILTER (WHERE {credits} >= 1000000000000), 0)
    + coalesce(sum({short} * uuid_hash_extended({id}, 1)::numeric) FILTER (WHERE {short} > 0), 0)
"""
CHARGED = WEIGHED.format(credits="charged", short="shortfall", id="subject_id")
LOGGED = WEIGHED.format(credits="credits_used", short="shortfall", id="operation_id")
# A kind of use and its hour, under a hash: only what is the same is summed up in one row. It has 31
# bits, so that it can be multiplied by how many there are.
KIND = """
    2147483647 & (date_part('epoch', {hour})::bigint # uuid_hash_extended(account_id, 1)
    # coalesce(uuid_hash_extended(site_id, 0), 0)
    # hashtextextended(operation_type, hashtextextended(source, hashtextextended(status,
      hashtextextended(coalesce({model}, ''), hashtextextended(coalesce(provider, ''),
      hashtextextended(coalesce(image_quality, ''), hashtextextended(coalesce(item_kind, ''), 0)
      )))))))
"""
KEPT_KIND = KIND.format(hour="hour", model="model")
USED_KIND = KIND.format(
    hour="date_bin('1 hour', created_at, timestamptz 'epoch')", model="model_used"
)
# By lane, for a sum an account takes memory, and a disk where there are many. Actions and credits
# are weighed with their account; the other sums are of a lane as a whole.
CREDITS = WEIGHED.format(credits="{credits}", short="shortfall", id="account_id")
# Sums by day are compared by lane with those of the hours, each kind with some of its numbers
# alone, for there are many: `igny8 rebuild` looks at all of them.
WHOSE = "sum(actions * (uuid_hash_extended(account_id, 0) & 1048575)) AS whose"
SOME = ("credits", "cost_usd", "items")
EVERY = NUMBERS.split(", ")


def of_days(table: str, names: Sequence[str]) -> str:
    """By lane: days that are closed, and the hours after them."""
    return f"""
        SELECT lane, {summed(["whose", *names])} FROM (
            SELECT lane, {WHOSE}, {summed(names)} FROM {table}
            WHERE day >= ({KEPT_SINCE}) GROUP BY lane
            UNION ALL SELECT lane, whose, {", ".join(names)} FROM open_hours
        ) AS days GROUP BY lane
    """  # noqa: S608 - Constants of these files.


def differ(one: str, other: str, names: Sequence[str]) -> str:
    """Whether two rows say something else of any of these columns."""
    of_one, of_other = (", ".join(f"{row}.{name}" for name in names) for row in (one, other))
    return f"({of_one}) IS DISTINCT FROM ({of_other})"


DIFFERS_BY_DAY = " OR ".join(
    (differ("kept", "in_total", ["whose", *EVERY]), differ("kept", "by_day", ["whose", *SOME]))
)
KEPT_SUMS = f"""
    {summed(EVERY)}, {WHOSE}, sum(actions * ({KEPT_KIND})) AS kinds,
    {CREDITS.format(credits="credits")} AS hash
"""
USED_SUMS = f"""
    count(*) AS actions, sum({USED_KIND}) AS kinds, sum(credits_used) AS credits,
    {CREDITS.format(credits="credits_used")} AS hash,
    sum(shortfall) AS shortfall, coalesce(sum(cost_usd), 0) AS cost_usd,
    coalesce(sum(tokens_input), 0) AS tokens_input,
    coalesce(sum(tokens_output), 0) AS tokens_output, sum(items_created) AS items,
    coalesce(sum(response_time_ms), 0) AS response_ms, count(response_time_ms) AS responses
"""
DIFFER = differ("kept", "used", ["kinds", "hash", *EVERY])
# How many rows there are of each kind and hour is compared under a hash, what they add up to as it
# is; `igny8 rebuild` says which day is wrong. What is looked at in lanes that differ alone stands
# behind them in a lateral join: else all hours would be sorted to be joined with none.
USED = f"""
    WITH operation AS NOT MATERIALIZED (
        SELECT * FROM reservations
        WHERE state IN ('committed', 'committed_late') AND closed_at >= ({KEPT_SINCE})
    ), kept AS NOT MATERIALIZED (
        SELECT * FROM hourly_usage WHERE hour >= ({KEPT_SINCE})
    ), open_hours AS MATERIALIZED (
        SELECT lane, {WHOSE}, {summed(EVERY)} FROM kept WHERE hour >= {CLOSED_UNTIL} GROUP BY lane
    ), lanes AS MATERIALIZED (
        SELECT lane, coalesce(charged, 0) <> coalesce(logged, 0) AS is_charged_otherwise,
               {DIFFER} AS is_summed_otherwise,
               {DIFFERS_BY_DAY} AS differs_by_day,
               jsonb_build_object('lane', lane, 'hours', kept.credits, 'days', by_day.credits,
                                  'totals', in_total.credits) AS numbers
        FROM (SELECT lane, {CHARGED} AS charged FROM operation GROUP BY lane) AS charged
        FULL JOIN (
            SELECT lane, {LOGGED} AS logged, {USED_SUMS} FROM usage GROUP BY lane
        ) AS used USING (lane)
        FULL JOIN (
            SELECT lane, {KEPT_SUMS} FROM kept GROUP BY lane
        ) AS kept USING (lane)
        FULL JOIN ({of_days("daily_usage", SOME)}) AS by_day USING (lane)
        FULL JOIN ({of_days("daily_totals", EVERY)}) AS in_total USING (lane)
    ), charged_otherwise AS MATERIALIZED (
        SELECT lane FROM lanes WHERE is_charged_otherwise
    ), summed_otherwise AS MATERIALIZED (
        SELECT lane FROM lanes WHERE is_summed_otherwise
    )
    SELECT account_id, 'an operation and its usage do not agree' AS what, jsonb_build_object(
        'operation_id', subject_id, 'charged', charged, 'used', used,
        'shortfall', operation.shortfall, 'usage_shortfall', logged.shortfall) AS numbers
    FROM (SELECT * FROM operation JOIN charged_otherwise USING (lane)) AS operation
    FULL JOIN (
        SELECT lane, account_id, operation_id AS subject_id, sum(credits_used) AS used,
               sum(shortfall) AS shortfall
        FROM usage JOIN charged_otherwise USING (lane)
        WHERE status <> 'failed' GROUP BY lane, account_id, operation_id
    ) AS logged USING (lane, account_id, subject_id)
    WHERE (charged, operation.shortfall) IS DISTINCT FROM (used, logged.shortfall)
    UNION ALL
    SELECT account_id, 'the sums by hour are not those of the usage log',
           jsonb_build_object('credits', kept.credits, 'credits_used', used.credits,
                              'actions', kept.actions, 'rows', used.actions)
    FROM (
        SELECT * FROM summed_otherwise AS wrong CROSS JOIN LATERAL (
            SELECT account_id, {KEPT_SUMS} FROM kept WHERE lane = wrong.lane GROUP BY account_id
        ) AS kept
    ) AS kept
    FULL JOIN (
        SELECT * FROM summed_otherwise AS wrong CROSS JOIN LATERAL (
            SELECT account_id, {USED_SUMS} FROM usage WHERE lane = wrong.lane GROUP BY account_id
        ) AS used
    ) AS used USING (lane, account_id)
    WHERE {DIFFER}
    UNION ALL
    SELECT NULL, 'the sums by day are not those of the hours', numbers
    FROM lanes WHERE differs_by_day
"""  # noqa: S608 - Constants.

CHECKS = (of_rows("I1", USED),)
