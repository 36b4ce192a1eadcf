"""What accounts have of their limits, seen every 100 ms as one moment of the rows."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

EVERY_SECONDS = 0.1

# By the things themselves: what was made, who is there, what is about to be.
THINGS = """
    SELECT account_id::text, kind, sum(used)::int, sum(held)::int FROM (
        SELECT account_id, limit_type AS kind,
               CASE limit_type WHEN 'keywords' THEN confirmed ELSE 0 END AS used,
               CASE state WHEN 'held' THEN granted ELSE 0 END AS held
        FROM holds
        UNION ALL
        SELECT account_id, 'sites', 1, 0 FROM resources WHERE kind = 'site' AND state = 'active'
        UNION ALL
        SELECT account_id, 'keywords', -1, 0 FROM resources WHERE kind = 'keyword'
        UNION ALL
        SELECT account_id, 'users', 1, 0 FROM members WHERE state IN ('invited', 'active')
    ) AS things WHERE account_id = ANY($1::uuid[]) GROUP BY account_id, kind
"""
COUNTERS = """
    SELECT account_id::text, limit_type, used, held FROM counters
    WHERE account_id = ANY($1::uuid[]) AND month = '-'
"""

Taken: TypeAlias = Mapping[tuple[str, str], tuple[int, int]]  # Account, kind: used and held.


@dataclass(frozen=True)
class Moment:
    """What is there, and what the counters say is there."""

    things: Taken
    counters: Taken


@asynccontextmanager
async def sampled(url: str, accounts: Sequence[str]) -> AsyncIterator[list[Moment]]:
    """Look until the end of the block, and once more after it."""
    moments: list[Moment] = []
    over = asyncio.Event()
    connection = await asyncpg.connect(url)
    try:
        looking = asyncio.create_task(look(connection, accounts, moments, over))
        try:
            yield moments
        finally:
            over.set()
            await looking
    finally:
        await connection.close()


async def look(
    connection: "asyncpg.Connection[asyncpg.Record]",
    accounts: Sequence[str],
    moments: list[Moment],
    over: asyncio.Event,
) -> None:
    is_last = False
    while not is_last:
        is_last = over.is_set()
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            things, counters = [
                {(row[0], row[1]): (row[2], row[3]) for row in await connection.fetch(x, accounts)}
                for x in (THINGS, COUNTERS)
            ]
        moments.append(Moment(*(without_nothing(x) for x in (things, counters))))
        await asyncio.sleep(0 if is_last else EVERY_SECONDS)


def without_nothing(taken: Taken) -> Taken:
    return {name: numbers for name, numbers in taken.items() if numbers != (0, 0)}
