"""A worker of a real group, to be looked at while it polls and while it does not."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from aiokafka import TopicPartition as Place

from shared.assignment import Offsets
from shared.contracts.credits import OperationFailed
from shared.kafka import Letter
from shared.poller import Poller
from shared.publisher import Publisher
from shared.settings import Settings
from tests import making
from tests.making import PARTITIONS, outgoing, partition_for

ENOUGH_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.02
HOME = partition_for(making.failed(1))


@dataclass
class Reading:
    """One worker of a group of its own, and what its handler has done."""

    servers: str
    topic: str
    starts: dict[Place, int] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    tried_at: list[float] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)
    group: str = field(default_factory=lambda: f"poller-{uuid4()}")
    partitions: int = PARTITIONS

    @property
    def here(self) -> Place:
        return Place(self.topic, HOME)

    def poller(self) -> Poller:
        message = type("Told", (OperationFailed,), {"topic": self.topic}, frozen=True, kw_only=True)
        settings = Settings(kafka_bootstrap_servers=self.servers, kafka_partitions=self.partitions)
        reader = making.reader(message)
        return Poller(self.group, [self.topic], reader, self.handle, settings, self.known)

    async def known(self) -> Offsets:
        return self.starts

    async def handle(self, letters: Sequence[Letter]) -> None:
        self.tried_at.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
        self.applied += [letter.record.offset for letter in letters]

    @asynccontextmanager
    async def reads(self) -> AsyncIterator[Poller]:
        """Poll while the block runs, and finish as a service does."""
        poller = self.poller()
        await poller.start()
        running = asyncio.create_task(poller.run())
        try:
            yield poller
        finally:
            await poller.stop()
            await asyncio.wait([running])
            await poller.leave_group()
        await running

    async def committed(self, poller: Poller) -> int | None:
        found: int | None = await poller.consumer.committed(self.here)
        return found


@asynccontextmanager
async def idle(reading: Reading) -> AsyncIterator[Poller]:
    """Has its partitions, and does not poll."""
    poller = reading.poller()
    await poller.listen()  # Before it has begun there is nothing to find out.
    await poller.start()
    try:
        await until(lambda: poller.assignment.is_complete)
        yield poller
    finally:
        await poller.consumer.stop()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(ENOUGH_SECONDS):
        while not is_so():
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def tell(servers: str, topic: str, count: int) -> None:
    """So many records of one account, one after the other."""
    publisher = Publisher(servers)
    await publisher.start()
    try:
        told = [outgoing(making.failed(number))._replace(topic=topic) for number in range(count)]
        await publisher.send(told)
    finally:
        await publisher.stop()
