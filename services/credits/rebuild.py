"""Sums computed anew from what they are of, compared with those that are kept, and repaired.

Sums by hour come from the usage log, those of days from the hours and the ledger. Lane by lane, in
what memory PostgreSQL gives a statement. A batch writes its rows and their sums in one transaction,
so every snapshot agrees with itself while the service works; whoever repairs locks the account
first, as a batch does.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from services.credits import days
from services.credits.days import CLOSED_UNTIL, KIND, NUMBERS
from services.credits.partitions import KEPT_SINCE
from shared.lanes import LANES
from shared.postgres import Pool, Record, snapshot, transaction
from shared.rebuilding import Compared, Rebuilding, Step

DAYS_AT_ONCE = 200  # That a transaction repairs.

KEY = f"lane, account_id, hour, {KIND}"
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

# Nobody closes a day meanwhile, whose hours are written anew.
CLOSE_NOTHING = "SELECT FROM closed_days FOR UPDATE"
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


@dataclass(frozen=True, slots=True)
class Derived:
    """A table of sums, by lane, account and moment, and the statement that computes them."""

    table: str
    moment: str
    key: str
    numbers: str
    credits: str  # Which of the numbers is told of a day that differs.
    kept: str  # Which rows of the table are compared.
    computed: str
    written_at: str  # The moment of what they are computed from,
    is_summed: str  # and which of that is.
    grouped: str

    @property
    def differing(self) -> str:
        """What is equal stands on both sides.

        So a row that stands on one side alone is counted once there, and one whose numbers differ
        once on each. A day of an account is what is repaired.
        """
        row = f"{self.key}, {self.numbers}"
        return f"""
            SELECT account_id::text, ({self.moment} AT TIME ZONE 'UTC')::date AS day,
                   sum(kept)::bigint, sum(used)::bigint, sum(kept_credits), sum(used_credits)
            FROM (
                SELECT {row}, sum(kept) AS kept, sum(1 - kept) AS used,
                       sum(kept * {self.credits}) AS kept_credits,
                       sum((1 - kept) * {self.credits}) AS used_credits
                FROM (
                    SELECT {row}, 1 AS kept FROM {self.table} WHERE lane = $1 AND {self.kept}
                    UNION ALL
                    SELECT {row}, 0 AS kept FROM (
                        {self.computed} WHERE lane = $1 AND {self.is_summed} {self.grouped}
                    ) AS computed
                ) AS both_sides
                GROUP BY {row}
                HAVING count(*) = 1
            ) AS differing
            GROUP BY account_id, day ORDER BY account_id, day
        """  # noqa: S608 - Constants of these files.

    @property
    def count(self) -> str:
        return f"SELECT count(*) FROM {self.table} WHERE lane = $1"  # noqa: S608 - The same.

    @property
    def forget(self) -> str:
        return f"""
            {WRONG_DAYS}
            DELETE FROM {self.table} AS kept USING wrong
            WHERE kept.lane = $1 AND kept.account_id = wrong.account_id
              AND {self.moment} >= since AND {self.moment} < until
        """  # noqa: S608 - The same.

    @property
    def add_anew(self) -> str:
        return f"""
            {WRONG_DAYS}
            INSERT INTO {self.table} ({self.key}, {self.numbers})
            {self.computed} JOIN wrong USING (account_id)
            WHERE lane = $1 AND {self.written_at} >= since AND {self.written_at} < until
              AND {self.is_summed} {self.grouped}
        """


class Day(NamedTuple):
    """A day of an account on which the sums differ: only what differs is counted."""

    table: str
    lane: int
    account_id: str
    day: datetime
    kept: int  # Sums that are kept and should not be so.
    computed: int  # Sums that should be there.
    kept_credits: Decimal
    computed_credits: Decimal

    @property
    def words(self) -> str:
        return (
            f"account {self.account_id}, {self.day:%Y-%m-%d}, {self.table}: "
            f"{self.kept_credits:,} credits in {self.kept:,} sums that are kept, "
            f"{self.computed_credits:,} in {self.computed:,} computed"
        )


async def compared(derived: Derived, pool: Pool) -> AsyncIterator[Compared[Day]]:
    """Compare lane by lane, each as of one moment."""
    for lane in range(LANES):
        async with snapshot(pool) as tx:
            sums = await tx.fetchval(derived.count, lane)
            rows = await tx.fetch(derived.differing, lane)
        yield Compared(lane, sums, [day_of(derived.table, lane, row) for row in rows])


def day_of(table: str, lane: int, row: Record) -> Day:
    account_id, day, *numbers = row
    return Day(table, lane, account_id, datetime.combine(day, datetime.min.time()), *numbers)


async def repair(derived: Derived, pool: Pool, wrong: Sequence[Day]) -> None:
    """Write the sums of these days of a lane anew, some days a transaction."""
    for start in range(0, len(wrong), DAYS_AT_ONCE):
        await repair_some(derived, pool, wrong[start : start + DAYS_AT_ONCE])


async def repair_some(derived: Derived, pool: Pool, wrong: Sequence[Day]) -> None:
    """Once the accounts are locked, nothing is added to their days until this is over."""
    lane = wrong[0].lane
    some = lane, [day.account_id for day in wrong], [day.day for day in wrong]
    async with transaction(pool) as tx:
        await tx.execute(CLOSE_NOTHING)
        await tx.execute(LOCK, lane, sorted({day.account_id for day in wrong}))
        await tx.execute(derived.forget, *some)
        await tx.execute(derived.add_anew, *some)


HOURS = Derived(
    table="hourly_usage",
    moment="hour",
    key=KEY,
    numbers=NUMBERS,
    credits="credits",
    kept=f"hour >= ({KEPT_SINCE})",
    computed=COMPUTED,
    written_at="created_at",
    is_summed="true",
    grouped=GROUPED,
)
DAYS = Derived(
    table="daily_usage",
    moment="day",
    key=f"lane, account_id, day, {KIND}",
    numbers=NUMBERS,
    credits="credits",
    kept="true",
    computed=days.USED,
    written_at="hour",
    is_summed=f"hour < {CLOSED_UNTIL}",
    grouped=days.BY_KIND,
)
TOTALS = Derived(
    table="daily_totals",
    moment="day",
    key="lane, account_id, day",
    numbers=days.TOTAL_NUMBERS,
    credits="credits",
    kept="true",
    computed=days.TOTALS,
    written_at="hour",
    is_summed=f"hour < {CLOSED_UNTIL}",
    grouped=days.BY_DAY,
)
ENTRIES = Derived(
    table="daily_ledger",
    moment="day",
    key="lane, account_id, day, type",
    numbers=days.ENTRIES,
    credits="moved",
    kept="true",
    computed=days.MOVED,
    written_at="created_at",
    is_summed=f"created_at < {CLOSED_UNTIL}",
    grouped=days.BY_TYPE,
)
# Days follow the hours, which may have been repaired.
REBUILDING = Rebuilding(
    "sums",
    "days",
    [Step(partial(compared, one), partial(repair, one)) for one in (HOURS, DAYS, TOTALS, ENTRIES)],
)
