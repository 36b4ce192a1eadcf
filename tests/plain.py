"""What is the same in every run of a story: rows and records without ids and times of their own."""

import re
from collections.abc import Collection, Iterable, Mapping

import asyncpg

from shared.contracts.types import Json
from tests.recorder import Sent

IDS_OF_A_RUN = 1000  # Numbers that no other run has: from `run * IDS_OF_A_RUN` on.
RISING_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
SOME_ID = re.compile("00000000-0000-4000-8000-([0-9a-f]{12})")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def plain(text: str, run: int) -> str:
    """Ids that rise with time and times themselves differ; the other ids are told."""

    def short(found: re.Match[str]) -> str:
        """Those of this run have numbers of its own; the others are the same in every run."""
        number = int(found[1], 16) - run * IDS_OF_A_RUN
        return f"id-{number}" if 0 <= number < IDS_OF_A_RUN else found[0]

    return MOMENT.sub("then", RISING_ID.sub("some-id", SOME_ID.sub(short, text)))


def heard(sent: Iterable[Sent], keys: Collection[str]) -> list[Sent]:
    """What was said under some keys, each record once."""
    own = {key.encode() for key in keys}
    return list({identity(one): one for one in sent if one.key in own}.values())


def identity(one: Sent) -> tuple[Json, ...]:
    headers = dict(one.headers)
    place = headers.get("dlq_topic"), headers.get("dlq_partition"), headers.get("dlq_offset")
    return headers.get("ce_id"), *place


async def rows_of(
    database: "asyncpg.Pool[asyncpg.Record]", tables: Mapping[str, str], accounts: Collection[str]
) -> dict[str, list[str]]:
    """The rows of some accounts: of each table the columns that are told."""
    found = {}
    for table, columns in tables.items():
        query = f"SELECT account_id, {columns} FROM {table} WHERE account_id = ANY($1::uuid[])"
        found[table] = [str(tuple(row)) for row in await database.fetch(query, accounts)]
    return found
