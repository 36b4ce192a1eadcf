"""Nobody holds more than he has, and what is held is held for something (I2, I3), in time (I16)."""

from shared.verifying import Rule, by_row, counted, guarded_by, of_rows, overdue

FLOOR = """
    SELECT account_id, 'more is held than there is' AS what, jsonb_build_object(
        'plan_bucket', plan_bucket, 'purchased_bucket', purchased_bucket, 'held', held) AS numbers
    FROM accounts
    WHERE plan_bucket < 0 OR purchased_bucket < 0 OR held < 0
       OR held > plan_bucket + purchased_bucket
"""
HELD = """
    SELECT account_id, 'what is held is not the sum of the open reservations' AS what,
           jsonb_build_object('held', account.held, 'reserved', reserved, 'operations', operations,
                              'runs', runs, 'clawbacks', clawbacks) AS numbers
    FROM (SELECT lane, account_id, held FROM accounts) AS account
    FULL JOIN (
        SELECT lane, account_id, sum(held) AS reserved,
               count(*) FILTER (WHERE kind = 'operation') AS operations,
               count(*) FILTER (WHERE kind = 'run') AS runs,
               count(*) FILTER (WHERE kind = 'clawback') AS clawbacks
        FROM (
            SELECT lane, account_id, 'operation' AS kind, held
            FROM reservations WHERE state = 'held'
            UNION ALL
            SELECT lane, account_id, 'run', remaining
            FROM runs WHERE state IN ('approved', 'running')
            UNION ALL
            SELECT lane, account_id, 'clawback', frozen FROM clawbacks WHERE state = 'frozen'
        ) AS open GROUP BY lane, account_id
    ) AS reservation USING (lane, account_id)
    WHERE coalesce(account.held, 0) <> coalesce(reserved, 0)
"""
OVERDUE = """
    SELECT account_id, 'a hold is open after its time' AS what, jsonb_build_object(
        'operation_id', subject_id, 'held', held, 'expires_at', expires_at) AS numbers
    FROM reservations
    WHERE state = 'held'
      AND expires_at < clock_timestamp() + make_interval(secs => $1::float8 - $2::float8)
    UNION ALL
    SELECT account_id, 'a run is open after its time', jsonb_build_object(
        'run_id', run_id, 'remaining', remaining, 'expires_at', expires_at)
    FROM runs
    WHERE state IN ('approved', 'running')
      AND expires_at < clock_timestamp() + make_interval(secs => $1::float8 - $2::float8)
"""


CHECKS = (
    of_rows("I2", FLOOR, counted("accounts")),
    by_row(
        "ledger",
        {"I1": "true", "I2": "false"},
        Rule(
            "I2",
            "a balance was below nothing",
            "jsonb_build_object('seq', seq, 'balance_after', balance_after)",
            "balance_after < 0",
        ),
    ),
    guarded_by("I2", "never_below_nothing"),
    of_rows("I3", HELD, counted("accounts")),
    guarded_by("I3", "open_runs_hold", "clawbacks_freeze_what_was_asked"),
    of_rows("I16", OVERDUE, counted("reservations", "state = 'held'"), overdue),
)
