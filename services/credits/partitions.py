"""The ledger and the usage log lie in a table a month, made ahead; what is over stays."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from shared.postgres import read_clock, transaction
from shared.service import Service

MONTHLY = ("ledger", "usage")
MONTHS_AHEAD = 2
MAKERS = 7_001  # The key under which workers take turns: PostgreSQL's advisory locks.

EXISTING = "SELECT to_regclass($1) IS NOT NULL"


def months_from(moment: datetime, count: int) -> list[datetime]:
    """The first moments of this UTC month and of so many after it."""
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [first]
    for _ in range(count):
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    return months


async def make_partitions(service: Service) -> None:
    """Make those of this month and the next ones that are missing, one worker at a time."""
    pool = service.database.pool_for(None)
    now = await read_clock(pool, service.settings.clock_offset)
    months = months_from(now, MONTHS_AHEAD + 1)
    async with transaction(pool) as tx:
        await tx.execute("SELECT pg_advisory_xact_lock($1)", MAKERS)
        for table in MONTHLY:
            for start, end in pairwise(months):
                name = f"{table}_{start:%Y_%m}"
                if not await tx.fetchval(EXISTING, name):
                    await tx.execute(partition(table, name, start, end))


def partition(table: str, name: str, start: datetime, end: datetime) -> str:
    """Append only: not even its owner may change what stands there."""
    return (
        f"CREATE TABLE {name} PARTITION OF {table} "
        f"FOR VALUES FROM ('{start:%Y-%m-%d}+00') TO ('{end:%Y-%m-%d}+00');"
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM CURRENT_USER"
    )
