"""Standing in the way of a worker at one row, to see what it holds while it waits."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager

from shared.lanes import lane_of
from shared.postgres import Pool

LOOK_EVERY_SECONDS = 0.01
SOON_SECONDS = 30.0
# The planner seeks accounts one by one, as they are named; in a small table it would sort them.
AS_IN_A_LARGE_TABLE = "?enable_mergejoin=off&enable_hashjoin=off"
WAITS_FOR_A_LOCK = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
FREE_ACCOUNTS = """
    SELECT account_id::text FROM accounts WHERE account_id = ANY($1::uuid[])
    FOR NO KEY UPDATE SKIP LOCKED
"""


@asynccontextmanager
async def waiting(pool: Pool, applying: Coroutine[object, object, object]) -> AsyncIterator[None]:
    """Have a worker wait for a row that somebody else holds, until that one lets go."""
    task = asyncio.create_task(applying)
    async with asyncio.timeout(SOON_SECONDS):
        while not await pool.fetchval(WAITS_FOR_A_LOCK):
            assert not task.done(), "nothing was waited for"
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        yield
        await task


async def free_meanwhile(
    pool: Pool,
    lock: str,
    held: str,
    applying: Coroutine[object, object, object],
    accounts: Sequence[str],
) -> list[str]:
    """The accounts that a worker has not locked while it waits for one of them, in their order."""
    async with pool.acquire() as connection:
        holding = connection.transaction()
        await holding.start()
        assert len(await connection.fetch(lock, [lane_of(held)], [held])) == 1
        async with waiting(pool, applying):
            rows = await pool.fetch(FREE_ACCOUNTS, accounts)
            await holding.rollback()
    return sorted((row[0] for row in rows), key=accounts.index)
