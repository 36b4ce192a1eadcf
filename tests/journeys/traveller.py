"""One account on its way through the system, seen by replies, facts and queries only."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place

from shared.client import Client
from shared.contracts.credits import Balance, OperationReplied, OperationRequested
from shared.contracts.credits.queries import AskBalance
from shared.contracts.message import Message
from shared.contracts.services import SERVICES
from tests.making import PARTITIONS

LONGEST_WAIT_SECONDS = 30.0
A_MOMENT_MILLISECONDS = 400  # In which what must not come would have come.

Fact = TypeVar("Fact", bound=Message)


@dataclass
class Ears:
    """Hears every fact about one account, from when it began to listen."""

    consumer: AIOKafkaConsumer
    account: str
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    async def listen(self, milliseconds: int = 50) -> None:
        polled = await self.consumer.getmany(timeout_ms=milliseconds)
        for place, records in polled.items():
            own = [record for record in records if record.key == self.account.encode()]
            self.heard += [(place.topic, record.value) for record in own]

    def of(self, fact: type[Fact]) -> list[Fact]:
        return [
            msgspec.json.decode(value, type=fact)
            for topic, value in self.heard
            if topic == fact.topic
        ]

    async def hear(self, fact: type[Fact], count: int = 1) -> list[Fact]:
        """Wait for so many facts of a kind."""
        async with asyncio.timeout(LONGEST_WAIT_SECONDS):
            while len(self.of(fact)) < count:
                await self.listen()
        return self.of(fact)

    async def hear_until(self, fact: type[Fact], is_last: Callable[[Fact], bool]) -> list[Fact]:
        """Wait for one of a kind; give all of that kind up to it."""
        async with asyncio.timeout(LONGEST_WAIT_SECONDS):
            while not any(map(is_last, self.of(fact))):
                await self.listen()
        heard = self.of(fact)
        return heard[: next(place for place, one in enumerate(heard) if is_last(one)) + 1]

    async def silence(self) -> None:
        """Give what must not come the time to come."""
        await self.listen(A_MOMENT_MILLISECONDS)
        await self.listen(A_MOMENT_MILLISECONDS)


@dataclass
class Traveller:
    """An account, and what it can do and hear."""

    account: str
    client: Client
    ears: Ears

    async def tell(self, *messages: Message) -> None:
        await self.client.publish(messages)

    async def ask(self, command: OperationRequested) -> OperationReplied:
        reply = await self.client.request(command)
        assert isinstance(reply, OperationReplied)
        return reply

    async def balance(self) -> Balance:
        reply = await self.client.ask(AskBalance(), self.account)
        assert isinstance(reply.data, Balance), reply.error
        return reply.data


@asynccontextmanager
async def listening(servers: str, account: str) -> AsyncIterator[Ears]:
    announced = {message for service in SERVICES for message in service.announced}
    topics: Sequence[type[Message]] = [m for m in announced if not hasattr(m, "command")]
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, fetch_max_wait_ms=100)
    await consumer.start()
    try:
        consumer.assign([Place(m.topic, n) for m in topics for n in range(PARTITIONS)])
        await consumer.seek_to_end()
        yield Ears(consumer, account)
    finally:
        await consumer.stop()
