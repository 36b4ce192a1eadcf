"""A producer that failed is followed by another one, on a real Kafka.

What may never happen:

1. A producer that has refused something is used again, or renewed by two at once.
2. Who travels on a producer that is renewed for somebody else waits for ever.
"""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer

from shared.courier import Courier
from shared.publisher import Publisher, TooLargeError, packed
from tests.shared.little import LIMIT, numbers_of, told


class Counted(Publisher):
    """Counts the producers that it makes."""

    producers = 0

    def _made(self) -> AIOKafkaProducer:
        self.producers += 1
        return super()._made()


async def test_a_producer_that_failed_is_renewed_once_for_all_who_use_it(
    environment: dict[str, str], topic: str
) -> None:
    publisher = Counted(environment["KAFKA_BOOTSTRAP_SERVERS"])
    await publisher.start()
    try:
        with pytest.raises(TooLargeError):
            await publisher.send([told(1, LIMIT, topic)])
        spent = publisher.producers
        facts, answers = Courier(publisher), Courier(publisher)
        await facts.send(packed([told(2, topic=topic)]))
        await answers.send(packed([told(3, topic=topic)]))
        await asyncio.gather(facts.settled(), answers.settled())
    finally:
        await publisher.stop()

    assert publisher.producers == spent + 1
    assert sorted(await numbers_of(environment["KAFKA_BOOTSTRAP_SERVERS"], topic)) == [2, 3]


class Held(Counted):
    """Holds the first delivery back before its first producer has learnt of a topic."""

    def __init__(self, servers: str) -> None:
        super().__init__(servers)
        self.is_held, self.may_go = asyncio.Event(), asyncio.Event()
        client = self._producer.client  # Where aiokafka waits without a limit.
        self._learn = client._wait_on_metadata  # noqa: SLF001 - See above.
        client._wait_on_metadata = self._hold  # noqa: SLF001 - See above.

    async def _hold(self, topic: str) -> object:
        if not self.is_held.is_set():
            self.is_held.set()
            await self.may_go.wait()
        return await self._learn(topic)


async def test_who_travels_on_a_producer_that_is_renewed_for_another_arrives(
    environment: dict[str, str], topics: Sequence[str]
) -> None:
    servers, (here, there) = environment["KAFKA_BOOTSTRAP_SERVERS"], topics
    publisher = Held(servers)
    await publisher.start()
    try:
        facts = Courier(publisher)
        await facts.send(packed([told(1, topic=there)]))
        await publisher.is_held.wait()
        with pytest.raises(TooLargeError):
            await publisher.send([told(2, LIMIT, here)])
        await publisher.send([told(3, topic=here)])
        publisher.may_go.set()
        async with asyncio.timeout(10):
            await facts.settled()
    finally:
        await publisher.stop()

    assert publisher.producers > 1
    assert await numbers_of(servers, here) == [3]
    assert await numbers_of(servers, there) == [1]
