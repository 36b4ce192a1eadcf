"""Every balance is the sum of its entries, and every entry has its cause (I1).

Row by row that would take half a minute a million entries; so what belongs together is first summed
up under a hash, for each account or lane: only those whose sums differ are looked at row by row.
"""

from shared.verifying import of_rows

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
        UNION ALL
        SELECT lane, account_id, coalesce(revoke_seq, 0), -(from_plan + from_purchased),
               kind, subject_id::text
        FROM clawbacks WHERE from_plan + from_purchased > 0 OR revoke_seq IS NOT NULL
        UNION ALL
        SELECT lane, account_id, reverse_seq, from_plan + from_purchased, kind, subject_id::text
        FROM clawbacks WHERE reverse_seq IS NOT NULL
        UNION ALL
        SELECT lane, account_id, coalesce(seq, 0), amount, 'adjustment', adjustment_id::text
        FROM adjustments WHERE refusal IS NULL OR seq IS NOT NULL
    ), suspect AS MATERIALIZED (
        SELECT lane FROM (
            SELECT lane, sum(hashint8extended(plan_delta + purchased_delta, hashtextextended(
                   reference_type, hashtextextended(reference_id, uuid_hash_extended(
                   account_id, seq))))) AS hash
            FROM ledger GROUP BY lane
        ) AS moved FULL JOIN (
            SELECT lane, sum(hashint8extended(caused, hashtextextended(
                   reference_type, hashtextextended(reference_id, uuid_hash_extended(
                   account_id, seq))))) AS hash
            FROM cause GROUP BY lane
        ) AS caused USING (lane)
        WHERE moved.hash IS DISTINCT FROM caused.hash
    )
    SELECT account_id, 'an entry and its cause do not agree' AS what, jsonb_build_object(
        'seq', seq, 'amount', plan_delta + purchased_delta, 'reference_id', entry.reference_id,
        'cause', cause.reference_id, 'caused', caused) AS numbers
    FROM (SELECT * FROM ledger JOIN suspect USING (lane)) AS entry
    FULL JOIN (SELECT * FROM cause JOIN suspect USING (lane)) AS cause
         USING (lane, account_id, seq)
    WHERE (plan_delta + purchased_delta, entry.reference_type, entry.reference_id)
          IS DISTINCT FROM (caused, cause.reference_type, cause.reference_id)
"""
# Charges take what there is (P12); all else says from which bucket.
BUCKETS = """
    SELECT account_id, 'an entry moved another bucket than its cause says' AS what,
           jsonb_build_object('seq', seq, 'plan_delta', plan_delta, 'plan_caused', plan_caused,
                              'reference_id', cause.reference_id) AS numbers
    FROM (
        SELECT lane, account_id, seq, invoice_id || ':' || line AS reference_id,
               CASE bucket WHEN 'plan' THEN credits ELSE 0 END AS plan_caused
        FROM grants
        UNION ALL
        SELECT lane, account_id, revoke_seq, subject_id::text, -from_plan FROM clawbacks
        UNION ALL
        SELECT lane, account_id, reverse_seq, subject_id::text, from_plan FROM clawbacks
        UNION ALL
        SELECT lane, account_id, seq, adjustment_id::text,
               CASE bucket WHEN 'plan' THEN amount ELSE 0 END
        FROM adjustments
    ) AS cause JOIN ledger USING (lane, account_id, seq)
    WHERE type <> 'deduction' AND plan_delta <> plan_caused
"""
MONTHS = """
    SELECT account_id, 'what was used this month is not what was deducted in it' AS what,
           jsonb_build_object('month', month, 'used', used, 'deducted', deducted) AS numbers
    FROM accounts LEFT JOIN (
        SELECT lane, account_id, month, -sum(plan_delta + purchased_delta) AS deducted
        FROM ledger JOIN (
            SELECT DISTINCT month, (month || '-01')::timestamp AT TIME ZONE 'UTC' AS since,
                   ((month || '-01')::timestamp + interval '1 month') AT TIME ZONE 'UTC' AS until
            FROM accounts WHERE month <> ''
        ) AS month ON created_at >= since AND created_at < until
        WHERE type = 'deduction' GROUP BY lane, account_id, month
    ) AS entry USING (lane, account_id, month)
    WHERE used <> coalesce(deducted, 0)
"""

CHECKS = (
    of_rows("I1", BALANCES),
    of_rows("I1", CAUSES),
    of_rows("I1", BUCKETS),
    of_rows("I1", MONTHS),
)
