"""Sums of the ledger by day lead to the balances (I1).

By lane: `igny8 rebuild` says which day of which account it is, and looks at every type of entry.
"""

from services.credits.derived import CLOSED_UNTIL
from shared.verifying import of_rows

# An account's number says how many entries it has, and its balance what they moved: those of days
# that are closed, and those after them.
WEIGHED = "sum({0} * (uuid_hash_extended(account_id, 0) & 1048575)) AS whose"
MOVED = f"""
    SELECT NULL::uuid AS account_id, 'entries of days that are closed do not lead to the balances'
           AS what,
           jsonb_build_object('lane', lane, 'entries', entry.entries, 'seq', account.entries,
                              'moved', entry.moved, 'balances', account.moved) AS numbers
    FROM (
        SELECT lane, sum(entries) AS entries, sum(moved) AS moved, {WEIGHED.format("entries")}
        FROM (
            SELECT lane, account_id, entries, moved FROM daily_ledger
            UNION ALL
            SELECT lane, account_id, 1, plan_delta + purchased_delta FROM ledger
            WHERE created_at >= {CLOSED_UNTIL}
        ) AS entry GROUP BY lane
    ) AS entry
    FULL JOIN (
        SELECT lane, sum(seq) AS entries, sum(plan_bucket + purchased_bucket) AS moved,
               {WEIGHED.format("seq")}
        FROM accounts GROUP BY lane
    ) AS account USING (lane)
    WHERE (coalesce(entry.entries, 0), coalesce(entry.moved, 0), coalesce(entry.whose, 0))
          IS DISTINCT FROM (account.entries, account.moved, account.whose)
"""  # noqa: S608 - Constants of these files.

CHECKS = (of_rows("I1", MOVED),)
