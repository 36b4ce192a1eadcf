"""Credits on a PostgreSQL of its own, with a clerk who is told things and asked about them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.credits.handlers import Credits
from services.credits.partitions import make_partitions
from shared import postgres
from shared.service import Service
from shared.settings import Settings
from tests.credits.queries.clerk import Clerk
from tests.databases import own_database
from tests.recorder import Recorder


@pytest.fixture(scope="session")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "questions") as url:
        yield url


@pytest.fixture
async def clerk(url: str) -> AsyncIterator[Clerk]:
    settings = Settings(kafka_bootstrap_servers="nowhere:0", credits_database_url=url)
    service = Service("credits", settings)
    recorder = Recorder()
    async with postgres.connected(url, "questions") as service.database:
        service.speak_through(recorder)
        await make_partitions(service)
        yield Clerk(Credits(service), recorder)


@pytest.fixture
def account() -> str:
    """One that no other test knows."""
    return str(uuid4())
