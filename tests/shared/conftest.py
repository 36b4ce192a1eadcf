"""A database with the tables that every service has, empty before each test; a topic to be read."""

import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared import jobs
from shared.postgres import Pool, connected
from tests import making
from tests.databases import own_database
from tests.shared.little import LIMIT
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
def ends() -> Iterator[list[int]]:
    """Signals that ask this process to end, and what it would have ended for."""
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)
        jobs.failures.clear()


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


@pytest.fixture
async def topics(environment: dict[str, str]) -> AsyncIterator[Sequence[str]]:
    """Two that take little."""
    admin = AIOKafkaAdminClient(bootstrap_servers=environment["KAFKA_BOOTSTRAP_SERVERS"])
    names = [f"strict-{uuid4()}" for _ in range(2)]
    await admin.start()
    try:
        limit = {"max.message.bytes": str(LIMIT)}
        await admin.create_topics([making.topic_of_ours(name, more=limit) for name in names])
        yield names
    finally:
        await admin.delete_topics(names)
        await admin.close()


@pytest.fixture
def topic(topics: Sequence[str]) -> str:
    return topics[0]
