"""A worker that is frozen in the middle of a COPY does not hold its locks for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.jobs import MAY_PASS
from shared.postgres import END_FROZEN, Pool, end_frozen

A_MOMENT = 0.1
LOCK = "INSERT INTO kafka_offsets VALUES ('frozen', 'here', 0, 0, 0, 0)"
SUCCESSOR = "UPDATE kafka_offsets SET next_offset = 7 WHERE consumer_group = 'frozen'"
WAITS = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientRead' AND state = 'active'
"""


async def nothing(asleep: asyncio.Event) -> AsyncIterator[bytes]:
    """What comes from a process that has stopped."""
    await asleep.wait()
    yield b""


@asynccontextmanager
async def frozen(pool: Pool) -> AsyncIterator["asyncio.Task[str]"]:
    """Hold a lock, and begin a COPY of which no row comes."""
    await pool.execute(LOCK)
    asleep = asyncio.Event()
    async with pool.acquire() as connection:
        await connection.execute("BEGIN; UPDATE kafka_offsets SET next_offset = 1")
        copying = asyncio.create_task(
            connection.copy_to_table("kafka_offsets", source=nothing(asleep))
        )
        async with asyncio.timeout(5):
            while not await pool.fetchval(WAITS):
                await asyncio.sleep(A_MOMENT)
        try:
            yield copying
        finally:
            asleep.set()
            await asyncio.gather(copying, return_exceptions=True)


async def test_a_session_that_is_frozen_in_a_copy_is_ended_and_its_locks_are_free(
    pool: Pool,
) -> None:
    async with frozen(pool):
        succeeding = asyncio.create_task(pool.execute(SUCCESSOR))
        await asyncio.sleep(2 * A_MOMENT)
        assert not succeeding.done()
        assert await end_frozen(pool, 60) == 0

        assert await end_frozen(pool, A_MOMENT) == 1

        await asyncio.wait_for(succeeding, 5)


async def test_sessions_that_work_or_rest_are_left_alone(pool: Pool) -> None:
    sleeping = asyncio.create_task(pool.execute("SELECT pg_sleep(0.5)"))
    async with pool.acquire() as resting, resting.transaction():
        await resting.execute("SELECT 1")
        await asyncio.sleep(2 * A_MOMENT)

        assert await pool.fetchval(END_FROZEN, A_MOMENT) == 0
    await sleeping


def test_what_an_ended_worker_is_told_may_pass() -> None:
    assert issubclass(asyncpg.AdminShutdownError, MAY_PASS)
    assert issubclass(asyncpg.ConnectionDoesNotExistError, MAY_PASS)
