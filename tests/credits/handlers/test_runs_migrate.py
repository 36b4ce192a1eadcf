"""Runs leave nothing held when their table goes, and come to a database that is in use."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from deploy.migrate import alone, folder_of, migrate, with_config
from services.credits.partitions import make_partitions
from shared.contracts.message import Message
from tests import making
from tests.credits.handlers.worker import working
from tests.databases import own_database
from tests.making import ANN, BOB, record, uuid
from tests.running import RUN, done, run_requested, stage_done

BEFORE = "0001"


@pytest.fixture
def own_url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "runs") as url:
        yield url


async def go_back(url: str) -> None:
    async with alone("credits", url):
        await with_config(folder_of("credits"), url, partial(command.downgrade, revision=BEFORE))


async def accounts(url: str) -> dict[str, tuple[int, ...]]:
    connection = await asyncpg.connect(url)
    query = "SELECT account_id::text, plan_bucket, held, version FROM accounts"
    try:
        return {row[0]: tuple(row)[1:] for row in await connection.fetch(query)}
    finally:
        await connection.close()


async def test_what_open_runs_hold_is_free_again_without_their_table(own_url: str) -> None:
    said: list[Message] = [making.paid(500, ANN), making.paid(500, BOB), making.requested(7, BOB)]
    said += [run_requested(), making.requested(8, ANN, run_id=uuid(RUN)), stage_done(1, done(9))]
    async with working(own_url) as worker:
        await make_partitions(worker.service)
        await worker.obey([record(message) for message in said])
    assert await accounts(own_url) == {ANN: (453, 253, 4), BOB: (500, 60, 2)}

    await go_back(own_url)
    assert await accounts(own_url) == {ANN: (453, 60, 5), BOB: (500, 60, 2)}

    await migrate("credits", own_url)
    async with working(own_url) as worker:
        await worker.obey([record(making.completed(8, ANN)), record(run_requested(run=RUN + 1))])
    assert await accounts(own_url) == {ANN: (406, 300, 7), BOB: (500, 60, 2)}
