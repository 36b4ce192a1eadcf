"""What is held and used is what the rows say one by one (I3, I17), and nothing ends late (I16)."""

from services.limits.rebuild import DIFFERING
from shared.verifying import counted, guarded_by, of_rows, overdue

ANEW = DIFFERING.format(only="")
HELD = f"""
    SELECT account_id, 'what is held is not the sum of the open holds' AS what, jsonb_build_object(
        'type', limit_type, 'month', month, 'held', held, 'holds', held_again) AS numbers
    FROM ({ANEW}) AS counters WHERE held <> held_again
"""  # noqa: S608 - Constants of this file.
USED = f"""
    SELECT account_id, 'what is used is not what is there' AS what, jsonb_build_object(
        'type', limit_type, 'month', month, 'used', used, 'there', used_again) AS numbers
    FROM ({ANEW}) AS counters WHERE used <> used_again
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


CHECKS = (
    of_rows("I3", HELD, counted("counters")),
    of_rows("I17", USED, counted("counters")),
    guarded_by("I17", "never_below_nothing", "months_of_monthly_limits"),
    of_rows("I16", OVERDUE, counted("holds", "state = 'held'"), overdue),
)
