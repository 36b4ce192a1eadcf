"""Claw-backs leave nothing frozen when their tables go, and come to a database that is in use."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from deploy.migrate import alone, folder_of, migrate, with_config
from services.credits.partitions import make_partitions
from tests import making
from tests.correcting import disputed, freeze, refunded
from tests.credits.handlers.worker import working
from tests.databases import own_database
from tests.making import ANN, BOB, record

BEFORE = "0002"


@pytest.fixture
def own_url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "clawbacks") as url:
        yield url


async def go_back(url: str) -> None:
    async with alone("credits", url):
        await with_config(folder_of("credits"), url, partial(command.downgrade, revision=BEFORE))


async def accounts(url: str) -> dict[str, tuple[int, ...]]:
    connection = await asyncpg.connect(url)
    query = "SELECT account_id::text, purchased_bucket, held, version FROM accounts"
    try:
        return {row[0]: tuple(row)[1:] for row in await connection.fetch(query)}
    finally:
        await connection.close()


async def test_what_is_frozen_is_free_again_without_its_table(own_url: str) -> None:
    bought = [making.paid(500, x, kind="credit_package", code="pro") for x in (ANN, BOB)]
    async with working(own_url) as worker:
        await make_partitions(worker.service)
        said = [*bought, making.requested(7, ANN), freeze(1, 100, ANN), freeze(2, 90, ANN)]
        said += [disputed(1, "opened", 50, ANN), refunded(1, 200, BOB)]
        await worker.obey([record(message) for message in said])
    before = await accounts(own_url)
    assert before == {ANN: (500, 300, 5), BOB: (300, 0, 2)}

    await go_back(own_url)
    assert await accounts(own_url) == {ANN: (500, 60, 6), BOB: (300, 0, 2)}

    await migrate("credits", own_url)
    async with working(own_url) as worker:
        await worker.obey([record(making.completed(7, ANN)), record(freeze(1, 453, ANN))])
    assert await accounts(own_url) == {ANN: (453, 453, 8), BOB: (300, 0, 2)}
