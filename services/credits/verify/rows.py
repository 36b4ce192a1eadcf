"""What must be true of the rows of credits: each statement finds where it is not.

They compute from what is there, never from what the service remembers. Row by row that would take
half a minute a million entries; so what belongs together is first summed up under a hash for each
account, and only accounts whose sums differ are looked at row by row.
"""

from shared.verifying import Snapshot, guarded_by, of_rows

# An entry leads from the balance before it to the one after it. When all of an account's are one
# chain, everything between its first and last balance cancels out.
BALANCES = """
    WITH entry AS MATERIALIZED (
        SELECT lane, account_id, count(*) AS entries, sum(plan_delta) AS plan_entries,
               sum(purchased_delta) AS purchased_entries,
               sum(hashint8extended(balance_after, seq)) AS after,
               sum(hashint8extended(
                   balance_after - plan_delta - purchased_delta, seq - 1)) AS before
        FROM ledger GROUP BY lane, account_id
    ), suspect AS MATERIALIZED (
        SELECT lane, account_id FROM accounts FULL JOIN entry USING (lane, account_id)
        WHERE coalesce(after, 0) + hashint8extended(0, 0) IS DISTINCT FROM
              coalesce(before, 0) + hashint8extended(plan_bucket + purchased_bucket, seq)
    )
    SELECT account_id, 'a balance is not the sum of its entries' AS what, jsonb_build_object(
        'plan_bucket', plan_bucket, 'plan_entries', plan_entries,
        'purchased_bucket', purchased_bucket, 'purchased_entries', purchased_entries,
        'seq', seq, 'entries', entries) AS numbers
    FROM accounts FULL JOIN entry USING (lane, account_id)
    WHERE (plan_bucket, purchased_bucket, seq) IS DISTINCT FROM
          (coalesce(plan_entries, 0), coalesce(purchased_entries, 0), coalesce(entries, 0))
    UNION ALL
    SELECT account_id, 'an entry does not follow from the one before it',
           jsonb_build_object('seq', seq, 'follows_seq', seq_before, 'balance_before', before,
                              'amount', amount, 'balance_after', balance_after)
    FROM (
        SELECT account_id, seq, plan_delta + purchased_delta AS amount, balance_after,
               lag(seq, 1, 0::bigint) OVER entries AS seq_before,
               lag(balance_after, 1, 0::bigint) OVER entries AS before
        FROM ledger JOIN suspect USING (lane, account_id)
        WINDOW entries AS (PARTITION BY lane, account_id ORDER BY seq)
    ) AS entry
    WHERE balance_after <> before + amount OR seq <> seq_before + 1
"""
CAUSES = """
    WITH cause AS NOT MATERIALIZED (
        SELECT lane, account_id, coalesce(charge_seq, 0) AS seq, -charged AS caused,
               'operation' AS reference_type, subject_id::text AS reference_id
        FROM reservations WHERE charged > 0 OR charge_seq IS NOT NULL
        UNION ALL
        SELECT lane, account_id, coalesce(seq, 0), credits,
               'invoice_line', invoice_id || ':' || line
        FROM grants WHERE credits > 0 OR seq IS NOT NULL
    ), suspect AS MATERIALIZED (
        SELECT lane, account_id FROM (
            SELECT lane, account_id, sum(hashint8extended(plan_delta + purchased_delta,
                   hashtextextended(reference_type, hashtextextended(reference_id, seq)))) AS hash
            FROM ledger GROUP BY lane, account_id
        ) AS moved FULL JOIN (
            SELECT lane, account_id, sum(hashint8extended(caused,
                   hashtextextended(reference_type, hashtextextended(reference_id, seq)))) AS hash
            FROM cause GROUP BY lane, account_id
        ) AS caused USING (lane, account_id)
        WHERE moved.hash IS DISTINCT FROM caused.hash
    )
    SELECT account_id, 'an entry and its cause do not agree' AS what, jsonb_build_object(
        'seq', seq, 'amount', plan_delta + purchased_delta, 'reference_id', entry.reference_id,
        'cause', cause.reference_id, 'caused', caused) AS numbers
    FROM (SELECT * FROM ledger JOIN suspect USING (lane, account_id)) AS entry
    FULL JOIN (SELECT * FROM cause JOIN suspect USING (lane, account_id)) AS cause
         USING (lane, account_id, seq)
    WHERE (plan_delta + purchased_delta, entry.reference_type, entry.reference_id)
          IS DISTINCT FROM (caused, cause.reference_type, cause.reference_id)
"""
# Usage is kept for a time only: what was charged before the oldest of it has none any more.
USED = """
    WITH operation AS NOT MATERIALIZED (
        SELECT lane, account_id, subject_id, charged, shortfall FROM reservations
        WHERE state IN ('committed', 'committed_late')
          AND closed_at >= coalesce((SELECT min(created_at) FROM usage), '-infinity')
    ), suspect AS MATERIALIZED (
        SELECT lane, account_id FROM (
            SELECT lane, account_id,
                   sum(charged * uuid_hash_extended(subject_id, 0)::numeric)
                   + sum(shortfall * uuid_hash_extended(subject_id, 1)::numeric) AS hash
            FROM operation GROUP BY lane, account_id
        ) AS charged FULL JOIN (
            SELECT lane, account_id,
                   sum(credits_used * uuid_hash_extended(operation_id, 0)::numeric)
                   + sum(shortfall * uuid_hash_extended(operation_id, 1)::numeric) AS hash
            FROM usage GROUP BY lane, account_id
        ) AS used USING (lane, account_id)
        WHERE coalesce(charged.hash, 0) <> coalesce(used.hash, 0)
    )
    SELECT account_id, 'an operation and its usage do not agree' AS what, jsonb_build_object(
        'operation_id', subject_id, 'charged', charged, 'used', used,
        'shortfall', operation.shortfall, 'usage_shortfall', usage.shortfall) AS numbers
    FROM (SELECT * FROM operation JOIN suspect USING (lane, account_id)) AS operation
    FULL JOIN (
        SELECT lane, account_id, operation_id AS subject_id, sum(credits_used) AS used,
               sum(shortfall) AS shortfall
        FROM usage JOIN suspect USING (lane, account_id)
        WHERE status <> 'failed' GROUP BY lane, account_id, operation_id
    ) AS usage USING (lane, account_id, subject_id)
    WHERE (charged, operation.shortfall) IS DISTINCT FROM (used, usage.shortfall)
"""
MONTHS = """
    SELECT account_id, 'what was used this month is not what was deducted in it' AS what,
           jsonb_build_object('month', month, 'used', used, 'deducted', deducted) AS numbers
    FROM accounts LEFT JOIN (
        SELECT lane, account_id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
               -sum(plan_delta + purchased_delta) AS deducted
        FROM ledger WHERE type = 'deduction' GROUP BY 1, 2, 3
    ) AS entry USING (lane, account_id, month)
    WHERE used <> coalesce(deducted, 0)
"""
FLOOR = """
    SELECT account_id, 'more is held than there is' AS what, jsonb_build_object(
        'plan_bucket', plan_bucket, 'purchased_bucket', purchased_bucket, 'held', held) AS numbers
    FROM accounts
    WHERE plan_bucket < 0 OR purchased_bucket < 0 OR held < 0
       OR held > plan_bucket + purchased_bucket
    UNION ALL
    SELECT account_id, 'a balance was below nothing',
           jsonb_build_object('seq', seq, 'balance_after', balance_after)
    FROM ledger WHERE balance_after < 0
"""
HELD = """
    SELECT account_id, 'what is held is not the sum of the open reservations' AS what,
           jsonb_build_object('held', held, 'reserved', reserved, 'reservations', open) AS numbers
    FROM (SELECT lane, account_id, held FROM accounts) AS account
    FULL JOIN (
        SELECT lane, account_id, sum(held) AS reserved, count(*) AS open
        FROM reservations WHERE state = 'held' GROUP BY lane, account_id
    ) AS reservation USING (lane, account_id)
    WHERE coalesce(held, 0) <> coalesce(reserved, 0)
"""
ONE_RESERVATION = """
    SELECT account_id, 'one operation has several reservations' AS what, jsonb_build_object(
        'kind', kind, 'operation_id', subject_id, 'reservations', count(*)) AS numbers
    FROM reservations GROUP BY account_id, kind, subject_id HAVING count(*) > 1
    UNION ALL
    SELECT account_id, 'a reservation lies in a lane that is not its account''s',
           jsonb_build_object('operation_id', subject_id, 'lane', lane)
    FROM reservations WHERE NOT EXISTS (
        SELECT FROM accounts
        WHERE (accounts.lane, accounts.account_id) = (reservations.lane, reservations.account_id))
"""
ONE_STATE = """
    SELECT account_id, 'a reservation is in no state or in two' AS what, jsonb_build_object(
        'operation_id', subject_id, 'state', state, 'closed_at', closed_at,
        'close_reason', close_reason, 'is_refused', refusal IS NOT NULL) AS numbers
    FROM reservations
    WHERE state NOT IN ('held', 'committed', 'committed_late', 'released', 'expired', 'refused')
       OR (closed_at IS NULL) <> (state IN ('held', 'refused'))
       OR (close_reason IS NULL) <> (closed_at IS NULL)
       OR (state = 'held' AND refusal IS NOT NULL) OR (state = 'refused' AND refusal IS NULL)
"""
ENDS = """
    SELECT account_id, 'an operation ended in one way and was charged in another' AS what,
           jsonb_build_object('operation_id', subject_id, 'state', state, 'held', held, 'charged',
                              charged, 'shortfall', shortfall, 'seq', charge_seq) AS numbers
    FROM reservations
    WHERE (state NOT IN ('committed', 'committed_late')
           AND (charged <> 0 OR shortfall <> 0 OR charge_seq IS NOT NULL))
       OR closed_at < created_at
    UNION ALL
    SELECT account_id, 'more was charged than held, without an entry of its own',
           jsonb_build_object('operation_id', subject_id, 'held', held, 'charged', charged,
                              'seq', charge_seq)
    FROM reservations WHERE charged > held AND NOT EXISTS (
        SELECT FROM ledger WHERE ledger.lane = reservations.lane
           AND ledger.account_id = reservations.account_id AND seq = charge_seq
           AND plan_delta + purchased_delta = -charged)
"""
TRIGGER = """
    SELECT NULL::uuid AS account_id, 'the database does not keep terminal states any more' AS what,
           jsonb_build_object('trigger', name) AS numbers
    FROM (VALUES ('terminal_states_stay')) AS wanted (name) WHERE NOT EXISTS (
        SELECT FROM pg_trigger
        WHERE tgrelid = 'reservations'::regclass AND tgname = name AND tgenabled IN ('O', 'A'))
"""
OUTCOMES = """
    SELECT account_id, 'who asked cannot read the outcome' AS what, jsonb_build_object(
        'operation_id', subject_id, 'state', state, 'is_requested', request IS NOT NULL,
        'is_refused', refusal IS NOT NULL) AS numbers
    FROM reservations
    WHERE (request IS NULL) <> (requested_at IS NULL)
       OR (request IS NULL
           AND (refusal IS NOT NULL OR answered_late OR state IN ('held', 'refused')))
"""
OVERDUE = """
    SELECT account_id, 'a hold is open after its time' AS what, jsonb_build_object(
        'operation_id', subject_id, 'held', held, 'expires_at', expires_at) AS numbers
    FROM reservations
    WHERE state = 'held' AND kind IN ('operation', 'run')
      AND expires_at < clock_timestamp() + make_interval(secs => $1::float8 - $2::float8)
"""


def overdue(snapshot: Snapshot) -> tuple[float, float]:
    return snapshot.clock_offset, snapshot.tolerance.overdue_seconds


def counted(table: str, condition: str = "true") -> str:
    return f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608 - Constants of this file.


CHECKS = (
    of_rows("I1", BALANCES, counted("ledger")),
    of_rows("I1", CAUSES),
    of_rows("I1", USED, counted("usage")),
    of_rows("I1", MONTHS),
    of_rows("I2", FLOOR, counted("accounts")),
    guarded_by("I2", "never_below_nothing"),
    of_rows("I3", HELD, counted("accounts")),
    of_rows("I4", ONE_RESERVATION, counted("reservations")),
    of_rows("I4", ONE_STATE),
    guarded_by("I4", "ended_in_time"),
    of_rows("I5", ENDS, counted("reservations")),
    of_rows("I5", TRIGGER),
    guarded_by("I5", "charged_once", "charged_in_the_ledger"),
    of_rows("I6", OUTCOMES, counted("reservations", "request IS NOT NULL")),
    of_rows("I16", OVERDUE, counted("reservations", "state = 'held'"), overdue),
)
