"""Tables of which each month has one of its own, made ahead; what is over stays."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import structlog

from shared.postgres import Transaction, read_clock, transaction
from shared.service import Service

MONTHS_AHEAD = 2
MAKERS = 7_001  # The key under which workers take turns: PostgreSQL's advisory locks.
MAKE_EVERY_SECONDS = 3600.0

# The first moment of the oldest month that a table still has; months that are over may be gone.
OLDEST = r"""
    SELECT min(to_date(right(relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC')
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = '{table}'::regclass AND relname ~ '_\d\d\d\d_\d\d$'
"""
EXISTING = "SELECT to_regclass($1) IS NOT NULL"

log = structlog.get_logger(__name__)


def months_from(moment: datetime, count: int) -> list[datetime]:
    """The first moments of this UTC month and of so many after it."""
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [first]
    for _ in range(count):
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    return months


def kept_since(table: str, first_astray: str) -> str:
    """SQL for when a table begins to have everything; rows astray lie outside of its months."""
    return f"coalesce(least(({OLDEST.format(table=table)}), ({first_astray})), '-infinity')"


async def make_months(service: Service, tables: Collection[str]) -> None:
    """Make those of this month and the next ones that are missing, one worker at a time."""
    pool = service.database.pool_for(None)
    now = await read_clock(pool, service.settings.clock_offset)
    months = months_from(now, MONTHS_AHEAD + 1)
    async with transaction(pool) as tx:
        await tx.execute("SELECT pg_advisory_xact_lock($1)", MAKERS)
        for table in tables:
            for start, end in pairwise(months):
                await make(tx, table, start, end)


async def make(tx: Transaction, table: str, start: datetime, end: datetime) -> None:
    """Make the table of a month; while rows of it lie in the default table, they stay there."""
    name = f"{table}_{start:%Y_%m}"
    if await tx.fetchval(EXISTING, name):
        return
    try:
        async with tx.transaction():
            await tx.execute(partition(table, name, start, end))
    except asyncpg.CheckViolationError:
        log.error("rows of a month lie in the default table", table=name)  # noqa: TRY400 - Known.


def partition(table: str, name: str, start: datetime, end: datetime) -> str:
    """Append only: not even its owner may change what stands there."""
    return (
        f"CREATE TABLE {name} PARTITION OF {table} "
        f"FOR VALUES FROM ('{start:%Y-%m-%d}+00') TO ('{end:%Y-%m-%d}+00');"
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM CURRENT_USER"
    )
