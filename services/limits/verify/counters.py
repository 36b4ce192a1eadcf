"""What is held and used is what the rows say one by one (I3, I17), and nothing ends late (I16)."""

from shared.verifying import Snapshot, counted, guarded_by, of_rows

# What every counter should say: open holds, what was confirmed of the others, sites and users that
# are there, seats, and keywords that were deleted.
COUNTED = """
    SELECT lane, account_id, limit_type, month, sum(used)::bigint AS used, sum(held)::bigint AS held
    FROM (
        SELECT lane, account_id, limit_type, month, counted AS used,
               CASE state WHEN 'held' THEN granted ELSE 0 END AS held FROM holds
        UNION ALL
        SELECT lane, account_id, kind || 's', '-',
               CASE WHEN kind = 'keyword' THEN -1 WHEN state = 'active' THEN 1 ELSE 0 END, 0
        FROM resources
        UNION ALL
        SELECT lane, account_id, 'users', '-', 1, 0 FROM members WHERE state <> 'removed'
    ) AS counted GROUP BY lane, account_id, limit_type, month
"""
DIFFERING = f"""
    SELECT account_id, limit_type, month, coalesce(kept.used, 0) AS used,
           coalesce(kept.held, 0) AS held, coalesce(again.used, 0) AS used_again,
           coalesce(again.held, 0) AS held_again
    FROM counters AS kept FULL JOIN ({COUNTED}) AS again
         USING (lane, account_id, limit_type, month)
"""  # noqa: S608 - Constants of this file.
HELD = f"""
    SELECT account_id, 'what is held is not the sum of the open holds' AS what, jsonb_build_object(
        'type', limit_type, 'month', month, 'held', held, 'holds', held_again) AS numbers
    FROM ({DIFFERING}) AS counters WHERE held <> held_again
"""  # noqa: S608 - Constants of this file.
USED = f"""
    SELECT account_id, 'what is used is not what is there' AS what, jsonb_build_object(
        'type', limit_type, 'month', month, 'used', used, 'there', used_again) AS numbers
    FROM ({DIFFERING}) AS counters WHERE used <> used_again
"""  # noqa: S608 - Constants of this file.
OVERDUE = """
    SELECT account_id, 'a hold is open after its time' AS what, jsonb_build_object(
        'hold_id', hold_id, 'granted', granted, 'expires_at', expires_at) AS numbers
    FROM holds
    WHERE state = 'held'
      AND expires_at < clock_timestamp() + make_interval(secs => $1::float8 - $2::float8)
    UNION ALL
    SELECT account_id, 'an invitation is open after its time', jsonb_build_object(
        'member_id', member_id, 'expires_at', expires_at)
    FROM members
    WHERE state = 'invited'
      AND expires_at < clock_timestamp() + make_interval(secs => $1::float8 - $2::float8)
"""


def overdue(snapshot: Snapshot) -> tuple[float, float]:
    return snapshot.clock_offset, snapshot.tolerance.overdue_seconds


CHECKS = (
    of_rows("I3", HELD, counted("counters")),
    of_rows("I17", USED, counted("counters")),
    guarded_by("I17", "never_below_nothing", "months_of_monthly_limits"),
    of_rows("I16", OVERDUE, counted("holds", "state = 'held'"), overdue),
)
