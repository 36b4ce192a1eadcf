"""Alerts outlive the way there and back of what lists them, read or not."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from deploy.migrate import alone, folder_of, migrate, with_config
from services.credits.partitions import make_partitions
from tests.credits.handlers.worker import working
from tests.databases import own_database
from tests.making import ANN, completed, paid, record

BEFORE = "0005"
ALERTS = "SELECT kind, threshold, read_at IS NULL FROM alerts ORDER BY kind, threshold"
TABLE = "SELECT to_regclass('health')::text"


@pytest.fixture
def own_url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "alerts") as url:
        yield url


async def go_back(url: str) -> None:
    async with alone("credits", url):
        await with_config(folder_of("credits"), url, partial(command.downgrade, revision=BEFORE))


async def test_alerts_stay_whether_they_are_listed_or_not(own_url: str) -> None:
    async with working(own_url) as worker:
        await make_partitions(worker.service)
        await worker.obey([record(paid(40, ANN)), record(completed(1, ANN))])
    raised = [("credits.empty", 0, True), ("credits.shortfall", 0, True)]
    raised.append(("credits.threshold", 95, True))
    connection = await asyncpg.connect(own_url)
    try:
        assert [tuple(row) for row in await connection.fetch(ALERTS)] == raised
        await go_back(own_url)
        assert [tuple(row) for row in await connection.fetch(ALERTS)] == raised
        assert await connection.fetchval(TABLE) is None

        await migrate("credits", own_url)

        assert [tuple(row) for row in await connection.fetch(ALERTS)] == raised
        assert await connection.fetchval(TABLE) == "health"
    finally:
        await connection.close()
