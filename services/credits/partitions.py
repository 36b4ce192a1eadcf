"""The ledger, the usage log and the audit lie in a table a month."""

from shared.months import kept_since, make_months
from shared.service import Service

MONTHLY = ("ledger", "usage", "audit")

# The first day of which every row of the usage log is there: months that are over may be gone.
FIRST_ASTRAY = "SELECT date_trunc('day', min(created_at), 'UTC') FROM usage_other"
KEPT_SINCE = f"SELECT {kept_since('usage', FIRST_ASTRAY)}"
# The first day of which the ledger, which is kept for ever, may have a row.
FIRST_ENTRY_ASTRAY = "SELECT date_trunc('day', min(created_at), 'UTC') FROM ledger_other"
FIRST_DAY = f"SELECT nullif({kept_since('ledger', FIRST_ENTRY_ASTRAY)}, '-infinity')"


async def make_partitions(service: Service) -> None:
    """Make those of this month and the next ones that are missing."""
    await make_months(service, MONTHLY)
