"""What accounts have of credits and limits, seen every 100 ms as one moment of the rows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias, TypeVar

import asyncpg

EVERY_SECONDS = 0.1

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Seen = TypeVar("Seen")

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

CREDITS = """
    SELECT plan_bucket + purchased_bucket, held, (
        SELECT coalesce(sum(held), 0)::bigint FROM reservations AS open
        WHERE open.lane = accounts.lane AND open.account_id = accounts.account_id
          AND state = 'held'
    ) FROM accounts WHERE account_id = $1
"""

Taken: TypeAlias = Mapping[tuple[str, str], tuple[int, int]]  # Account, kind: used and held.


@dataclass(frozen=True)
class Moment:
    """What is there, and what the counters say is there."""

    things: Taken
    counters: Taken


class Purse(NamedTuple):
    """What an account has, what it says is held, and what its open reservations hold."""

    balance: int
    held: int
    reserved: int


async def limits_of(accounts: Sequence[str], connection: Connection) -> Moment:
    things, counters = [
        {(row[0], row[1]): (row[2], row[3]) for row in await connection.fetch(x, accounts)}
        for x in (THINGS, COUNTERS)
    ]
    return Moment(*(without_nothing(x) for x in (things, counters)))


async def credits_of(account: str, connection: Connection) -> Purse:
    row = await connection.fetchrow(CREDITS, account)
    return Purse(*row) if row else Purse(0, 0, 0)


@asynccontextmanager
async def sampled(
    url: str, take: Callable[[Connection], Awaitable[Seen]]
) -> AsyncIterator[list[Seen]]:
    """Look until the end of the block, and once more after it."""
    moments: list[Seen] = []
    over = asyncio.Event()
    connection = await asyncpg.connect(url)
    try:
        looking = asyncio.create_task(look(moments, over, partial(at_one_moment, connection, take)))
        try:
            yield moments
        finally:
            over.set()
            await looking
    finally:
        await connection.close()


async def look(
    moments: list[Seen], over: asyncio.Event, take: Callable[[], Awaitable[Seen]]
) -> None:
    is_last = False
    while not is_last:
        is_last = over.is_set()
        moments.append(await take())
        await asyncio.sleep(0 if is_last else EVERY_SECONDS)


async def at_one_moment(
    connection: Connection, take: Callable[[Connection], Awaitable[Seen]]
) -> Seen:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await take(connection)


def without_nothing(taken: Taken) -> Taken:
    return {name: numbers for name, numbers in taken.items() if numbers != (0, 0)}
