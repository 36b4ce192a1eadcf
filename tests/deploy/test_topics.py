"""Topics are made as the contract defines them, and never changed."""

import logging

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy import topics
from deploy.local.environment import KAFKA
from shared.contracts.topics import TOPICS, Topic, config


async def test_every_topic_of_the_contract_is_there_with_its_partitions(
    environment: dict[str, str],
) -> None:
    async with topics.connected_to(environment[KAFKA]) as admin:
        counts = await topics.partition_counts(admin)
    assert {topic.name: counts.get(topic.name) for topic in TOPICS} == {
        topic.name: 4 for topic in TOPICS
    }


@pytest.mark.parametrize("topic", [TOPICS[0], next(t for t in TOPICS if t.is_compacted)])
async def test_a_topic_keeps_its_records_as_the_contract_says(
    environment: dict[str, str], topic: Topic
) -> None:
    async with topics.connected_to(environment[KAFKA]) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
        (answer,) = await admin.describe_configs([resource])
    found = {name: value for name, value, *_ in answer.resources[0][4]}
    assert {name: found[name] for name in config(topic)} == config(topic)


async def test_a_topic_with_another_number_of_partitions_is_left_as_it_is_and_told(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    topic = Topic("of.another.time", "account", is_compacted=False, retention_ms=1000)
    await topics.make_missing(environment[KAFKA], 2, 1, [topic])
    with caplog.at_level(logging.WARNING, logger="deploy"):
        await topics.make_missing(environment[KAFKA], 4, 1, [topic])
    assert caplog.messages == ["topic of.another.time has 2 partitions, not 4"]
