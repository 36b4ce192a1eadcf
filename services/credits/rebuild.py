"""Sums by hour computed anew from the usage log, compared with those that are kept, and repaired.

Lane by lane, in what memory PostgreSQL gives a statement. A batch writes its rows and their sums in
one transaction, so every snapshot agrees with itself while the service works; whoever repairs locks
the account first, as a batch does.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

from services.credits.partitions import KEPT_SINCE
from shared.lanes import LANES
from shared.postgres import Pool, Record, snapshot, transaction
from shared.rebuilding import Compared, Rebuilding

DAYS_AT_ONCE = 200  # That a transaction repairs.

KEY = (
    "lane, account_id, hour, site_id, operation_type, model, provider, image_quality, item_kind, "
    "source, status"
)
NUMBERS = (
    "actions, credits, shortfall, cost_usd, tokens_input, tokens_output, items, response_ms, "
    "responses"
)
COMPUTED = """
    SELECT lane, account_id, date_trunc('hour', created_at, 'UTC') AS hour, site_id, operation_type,
           model_used AS model, provider, image_quality, item_kind, source, status,
           count(*) AS actions, sum(credits_used)::bigint AS credits,
           sum(shortfall)::bigint AS shortfall, coalesce(sum(cost_usd), 0) AS cost_usd,
           coalesce(sum(tokens_input), 0) AS tokens_input,
           coalesce(sum(tokens_output), 0) AS tokens_output, sum(items_created) AS items,
           coalesce(sum(response_time_ms), 0) AS response_ms, count(response_time_ms) AS responses
    FROM usage
"""
GROUPED = "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"

# What is equal stands on both sides: a row that stands on one side alone is counted once there, and
# one whose numbers differ once on each. A day of an account is what is repaired.
DIFFERING = f"""
    SELECT account_id::text, (hour AT TIME ZONE 'UTC')::date AS day,
           coalesce(sum(kept), 0)::bigint AS kept, coalesce(sum(used), 0)::bigint AS used,
           coalesce(sum(kept_credits), 0)::bigint AS kept_credits,
           coalesce(sum(used_credits), 0)::bigint AS used_credits
    FROM (
        SELECT {KEY}, {NUMBERS}, sum(kept) AS kept, sum(1 - kept) AS used,
               sum(kept * credits) AS kept_credits, sum((1 - kept) * credits) AS used_credits
        FROM (
            SELECT {KEY}, {NUMBERS}, 1 AS kept FROM hourly_usage
            WHERE lane = $1 AND hour >= ({KEPT_SINCE})
            UNION ALL
            SELECT computed.*, 0 AS kept FROM ({COMPUTED} WHERE lane = $1 {GROUPED}) AS computed
        ) AS both_sides
        GROUP BY {KEY}, {NUMBERS}
        HAVING count(*) = 1
    ) AS differing
    GROUP BY account_id, day ORDER BY account_id, day
"""  # noqa: S608 - Constants of these files.
COUNT = "SELECT count(*) FROM hourly_usage WHERE lane = $1"

LOCK = """
    SELECT FROM accounts WHERE lane = $1 AND account_id = ANY($2::uuid[])
    ORDER BY lane, account_id FOR NO KEY UPDATE
"""
WRONG_DAYS = """
    WITH wrong AS MATERIALIZED (
        SELECT account_id, day AT TIME ZONE 'UTC' AS since,
               (day + interval '1 day') AT TIME ZONE 'UTC' AS until
        FROM unnest($2::uuid[], $3::timestamp[]) AS wrong (account_id, day)
    )
"""
FORGET = f"""
    {WRONG_DAYS}
    DELETE FROM hourly_usage USING wrong
    WHERE hourly_usage.lane = $1 AND hourly_usage.account_id = wrong.account_id
      AND hour >= since AND hour < until
"""  # noqa: S608 - Constants of this file.
ADD_ANEW = f"""
    {WRONG_DAYS}
    INSERT INTO hourly_usage ({KEY}, {NUMBERS})
    {COMPUTED} JOIN wrong USING (account_id)
    WHERE lane = $1 AND created_at >= since AND created_at < until {GROUPED}
"""


class Day(NamedTuple):
    """A day of an account on which the sums differ: only what differs is counted."""

    lane: int
    account_id: str
    day: datetime
    kept: int  # Sums that are kept and should not be so.
    computed: int  # Sums that should be there.
    kept_credits: int
    computed_credits: int

    @property
    def words(self) -> str:
        return (
            f"account {self.account_id}, {self.day:%Y-%m-%d}: {self.kept_credits:,} credits in "
            f"{self.kept:,} sums that are kept, {self.computed_credits:,} in {self.computed:,} "
            "computed"
        )


async def compared(pool: Pool) -> AsyncIterator[Compared[Day]]:
    """Compare lane by lane, each as of one moment."""
    for lane in range(LANES):
        async with snapshot(pool) as tx:
            sums = await tx.fetchval(COUNT, lane)
            rows = await tx.fetch(DIFFERING, lane)
        yield Compared(lane, sums, [day_of(lane, row) for row in rows])


def day_of(lane: int, row: Record) -> Day:
    day = datetime.combine(row["day"], datetime.min.time())
    numbers = row["kept"], row["used"], row["kept_credits"], row["used_credits"]
    return Day(lane, row["account_id"], day, *numbers)


async def repair(pool: Pool, wrong: Sequence[Day]) -> None:
    """Write the sums of these days of a lane anew, some days a transaction."""
    for start in range(0, len(wrong), DAYS_AT_ONCE):
        await repair_some(pool, wrong[start : start + DAYS_AT_ONCE])


async def repair_some(pool: Pool, wrong: Sequence[Day]) -> None:
    """Once the accounts are locked, nothing is added to their days until this is over."""
    lane = wrong[0].lane
    days = lane, [day.account_id for day in wrong], [day.day for day in wrong]
    async with transaction(pool) as tx:
        await tx.execute(LOCK, lane, sorted({day.account_id for day in wrong}))
        await tx.execute(FORGET, *days)
        await tx.execute(ADD_ANEW, *days)


REBUILDING = Rebuilding("sums", "days", compared, repair)
