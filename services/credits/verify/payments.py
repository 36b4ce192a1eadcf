"""What was paid is granted once, and what went back is taken once, never more than it (I9, I5)."""

from shared.verifying import counted, guarded_by, kept_by, of_rows

GRANTS = """
    SELECT account_id, 'a line of an invoice was granted twice' AS what, jsonb_build_object(
        'invoice_id', invoice_id, 'line', line, 'grants', count(*)) AS numbers
    FROM grants GROUP BY account_id, invoice_id, line HAVING count(*) > 1
    UNION ALL
    SELECT account_id, 'more was granted than was paid for', jsonb_build_object(
        'invoice_id', invoice_id, 'line', line, 'asked', asked, 'credits', credits)
    FROM grants
    WHERE credits > asked OR (credits < asked AND (kind <> 'subscription' OR bucket <> 'plan'))
       OR (seq IS NULL) <> (credits = 0)
"""
# One cause has one entry, or two where the gateway took a refund back.
ENTRIES = """
    SELECT account_id, 'one payment moved credits more than once' AS what, jsonb_build_object(
        'reference_type', reference_type, 'reference_id', reference_id,
        'entries', count(*), 'amount', sum(plan_delta + purchased_delta)) AS numbers
    FROM ledger WHERE type <> 'deduction'
    GROUP BY account_id, reference_type, reference_id
    HAVING count(*) > CASE reference_type WHEN 'refund' THEN 2 ELSE 1 END
        OR (reference_type = 'refund' AND count(*) = 2
            AND (sum(plan_delta) <> 0 OR sum(purchased_delta) <> 0))
        OR (reference_type IN ('refund', 'dispute') AND sum(plan_delta + purchased_delta) > 0)
"""
CLAWBACKS = """
    SELECT account_id, 'a refund or dispute is in no state or in two' AS what, jsonb_build_object(
        'kind', kind, 'subject_id', subject_id, 'state', state, 'asked', asked, 'frozen', frozen,
        'to_revoke', to_revoke, 'revoked', from_plan + from_purchased, 'revoke_seq', revoke_seq,
        'reverse_seq', reverse_seq) AS numbers
    FROM clawbacks
    WHERE frozen > asked OR from_plan + from_purchased > to_revoke
       OR (closed_at IS NULL) <> (state IN ('refused', 'frozen'))
       OR (state = 'revoked' AND revoked_at IS NULL)
       OR (revoked_at IS NOT NULL AND state NOT IN ('revoked', 'reversed'))
       OR (reversed_at IS NULL) <> (state <> 'reversed')
       OR (revoke_seq IS NULL) <> (from_plan + from_purchased = 0)
       OR reverse_seq <= revoke_seq
       OR (state = 'refused') AND (refusal IS NULL OR frozen > 0)
       OR (kind = 'dispute' AND state IN ('refused', 'reversed'))
    UNION ALL
    SELECT account_id, 'one refund or dispute stands there several times',
           jsonb_build_object('kind', kind, 'subject_id', subject_id, 'rows', count(*))
    FROM clawbacks GROUP BY account_id, kind, subject_id HAVING count(*) > 1
"""
OUTCOMES = """
    SELECT account_id, 'who asked for a refund or an adjustment cannot read the outcome' AS what,
           jsonb_build_object('subject_id', subject_id, 'state', state) AS numbers
    FROM clawbacks
    WHERE request IS NULL AND (refusal IS NOT NULL OR (kind = 'refund' AND frozen > 0))
    UNION ALL
    SELECT account_id, 'who asked for a refund or an adjustment cannot read the outcome',
           jsonb_build_object('adjustment_id', adjustment_id, 'is_made', seq IS NOT NULL)
    FROM adjustments WHERE (refusal IS NULL) = (seq IS NULL)
"""

CHECKS = (
    of_rows("I9", GRANTS, counted("grants")),
    of_rows("I9", ENTRIES),
    of_rows("I9", CLAWBACKS, counted("clawbacks")),
    guarded_by("I9", "clawbacks_take_once", "clawbacks_take_what_was_said"),
    kept_by("I5", "clawbacks", "clawbacks_go_forward"),
    guarded_by("I5", "clawbacks_give_back_what_they_took", "clawbacks_stand_as_they_ended"),
    of_rows("I6", OUTCOMES, counted("clawbacks", "request IS NOT NULL")),
)
