"""A run is in one state, ends once, and its sums are those of its operations (I4 to I6)."""

from shared.verifying import counted, guarded_by, kept_by, of_rows

ONE_STATE = """
    SELECT account_id, 'a run is in no state or in two' AS what, jsonb_build_object(
        'run_id', run_id, 'state', state, 'closed_at', closed_at, 'remaining', remaining,
        'is_requested', request IS NOT NULL, 'is_refused', refusal IS NOT NULL) AS numbers
    FROM runs
    WHERE (closed_at IS NULL) <> (state IN ('refused', 'approved', 'running'))
       OR (remaining > 0 AND state NOT IN ('approved', 'running'))
       OR (state = 'refused' AND refusal IS NULL)
       OR (state IN ('approved', 'running') AND refusal IS NOT NULL)
       OR (refusal IS NOT NULL AND held + charged > 0)
    UNION ALL
    SELECT account_id, 'one run stands there several times',
           jsonb_build_object('run_id', run_id, 'runs', count(*))
    FROM runs GROUP BY account_id, run_id HAVING count(*) > 1
    UNION ALL
    SELECT account_id, 'a run lies in a lane that is not its account''s',
           jsonb_build_object('run_id', run_id, 'lane', lane)
    FROM runs WHERE NOT EXISTS (
        SELECT FROM accounts WHERE (accounts.lane, accounts.account_id)
                                 = (runs.lane, runs.account_id))
"""
STAGES = """
    SELECT account_id, 'a run has ended and one of its stages has not' AS what,
           jsonb_build_object('run_id', run_id, 'state', state, 'stages', stages) AS numbers
    FROM runs
    WHERE state IN ('completed', 'stopped', 'expired') AND refusal IS NULL
      AND jsonb_path_exists(stages, '$[*] ? (!exists(@.state) || @.state == "running")')
    UNION ALL
    SELECT account_id, 'the stages of a run were charged more than the run',
           jsonb_build_object('run_id', run_id, 'charged', charged, 'stages', stages)
    FROM runs
    WHERE (SELECT sum((stage -> 'charged')::bigint) FROM jsonb_array_elements(stages) AS stage)
          > charged
"""
# A run counts what is charged while it is open. What bears the very moment of its beginning or of
# its end came in the same batch, before or after it; and what was charged before anybody asked for
# it may have learnt only then whose it is.
SUMS = """
    SELECT account_id, 'a run and its operations do not agree' AS what, jsonb_build_object(
        'run_id', run_id, 'charged', charged, 'at_least', surely, 'at_most', perhaps,
        'shortfall', shortfall, 'held', held, 'remaining', remaining, 'released', released,
        'may_have_used', used) AS numbers
    FROM runs LEFT JOIN (
        SELECT run.lane, run.account_id, run.run_id,
               sum(work.charged) FILTER (
                   WHERE work.closed_at > run.created_at AND NOT work.answered_late
                     AND (run.closed_at IS NULL OR work.closed_at < run.closed_at)) AS surely,
               sum(work.charged) FILTER (
                   WHERE work.closed_at >= run.created_at
                     AND (run.closed_at IS NULL OR work.closed_at <= run.closed_at)) AS perhaps,
               sum(work.shortfall) FILTER (
                   WHERE work.closed_at >= run.created_at
                     AND (run.closed_at IS NULL OR work.closed_at <= run.closed_at)) AS short,
               sum(work.held + work.charged) AS used
        FROM runs AS run JOIN reservations AS work
             ON work.lane = run.lane AND work.account_id = run.account_id
            AND work.run_id = run.run_id
        GROUP BY 1, 2, 3
    ) AS work USING (lane, account_id, run_id)
    WHERE state <> 'refused'
      AND (charged < coalesce(surely, 0) OR charged > coalesce(perhaps, 0)
           OR shortfall > coalesce(short, 0)
           OR held - remaining - released NOT BETWEEN 0 AND coalesce(used, 0))
"""
OUTCOMES = """
    SELECT account_id, 'who asked for a run cannot read the outcome' AS what, jsonb_build_object(
        'run_id', run_id, 'state', state, 'is_requested', request IS NOT NULL,
        'is_refused', refusal IS NOT NULL) AS numbers
    FROM runs
    WHERE (request IS NULL) <> (requested_at IS NULL)
       OR (request IS NULL
           AND (refusal IS NOT NULL OR held > 0 OR state IN ('refused', 'approved', 'running')))
"""

CHECKS = (
    of_rows("I4", ONE_STATE, counted("runs")),
    of_rows("I4", STAGES),
    guarded_by("I4", "runs_end_in_time", "open_runs_hold"),
    of_rows("I5", SUMS, counted("runs")),
    kept_by("I5", "runs", "ended_runs_stay"),
    guarded_by("I5", "runs_hold_what_they_held"),
    of_rows("I6", OUTCOMES, counted("runs", "request IS NOT NULL")),
)
