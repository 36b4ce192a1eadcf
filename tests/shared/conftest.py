"""A PostgreSQL database with the tables that every service has, empty before each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.postgres import Pool, connected
from tests.databases import own_database


@pytest.fixture(scope="session")
def service_url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "shared") as url:
        yield url


@pytest.fixture
async def pool(service_url: str) -> AsyncIterator[Pool]:
    async with connected(service_url, "shared") as database:
        pool = database.pool_for(None)
        await pool.execute("TRUNCATE outbox, kafka_offsets")
        yield pool
