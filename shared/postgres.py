"""How every service talks to PostgreSQL: one statement a table, whole columns."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

import asyncpg
import structlog

from shared import kept_plans, metrics

Record: TypeAlias = asyncpg.Record
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Transaction: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

POOL_SIZE = 4
CONNECT_TIMEOUT_SECONDS = 10.0
ACQUIRE_TIMEOUT_SECONDS = 10.0
COMMAND_TIMEOUT_SECONDS = 15.0  # Above the server's own: it is for a server that is frozen.
SESSION = {
    "statement_timeout": "10000",  # Milliseconds.
    # A frozen process must not hold the locks that its successor waits for.
    "idle_in_transaction_session_timeout": "5000",
    "lock_timeout": "8000",
    # A dead network is noticed.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "jit": "off",  # Compiling a statement costs more than a batch takes.
    # A plan that is kept from when a table was small reads all of it for each row that is sought:
    # 3 s for 500 operations among 15,000. Planning anew costs 0.1 ms a statement.
    "plan_cache_mode": "force_custom_plan",
}

# While it waits for the rows of a COPY a session is neither idle nor stopped by any time-out of the
# server: a worker that is frozen there would hold its locks for as long as it is frozen.
FROZEN_SECONDS = 5.0
END_FROZEN = """
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database() AND state = 'active'
      AND wait_event = 'ClientRead' AND query_start < clock_timestamp() - make_interval(secs => $1)
"""

CLOCK = "SELECT date_trunc('milliseconds', clock_timestamp())"


class OutOfRangeError(ValueError):
    """A number that its column cannot hold; it is refused before PostgreSQL has seen it."""


# What the data itself is to blame for: no retry helps, but its neighbours can still be applied.
REFUSES_THE_DATA = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    OutOfRangeError,
)


log = structlog.get_logger(__name__)


class Database:
    """The pools of a service; `pool_for` a lane is the only way to a connection (`design.md` 4)."""

    def __init__(self, pool: Pool, reading: "Pool | None" = None) -> None:
        self._pool, self._reading = pool, reading or pool

    def pool_for(self, lane: int | None) -> Pool:
        """The pool of the database that owns a lane; None: what stands outside the lanes."""
        del lane  # One database today: it owns them all.
        return self._pool

    def reading(self) -> Pool:
        """What questions are read by: sessions that keep their plans (`kept_plans.py`)."""
        return self._reading

    def pools(self) -> Sequence[Pool]:
        """Every database once: for sweeps, questions and checks that look across the lanes."""
        return [self._pool]

    def in_use(self) -> Mapping[str, int]:
        """Connections that are at work, of each pool by its name."""
        pools = {"commands": self._pool, "questions": self._reading}
        return {name: pool.get_size() - pool.get_idle_size() for name, pool in pools.items()}


@asynccontextmanager
async def connected(
    url: str, name: str, plans_kept_seconds: float = kept_plans.KEPT_SECONDS
) -> AsyncIterator[Database]:
    """Hold connections to the database of a service; those of questions come with the first."""
    session = SESSION | {"application_name": name}
    pool_of = partial(
        asyncpg.create_pool,
        url,
        max_size=POOL_SIZE,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        reset=leave_as_it_is,
    )
    async with (
        pool_of(min_size=1, server_settings=session) as pool,
        pool_of(
            min_size=0,
            server_settings=session | kept_plans.SESSION,
            max_cached_statement_lifetime=plans_kept_seconds,
        ) as reading,
    ):
        yield Database(pool, reading)


async def leave_as_it_is(connection: object) -> None:
    """What a transaction sets ends with it: nothing is left to reset, a round trip is saved."""
    del connection


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Transaction]:
    """Commit at the end of the block, or nothing of it happened."""
    asked = time.perf_counter()
    # Two blocks: what lies between them is measured.
    async with pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
        metrics.POOL_ACQUIRE.observe(time.perf_counter() - asked)
        async with connection.transaction():
            yield connection


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Transaction]:
    """Read everything as of one moment, and change nothing."""
    async with (
        pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def end_frozen(pool: Pool, seconds: float = FROZEN_SECONDS) -> int:
    """End sessions of this service that have waited so long for their own client; say how many."""
    ended: int = await pool.fetchval(END_FROZEN, seconds)
    if ended:
        log.warning("sessions of a frozen worker are ended", sessions=ended)
    return ended


async def read_clock(connection: "Transaction | Pool", offset_seconds: float = 0) -> datetime:
    """Read the time that a batch lives in, after its locks: the database's, in milliseconds."""
    now: datetime = await connection.fetchval(CLOCK)
    return now + timedelta(seconds=offset_seconds) if offset_seconds else now


def columns(rows: Iterable[Any], *names: str) -> Sequence[Sequence[Any]]:
    """Turn rows into the arrays that `unnest` turns back into rows."""
    return list(zip(*map(attrgetter(*names), rows), strict=True)) or [()] * len(names)
