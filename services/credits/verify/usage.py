"""Usage is what was charged; its sums by hour are those of its rows, and by day the same (I1).

Both are kept for a time only, by the month; what was charged before has no usage any more.
"""

from services.credits.days import CLOSED_UNTIL
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
# Sums by day are compared by lane with those of the hours: `igny8 rebuild` looks at every kind.
DAYS_WHOSE = "sum(actions * (uuid_hash_extended(account_id, 0) & 1048575)) AS whose"
DAYS_SUMS = f"""
    {DAYS_WHOSE}, sum(actions) AS actions, sum(credits) AS credits, sum(shortfall) AS shortfall,
    sum(cost_usd) AS cost_usd, sum(tokens_input) AS tokens_input,
    sum(tokens_output) AS tokens_output, sum(items) AS items, sum(response_ms) AS response_ms,
    sum(responses) AS responses
"""
OF_DAYS = """
    SELECT lane, {added} FROM (
        SELECT lane, {sums} FROM {table} WHERE day >= ({since}) GROUP BY lane
        UNION ALL SELECT {open_hours} FROM open_hours
    ) AS days GROUP BY lane
"""
ADDED = DAYS_SUMS.replace(DAYS_WHOSE, "sum(whose) AS whose")
IN_TOTAL = OF_DAYS.format(
    added=ADDED, sums=DAYS_SUMS, table="daily_totals", since=KEPT_SINCE, open_hours="*"
)
# Of kinds there are many more: that they add up to the totals is seen by some of their sums.
SOME = "sum(credits) AS credits, sum(cost_usd) AS cost_usd, sum(items) AS items"
BY_DAY = OF_DAYS.format(
    added=f"sum(whose) AS whose, {SOME}",
    sums=f"{DAYS_WHOSE}, {SOME}",
    table="daily_usage",
    since=KEPT_SINCE,
    open_hours="lane, whose, credits, cost_usd, items",
)
DIFFERS_BY_DAY = """
    (kept.whose, kept.actions, kept.credits, kept.shortfall, kept.cost_usd, kept.tokens_input,
     kept.tokens_output, kept.items, kept.response_ms, kept.responses)
    IS DISTINCT FROM
    (in_total.whose, in_total.actions, in_total.credits, in_total.shortfall, in_total.cost_usd,
     in_total.tokens_input, in_total.tokens_output, in_total.items, in_total.response_ms,
     in_total.responses)
    OR (kept.whose, kept.credits, kept.cost_usd, kept.items)
    IS DISTINCT FROM (by_day.whose, by_day.credits, by_day.cost_usd, by_day.items)
"""
KEPT_SUMS = f"""
    sum(actions) AS actions, sum(actions * ({KEPT_KIND})) AS kinds, sum(credits) AS credits,
    {CREDITS.format(credits="credits")} AS hash,
    sum(shortfall) AS shortfall, sum(cost_usd) AS cost_usd, sum(tokens_input) AS tokens_input,
    sum(tokens_output) AS tokens_output, sum(items) AS items, sum(response_ms) AS response_ms,
    sum(responses) AS responses, {DAYS_WHOSE}
"""
USED_SUMS = f"""
    count(*) AS actions, sum({USED_KIND}) AS kinds, sum(credits_used) AS credits,
    {CREDITS.format(credits="credits_used")} AS hash,
    sum(shortfall) AS shortfall, coalesce(sum(cost_usd), 0) AS cost_usd,
    coalesce(sum(tokens_input), 0) AS tokens_input,
    coalesce(sum(tokens_output), 0) AS tokens_output, sum(items_created) AS items,
    coalesce(sum(response_time_ms), 0) AS response_ms, count(response_time_ms) AS responses
"""
DIFFER = """
    (kept.actions, kept.kinds, kept.hash, kept.credits, kept.shortfall, kept.cost_usd,
     kept.tokens_input, kept.tokens_output, kept.items, kept.response_ms, kept.responses)
    IS DISTINCT FROM
    (used.actions, used.kinds, used.hash, used.credits, used.shortfall, used.cost_usd,
     used.tokens_input, used.tokens_output, used.items, used.response_ms, used.responses)
"""
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
        SELECT lane, {DAYS_SUMS} FROM kept WHERE hour >= {CLOSED_UNTIL} GROUP BY lane
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
        FULL JOIN ({BY_DAY}) AS by_day USING (lane)
        FULL JOIN ({IN_TOTAL}) AS in_total USING (lane)
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
