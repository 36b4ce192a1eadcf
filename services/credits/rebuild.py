"""Sums computed anew from what they are of, compared with those that are kept, and repaired.

Lane by lane, in what memory PostgreSQL gives a statement. A batch writes its rows and their sums in
one transaction, so every snapshot agrees with itself while the service works; whoever repairs locks
the account first, as a batch does.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from services.credits.derived import HOURS, OF_DAYS, Derived
from shared.lanes import LANES
from shared.postgres import Pool, Record, snapshot, transaction
from shared.rebuilding import Compared, Rebuilding, Step

DAYS_AT_ONCE = 200  # That a transaction repairs.

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


def differing(sums: Derived) -> str:
    """What is equal stands on both sides.

    So a row that stands on one side alone is counted once there, and one whose numbers differ once
    on each. A day of an account is what is repaired.
    """
    row = f"{sums.key}, {sums.numbers}"
    return f"""
        SELECT account_id::text, ({sums.moment} AT TIME ZONE 'UTC')::date AS day,
               sum(kept)::bigint, sum(used)::bigint, sum(kept_credits), sum(used_credits)
        FROM (
            SELECT {row}, sum(kept) AS kept, sum(1 - kept) AS used,
                   sum(kept * {sums.credits}) AS kept_credits,
                   sum((1 - kept) * {sums.credits}) AS used_credits
            FROM (
                SELECT {row}, 1 AS kept FROM {sums.table} WHERE lane = $1 AND {sums.kept}
                UNION ALL
                SELECT {row}, 0 AS kept FROM (
                    {sums.computed} WHERE lane = $1 AND {sums.is_summed} {sums.grouped}
                ) AS computed
            ) AS both_sides
            GROUP BY {row}
            HAVING count(*) = 1
        ) AS differing
        GROUP BY account_id, day ORDER BY account_id, day
    """  # noqa: S608 - Constants of these files.


def count(sums: Derived) -> str:
    return f"SELECT count(*) FROM {sums.table} WHERE lane = $1"  # noqa: S608 - The same.


def forget(sums: Derived) -> str:
    return f"""
        {WRONG_DAYS}
        DELETE FROM {sums.table} AS kept USING wrong
        WHERE kept.lane = $1 AND kept.account_id = wrong.account_id
          AND {sums.moment} >= since AND {sums.moment} < until
    """  # noqa: S608 - The same.


def add_anew(sums: Derived) -> str:
    within = f"{sums.written_at} >= since AND {sums.written_at} < until"
    condition = f"lane = $1 AND {within} AND {sums.is_summed}"
    return f"{WRONG_DAYS} {sums.add('JOIN wrong USING (account_id)', condition)}"


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


async def compared(sums: Derived, pool: Pool) -> AsyncIterator[Compared[Day]]:
    """Compare lane by lane, each as of one moment."""
    for lane in range(LANES):
        async with snapshot(pool) as tx:
            known = await tx.fetchval(count(sums), lane)
            rows = await tx.fetch(differing(sums), lane)
        yield Compared(lane, known, [day_of(sums.table, lane, row) for row in rows])


def day_of(table: str, lane: int, row: Record) -> Day:
    account_id, day, *numbers = row
    return Day(table, lane, account_id, datetime.combine(day, datetime.min.time()), *numbers)


async def repair(sums: Derived, pool: Pool, wrong: Sequence[Day]) -> None:
    """Write the sums of these days of a lane anew, some days a transaction."""
    for start in range(0, len(wrong), DAYS_AT_ONCE):
        await repair_some(sums, pool, wrong[start : start + DAYS_AT_ONCE])


async def repair_some(sums: Derived, pool: Pool, wrong: Sequence[Day]) -> None:
    """Once the accounts are locked, nothing is added to their days until this is over."""
    lane = wrong[0].lane
    some = lane, [day.account_id for day in wrong], [day.day for day in wrong]
    async with transaction(pool) as tx:
        await tx.execute(CLOSE_NOTHING)
        await tx.execute(LOCK, lane, sorted({day.account_id for day in wrong}))
        await tx.execute(forget(sums), *some)
        await tx.execute(add_anew(sums), *some)


# Days follow the hours, which may have been repaired.
REBUILDING = Rebuilding(
    "sums",
    "days",
    [Step(partial(compared, sums), partial(repair, sums)) for sums in (HOURS, *OF_DAYS)],
)
