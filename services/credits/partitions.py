"""The ledger, the usage log and the audit lie in a table a month."""

from shared.months import make_months
from shared.service import Service

MONTHLY = ("ledger", "usage", "audit")

# The first day of which every row of the usage log is there: months that are over may be gone.
KEPT_SINCE = r"""
    SELECT coalesce(least(
        (SELECT min(to_date(right(relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC')
         FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = 'usage'::regclass AND relname ~ '_\d\d\d\d_\d\d$'),
        (SELECT date_trunc('day', min(created_at), 'UTC') FROM usage_other)
    ), '-infinity')
"""


async def make_partitions(service: Service) -> None:
    """Make those of this month and the next ones that are missing."""
    await make_months(service, MONTHLY)
