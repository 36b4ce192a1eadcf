"""A worker shows the lag of the partitions that it has, and of no others."""

from collections.abc import Sequence

from aiokafka import TopicPartition as Place
from prometheus_client import REGISTRY

from shared import metrics
from shared.assignment import Offsets
from shared.kafka import Letter
from shared.poller import Poller
from shared.settings import Settings
from tests import making

GIVEN_AWAY = Place("ai.operation.requested", 3)


async def nowhere() -> Offsets:
    return {}


async def ignore(_: Sequence[Letter]) -> None:
    """Nothing is polled here."""


def shown(metric: str) -> float | None:
    labels = {"group": "lag", "topic": GIVEN_AWAY.topic, "partition": "3"}
    return REGISTRY.get_sample_value(metric, labels)


async def test_a_partition_that_was_given_away_is_not_shown_any_more() -> None:
    settings = Settings(kafka_bootstrap_servers="nowhere:9092")
    poller = Poller("lag", [GIVEN_AWAY.topic], making.reader(), ignore, settings, nowhere)
    poller.assignment.places = frozenset({GIVEN_AWAY})
    for gauge in (metrics.LAG, metrics.AGE):
        gauge.labels("lag", GIVEN_AWAY.topic, "3").set(7)
    assert shown("igny8_lag_records") == 7

    await poller.assignment.on_partitions_revoked({GIVEN_AWAY})

    assert shown("igny8_lag_records") is None
    assert shown("igny8_oldest_unprocessed_age_seconds") is None
