"""Rows written as COPY takes them are read back as they were; on a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest

from shared import copying
from shared.copying import EPOCH, Rows, or_null
from shared.postgres import REFUSES_THE_DATA, Pool, Transaction
from tests.making import uuid

TABLE = """
    CREATE TEMPORARY TABLE copied (
        place int, small smallint, whole integer, big bigint, is_so boolean, id uuid, said text,
        raw bytea, state text, at timestamptz, cost numeric(20, 8))
"""
ENCODERS = {
    "place": copying.integer,
    "small": or_null(copying.smallint),
    "whole": or_null(copying.integer),
    "big": or_null(copying.bigint),
    "is_so": or_null(copying.boolean),
    "id": or_null(copying.uuid),
    "said": or_null(copying.text),
    "raw": or_null(copying.bytea),
    "state": copying.word,
    "at": copying.moment,
    "cost": copying.usd,
}


class Row(NamedTuple):
    """One of everything; what may be missing is so in some rows."""

    place: int
    small: int | None = None
    whole: int | None = None
    big: int | None = None
    is_so: bool | None = None
    id: str | None = None
    said: str | None = None
    raw: bytes | None = None
    state: str | None = None
    at: datetime | None = None
    cost: str | None = None


EDGES = (
    Row(0),
    Row(1, -(2**15), -(2**31), -(2**63), False, uuid(0), "", b"", "", cost="0.00000000"),  # noqa: FBT003 - A value.
    Row(2, 2**15 - 1, 2**31 - 1, 2**63 - 1, True, "f" * 8 + uuid(1)[8:], "\u00e9\U0001f600\t\\N"),  # noqa: FBT003
    Row(3, raw=bytes(range(256)), said="x" * 70_000, state="held", cost="0.03250000"),
    Row(4, at=datetime(2000, 1, 1, tzinfo=UTC), cost="0.00000001"),
    Row(5, at=datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), cost="10000.00010000"),
    Row(6, at=datetime(2026, 1, 15, 12, 0, 0, 1, tzinfo=UTC), cost="999999999999.99999999"),
    Row(7, at=datetime(1, 1, 1, tzinfo=UTC), cost="100000000.00000000"),
    Row(8, at=datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), cost="9999.99990000"),
)
LETTERS = "ab \n\t\\\u00e9\u6f22\U0001f600"


def chance(some: Random, place: int) -> Row:
    """Each value there or not, of any size."""
    values = (
        some.randrange(-(2**15), 2**15),
        some.randrange(-(2**31), 2**31),
        some.randrange(-(2**63), 2**63),
        some.random() < 0.5,
        str(UUID(int=some.getrandbits(128))),
        "".join(some.choices(LETTERS, k=some.randrange(20))),
        some.randbytes(some.randrange(20)),
        some.choice(("held", "committed", "released", "")),
        EPOCH + timedelta(microseconds=some.randrange(-(10**15), 10**15)),
        f"{some.randrange(10 ** some.randint(1, 12))}.{some.randrange(10**8):08}",
    )
    return Row(place, *(value if some.random() < 0.7 else None for value in values))  # type: ignore[arg-type] # Each in its column.


@pytest.fixture
async def tx(pool: Pool) -> AsyncIterator[Transaction]:
    async with pool.acquire() as connection:
        await connection.execute(TABLE)
        yield connection
        await connection.execute("DROP TABLE copied")


async def copied(tx: Transaction, written: list[Row]) -> list[Row]:
    await tx.execute("TRUNCATE copied")
    await Rows("copied", ENCODERS).add(tx, written)
    found = await tx.fetch("SELECT * FROM copied ORDER BY place")
    return [read(row) for row in found]


def read(row: asyncpg.Record) -> Row:
    said = dict(row)
    cost: Decimal | None = said["cost"]
    return Row(
        **said
        | {
            "id": None if said["id"] is None else str(said["id"]),
            "cost": None if cost is None else f"{cost:f}",
        }
    )


async def test_every_edge_is_read_back_as_it_was_written(tx: Transaction) -> None:
    assert await copied(tx, list(EDGES)) == list(EDGES)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: str(edge.place))
async def test_a_column_may_be_empty_for_all_rows_or_for_none(tx: Transaction, edge: Row) -> None:
    """Which is written in another way than where some are."""
    twice = [edge, edge._replace(place=100)]

    assert await copied(tx, twice) == twice


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_the_rows_hold_they_are_read_back_as_they_were(
    tx: Transaction, seed: int
) -> None:
    some = Random(seed)
    written = [chance(some, place) for place in range(300)]

    assert await copied(tx, written) == written


async def test_no_rows_are_no_statement(tx: Transaction) -> None:
    assert await copied(tx, []) == []


async def test_what_the_table_refuses_is_refused_as_in_any_statement(tx: Transaction) -> None:
    await tx.execute("ALTER TABLE copied ADD CHECK (whole <> 7)")

    with pytest.raises(asyncpg.CheckViolationError):
        await copied(tx, [Row(0), Row(1, whole=7)])


@pytest.mark.parametrize(
    "beyond",
    [
        *(Row(0, small=number) for number in (2**15, -(2**15) - 1)),
        *(Row(0, whole=number) for number in (2**31, -(2**31) - 1)),
        *(Row(0, big=number) for number in (2**63, -(2**63) - 1)),
    ],
)
async def test_a_number_that_no_column_holds_is_refused_data(tx: Transaction, beyond: Row) -> None:
    with pytest.raises(REFUSES_THE_DATA):
        await copied(tx, [Row(1, 1, 1, 1), beyond])


async def test_a_number_that_no_argument_holds_is_refused_data(tx: Transaction) -> None:
    with pytest.raises(REFUSES_THE_DATA):
        await tx.fetchval("SELECT unnest($1::int[])", [1, 2**40])
