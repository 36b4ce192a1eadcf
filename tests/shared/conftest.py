"""A database with the tables that every service has, empty before each test; a topic to be read."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared.postgres import Pool, connected
from tests import making
from tests.databases import own_database
from tests.shared.polling import Reading, tell


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


@pytest.fixture
async def reading(environment: dict[str, str]) -> AsyncIterator[Reading]:
    """A topic that nobody else knows, with five records in one of its partitions."""
    servers, topic = environment["KAFKA_BOOTSTRAP_SERVERS"], f"poller-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([making.topic_of_ours(topic)])
        await tell(servers, topic, 5)
        yield Reading(servers, topic)
    finally:
        await admin.delete_topics([topic])
        await admin.close()
