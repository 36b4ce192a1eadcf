"""What credits forgets when its time is over: months of usage beside what every service forgets.

The ledger is kept for ever. A month of the usage log goes only when its sums say all that they have
to, and the oldest first: whoever computes sums anew takes everything from the first month on as
known.
"""

from datetime import datetime

from shared import retention
from shared.postgres import Transaction
from shared.retention import Month, Old
from shared.settings import Settings

AFTER_ANOTHER = "an older month stays"

# Accounts of whose month the log says something else than its sums do.
NOT_SUMMED_UP = """
    SELECT count(*) FROM (
        SELECT lane, account_id, count(*) AS actions, sum(credits_used) AS credits,
               sum(shortfall) AS shortfall
        FROM usage WHERE created_at >= $1 AND created_at < $2 GROUP BY lane, account_id
    ) AS used FULL JOIN (
        SELECT lane, account_id, sum(actions) AS actions, sum(credits) AS credits,
               sum(shortfall) AS shortfall
        FROM hourly_usage WHERE hour >= $1 AND hour < $2 GROUP BY lane, account_id
    ) AS sums USING (lane, account_id)
    WHERE (used.actions, used.credits, used.shortfall)
          IS DISTINCT FROM (sums.actions, sums.credits, sums.shortfall)
"""
ASTRAY = "SELECT count(*) FROM usage_other WHERE created_at < $1"


async def find_old(tx: Transaction, settings: Settings, now: datetime) -> list[Old]:
    """Everything whose time is over, the oldest first; what must stay for now says why."""
    usage = await old_usage(tx, retention.limit(now, settings.usage_kept_days))
    return [*usage, *await retention.find_old(tx, settings, now)]


async def old_usage(tx: Transaction, until: datetime) -> list[Old]:
    """Months of the usage log; after the first that has to stay, all others stay, too."""
    found, reason = list[Old](), None
    for month in await retention.months(tx, "usage", until):
        reason = AFTER_ANOTHER if reason else await why_not(tx, month)
        rows = await retention.count(tx, month)
        found.append(Old(month.table, month.name, month.end, rows, reason))
    return found


async def why_not(tx: Transaction, month: Month) -> str | None:
    """Why the log of a month is still needed."""
    if await tx.fetchval(ASTRAY, month.end):
        return "older rows lie in usage_other"
    if accounts := await tx.fetchval(NOT_SUMMED_UP, month.start, month.end):
        return f"the sums of {accounts:,} accounts differ from it"
    return None
