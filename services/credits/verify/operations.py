"""An operation has one reservation and one end, and is charged as it ended (I4 to I6)."""

from shared.verifying import Rule, by_row, guarded_by, kept_by, of_rows

# Twice in one lane the primary key refuses; in two lanes one of them is not its account's.
ONE_RESERVATION = """
    WITH stray AS MATERIALIZED (
        SELECT lane, account_id, kind, subject_id FROM reservations WHERE NOT EXISTS (
            SELECT FROM accounts WHERE (accounts.lane, accounts.account_id)
                                     = (reservations.lane, reservations.account_id))
    )
    SELECT account_id, 'one operation has several reservations' AS what, jsonb_build_object(
        'kind', kind, 'operation_id', subject_id, 'reservations', count(*)) AS numbers
    FROM reservations
    WHERE (account_id, kind, subject_id) IN (SELECT account_id, kind, subject_id FROM stray)
    GROUP BY account_id, kind, subject_id HAVING count(*) > 1
    UNION ALL
    SELECT account_id, 'a reservation lies in a lane that is not its account''s',
           jsonb_build_object('operation_id', subject_id, 'lane', lane)
    FROM stray
    UNION ALL
    SELECT account_id, 'an account lies in several lanes', jsonb_build_object('lanes', count(*))
    FROM accounts GROUP BY account_id HAVING count(*) > 1
"""
ROWS = by_row(
    "reservations",
    {
        "I1": "charge_seq IS NOT NULL",
        "I4": "true",
        "I5": "true",
        "I6": "request IS NOT NULL",
        "I17": "charge_seq IS NOT NULL",
    },
    Rule(
        "I4",
        "a reservation is in no state or in two",
        """
        jsonb_build_object(
            'operation_id', subject_id, 'state', state, 'closed_at', closed_at,
            'close_reason', close_reason, 'is_refused', refusal IS NOT NULL)
        """,
        """
        state NOT IN ('held', 'committed', 'committed_late', 'released', 'expired', 'refused')
        OR (closed_at IS NULL) <> (state IN ('held', 'refused'))
        OR (close_reason IS NULL) <> (closed_at IS NULL)
        OR (state = 'held' AND refusal IS NOT NULL) OR (state = 'refused' AND refusal IS NULL)
        """,
    ),
    Rule(
        "I5",
        "an operation ended in one way and was charged in another",
        """
        jsonb_build_object(
            'operation_id', subject_id, 'state', state, 'held', held, 'charged', charged,
            'shortfall', shortfall, 'seq', charge_seq)
        """,
        """
        (state NOT IN ('committed', 'committed_late')
         AND (charged <> 0 OR shortfall <> 0 OR charge_seq IS NOT NULL))
        OR closed_at < created_at
        """,
    ),
    Rule(
        "I5",
        "more was charged than held, without an entry of its own",
        """
        jsonb_build_object(
            'operation_id', subject_id, 'held', held, 'charged', charged, 'seq', charge_seq)
        """,
        "charged > held",
        """
        EXISTS (SELECT FROM ledger WHERE ledger.lane = reservations.lane
                   AND ledger.account_id = reservations.account_id AND seq = charge_seq
                   AND plan_delta + purchased_delta = -charged)
        """,
    ),
    Rule(
        "I6",
        "who asked cannot read the outcome",
        """
        jsonb_build_object(
            'operation_id', subject_id, 'state', state, 'is_requested', request IS NOT NULL,
            'is_refused', refusal IS NOT NULL)
        """,
        """
        (request IS NULL) <> (requested_at IS NULL)
        OR (request IS NULL
            AND (refusal IS NOT NULL OR answered_late OR state IN ('held', 'refused')))
        """,
    ),
)

CHECKS = (
    ROWS,
    of_rows("I4", ONE_RESERVATION),
    guarded_by("I4", "ended_in_time", "reservations_pkey"),
    kept_by("I5", "reservations", "terminal_states_stay"),
    guarded_by("I5", "charged_once", "charged_in_the_ledger"),
)
