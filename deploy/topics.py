"""The topics of the contract, made where they are missing; what is there is never changed."""

import logging
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

from deploy.errors import OperatorError
from shared.contracts.topics import TOPICS, Topic, config

log = logging.getLogger(__name__)


async def make_missing(
    servers: str, partitions: int, replication: int, topics: Sequence[Topic] = TOPICS
) -> None:
    """Make what is missing, and say where a topic has another number of partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
    except KafkaConnectionError as error:
        raise OperatorError(f"no Kafka answers at {servers}") from error
    try:
        existing = await partition_counts(admin)
        missing = [topic for topic in topics if topic.name not in existing]
        await make(admin, [new_topic(topic, partitions, replication) for topic in missing])
    finally:
        await admin.close()
    for name in sorted(existing.keys() & {topic.name for topic in topics}):
        if existing[name] != partitions:
            log.warning("topic %s has %d partitions, not %d", name, existing[name], partitions)


async def partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    return {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics()}


def new_topic(topic: Topic, partitions: int, replication: int) -> NewTopic:
    return NewTopic(topic.name, partitions, replication, topic_configs=config(topic))


async def make(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    if not topics:
        return
    answer = await admin.create_topics(topics)
    for name, code, *reason in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):  # Somebody else may make them too.
            error = for_code(code)
            raise OperatorError(f"topic {name} cannot be made: {error.__name__} {reason}")
