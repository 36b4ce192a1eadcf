"""Limits on a PostgreSQL of its own, whose handlers a test calls with polls that it makes up."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.limits.handlers import MONTHLY
from shared.months import make_months
from tests.databases import own_database
from tests.limits.handlers.worker import Worker, working


@pytest.fixture(scope="session")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "limits", "limits") as url:
        yield url


@pytest.fixture
async def worker(url: str) -> AsyncIterator[Worker]:
    async with working(url) as worker:
        await make_months(worker.service, MONTHLY)
        yield worker


@pytest.fixture
def account() -> str:
    """One that no other test knows."""
    return str(uuid4())
