"""Credits on a PostgreSQL of its own, whose handlers a test calls with polls that it makes up."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.credits.partitions import make_partitions
from tests.credits.handlers.asking import Ids, new_ids
from tests.credits.handlers.worker import Worker, working
from tests.databases import own_database


@pytest.fixture(scope="session")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "handlers") as url:
        yield url


@pytest.fixture
async def worker(url: str) -> AsyncIterator[Worker]:
    async with working(url) as worker:
        await make_partitions(worker.service)
        yield worker


@pytest.fixture
def ids() -> Ids:
    """An account of its own for each test."""
    return new_ids()
