"""The topics of the contract, made where they are missing; what is there is never changed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

from deploy.errors import OperatorError
from deploy.local import environment
from deploy.options import DATA, Data
from shared.contracts.topics import TOPICS, Topic, config

PARTITIONS, REPLICATION = 4, 1  # Of one broker on one machine.
VISIBLE_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.1

app = typer.Typer()
log = logging.getLogger(__name__)


@app.command(name="topics")
def command(data: Data = DATA) -> None:
    """Make the topics that are missing on KAFKA_BOOTSTRAP_SERVERS."""
    settings = environment.known(data)
    if environment.KAFKA not in settings:
        raise OperatorError(f"{environment.KAFKA} is missing")
    asyncio.run(make_for(settings))


async def make_for(settings: Mapping[str, str]) -> None:
    """Make what is missing on the Kafka of a stack."""
    log.info("Making topics")
    partitions = int(settings.get("KAFKA_PARTITIONS", PARTITIONS))
    replication = int(settings.get("KAFKA_REPLICATION", REPLICATION))
    await make_missing(settings["KAFKA_BOOTSTRAP_SERVERS"], partitions, replication)


async def make_missing(
    servers: str, partitions: int, replication: int, topics: Sequence[Topic] = TOPICS
) -> None:
    """Make what is missing, and say where a topic has another number of partitions."""
    async with connected_to(servers) as admin:
        existing = await partition_counts(admin)
        missing = [topic for topic in topics if topic.name not in existing]
        await make(admin, [new_topic(topic, partitions, replication) for topic in missing])
    for name in sorted(existing.keys() & {topic.name for topic in topics}):
        if existing[name] != partitions:
            log.warning("topic %s has %d partitions, not %d", name, existing[name], partitions)


@asynccontextmanager
async def connected_to(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
    except KafkaConnectionError as error:
        await admin.close()
        raise OperatorError(f"no Kafka answers at {servers}") from error
    try:
        yield admin
    finally:
        await admin.close()


async def partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    return {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics()}


def new_topic(topic: Topic, partitions: int, replication: int) -> NewTopic:
    return NewTopic(topic.name, partitions, replication, topic_configs=config(topic))


async def make(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    """Make these, and wait until everybody can see them."""
    if not topics:
        return
    answer = await admin.create_topics(topics)
    for name, code, *reason in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):  # Somebody else may make them too.
            error = for_code(code)
            raise OperatorError(f"topic {name} cannot be made: {error.__name__} {reason}")
    async with asyncio.timeout(VISIBLE_SECONDS):
        while not {topic.name for topic in topics} <= (await partition_counts(admin)).keys():
            await asyncio.sleep(LOOK_EVERY_SECONDS)
