"""What is used and held, counted anew from holds, seats, things and deletions, and repaired.

Lane by lane. A batch writes its rows and their counters in one transaction, so every snapshot
agrees with itself while the service works; whoever repairs locks the account first, as a batch
does. Nobody is told from here: the account counts as one that has not followed its plan, so that a
worker's sweep says how it stands, and what limits it passes, in the order of its versions.
"""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from services.limits.domain.mirror import NEVER
from shared.contracts.errors import LimitType
from shared.lanes import LANES
from shared.postgres import Pool, snapshot, transaction
from shared.rebuilding import Compared, Rebuilding, Step

COUNTERS_AT_ONCE = 200  # That a transaction repairs.

# What every counter should say: open holds, what was confirmed of the others, sites and users that
# are there, seats, and keywords that were deleted.
COUNTED = """
    SELECT lane, account_id, limit_type, month, sum(used)::bigint AS used, sum(held)::bigint AS held
    FROM (
        SELECT lane, account_id, limit_type, month, counted AS used,
               CASE state WHEN 'held' THEN granted ELSE 0 END AS held FROM holds {only}
        UNION ALL
        SELECT lane, account_id, kind || 's', '-',
               CASE WHEN kind = 'keyword' THEN -1 WHEN state = 'active' THEN 1 ELSE 0 END, 0
        FROM resources {only}
        UNION ALL
        SELECT lane, account_id, 'users', '-', CASE state WHEN 'removed' THEN 0 ELSE 1 END, 0
        FROM members {only}
    ) AS counted GROUP BY lane, account_id, limit_type, month
"""
DIFFERING = f"""
    SELECT lane, account_id, limit_type, month,
           coalesce(kept.used, 0) AS used, coalesce(kept.held, 0) AS held,
           coalesce(again.used, 0) AS used_again, coalesce(again.held, 0) AS held_again
    FROM (SELECT * FROM counters {{only}}) AS kept
    FULL JOIN ({COUNTED}) AS again USING (lane, account_id, limit_type, month)
    WHERE (coalesce(kept.used, 0), coalesce(kept.held, 0))
          <> (coalesce(again.used, 0), coalesce(again.held, 0))
"""  # noqa: S608 - Constants of this file.
OF_A_LANE = f"""
    SELECT lane, account_id::text, limit_type, month, used, held, used_again, held_again
    FROM ({DIFFERING.format(only="WHERE lane = $1")}) AS differing
    ORDER BY account_id, limit_type, month
"""  # noqa: S608 - Constants of this file.
COUNT = "SELECT count(*) FROM counters WHERE lane = $1"

LOCK = """
    SELECT FROM accounts WHERE lane = $1 AND account_id = ANY($2::uuid[])
    ORDER BY lane, account_id FOR NO KEY UPDATE
"""
REPAIR = f"""
    INSERT INTO counters (lane, account_id, limit_type, month, used, held, over_by)
    SELECT lane, account_id, limit_type, month, used_again, held_again, 0
    FROM ({DIFFERING.format(only="WHERE lane = $1 AND account_id = ANY($2::uuid[])")}) AS differing
    ON CONFLICT (lane, account_id, month, limit_type) DO UPDATE
    SET used = excluded.used, held = excluded.held
"""  # noqa: S608 - Constants of this file.
FOLLOWS_NOTHING = f"""
    UPDATE accounts SET plan_version = {NEVER} WHERE lane = $1 AND account_id = ANY($2::uuid[])
"""  # noqa: S608 - Constants.


class Miscounted(NamedTuple):
    """A counter that says something else than what is counted anew."""

    lane: int
    account_id: str
    limit_type: LimitType
    month: str
    used: int
    held: int
    used_again: int
    held_again: int

    @property
    def words(self) -> str:
        return (
            f"account {self.account_id}, {self.limit_type} {self.month}: {self.used:,} used and "
            f"{self.held:,} held are kept, {self.used_again:,} and {self.held_again:,} counted"
        )


async def compared(pool: Pool) -> AsyncIterator[Compared[Miscounted]]:
    """Compare lane by lane, each as of one moment."""
    for lane in range(LANES):
        async with snapshot(pool) as tx:
            count = await tx.fetchval(COUNT, lane)
            rows = await tx.fetch(OF_A_LANE, lane)
        yield Compared(lane, count, [Miscounted(*row) for row in rows])


async def repair(pool: Pool, wrong: Sequence[Miscounted]) -> None:
    """Write these counters of a lane anew, some a transaction."""
    for start in range(0, len(wrong), COUNTERS_AT_ONCE):
        await repair_some(pool, wrong[start : start + COUNTERS_AT_ONCE])


async def repair_some(pool: Pool, wrong: Sequence[Miscounted]) -> None:
    """Once the accounts are locked, nothing is counted until this is over: so it is done again."""
    whose = wrong[0].lane, sorted({one.account_id for one in wrong})
    async with transaction(pool) as tx:
        await tx.execute(LOCK, *whose)
        await tx.execute(REPAIR, *whose)
        await tx.execute(FOLLOWS_NOTHING, *whose)


REBUILDING = Rebuilding("counters", "counters", (Step(compared, repair),))
