"""Where a consumer goes on when it is given partitions: where its service's own offsets say."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka import TopicPartition as Place
from aiokafka.errors import UnknownTopicOrPartitionError

from shared import jobs, metrics
from shared.jobs import MAY_PASS

RETRY_SECONDS = 1.0

Offsets: TypeAlias = Mapping[Place, int]

log = structlog.get_logger(__name__)


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types.
    """What one consumer does when its group has shared out the partitions.

    `turn` is held while a batch is applied: partitions are given away between batches only, and
    `leave` waits until what those batches send has arrived.
    """

    def __init__(
        self,
        group: str,
        partitions: int,
        applied: Callable[[], Awaitable[Offsets]],
        arrive: Callable[[Collection[Place]], Awaitable[None]],
        leave: Callable[[], Awaitable[None]],
    ) -> None:
        self._group, self._partitions = group, partitions
        self._applied, self._arrive, self._leave = applied, arrive, leave
        self.consumer: AIOKafkaConsumer | None = None
        self.turn = asyncio.Lock()
        self.is_complete = False
        self.places: frozenset[Place] = frozenset()

    async def on_partitions_revoked(self, _: Collection[Place]) -> None:
        self.is_complete = False
        async with self.turn:
            await self._leave()
            self.places = frozenset()

    async def on_partitions_assigned(self, assigned: Collection[Place]) -> None:
        """Go on where this service stopped; on a log that cannot be its own, end the process."""
        metrics.REBALANCES.labels(self._group).inc()
        async with self.turn:
            while not self.is_complete:
                try:
                    await self._go_on(assigned)
                except MAY_PASS as error:
                    log.warning("the assignment is tried again", error=repr(error))
                    await asyncio.sleep(RETRY_SECONDS)
                except ValueError as error:
                    log.critical("refusing to start", reason=str(error))
                    jobs.failures.append(error)
                    signal.raise_signal(signal.SIGTERM)
                    return

    async def _go_on(self, assigned: Collection[Place]) -> None:
        """Kafka's own committed offset is a hint: ours was moved together with the effects."""
        consumer, applied = self.consumer, await self._applied()
        assert consumer is not None, "the consumer is known before it subscribes"
        ends = await consumer.end_offsets(assigned) if assigned else {}
        check_lengths(ends, applied)
        for topic in {place.topic for place in assigned}:
            known = consumer.partitions_for_topic(topic)
            if known is None:  # A broker that has just come back has not told yet.
                raise UnknownTopicOrPartitionError(topic)
            check_count(topic, len(known), self._partitions)
        starts = await consumer.beginning_offsets(assigned) if assigned else {}
        for place in assigned:
            starts[place] = max(starts[place], applied.get(place, 0))
        await self._arrive(assigned)
        # From here on nothing waits: what was polled before is dropped, what comes after is ours.
        for place, start in starts.items():
            consumer.seek(place, start)
        self.places, self.is_complete = frozenset(assigned), True
        log.info("assigned", group=self._group, partitions=len(assigned))


def check_lengths(ends: Offsets, applied: Offsets) -> None:
    """A topic that was made anew would be dropped in silence, as applied already."""
    for place, end in ends.items():
        if end < applied.get(place, 0):
            raise ValueError(f"{place} ends at {end}, but {applied[place]} were applied")


def check_count(topic: str, count: int, expected: int) -> None:
    """With another number of partitions an account would not be where its lane says."""
    if count != expected:
        raise ValueError(f"{topic} has {count} partitions instead of {expected}")
