"""What a fault is done to: a stack, workers, a load, and what must be true when all is quiet."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place

from deploy.local import environment as surroundings
from deploy.local import kafka, postgres, worker
from deploy.local.environment import KAFKA
from deploy.local.programs import Program, tail_of
from deploy.local.worker import Post
from deploy.verify import verify
from shared.contracts.credits import OperationRequested
from shared.contracts.message import Command, Message
from shared.contracts.operating import Service as Name
from shared.envelope import Outgoing
from shared.jobs import MAY_PASS
from shared.publisher import Publisher
from shared.verifying import QUIET
from tests import making
from tests.making import PARTITIONS, outgoing

NUMBERS = count(1)
LOOK_AGAIN_SECONDS = 0.1
SETTLE_SECONDS = 90.0
CHUNK = 1_000

APPLIED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM kafka_offsets WHERE topic = ANY($1)"


def accounts(number: int) -> list[str]:
    """Some that no other test knows."""
    return [str(uuid4()) for _ in range(number)]


def some_numbers(amount: int) -> list[int]:
    return [next(NUMBERS) for _ in range(amount)]


@dataclass(frozen=True)
class Scene:
    """A stack whose servers may be killed."""

    home: Path
    environment: Mapping[str, str]
    service: Name = "credits"  # Whose workers, rows and books are looked at.

    @property
    def kafka(self) -> Program:
        return kafka.program(self.home)

    @property
    def postgres(self) -> Program:
        return postgres.program(self.home)

    def worker(self, number: int = 1, **settings: str) -> Program:
        post = Post(self.service, number)
        return worker.program(post, self.home, {**self.environment, **settings})

    async def publish(self, records: Sequence[Outgoing]) -> None:
        publisher = Publisher(self.environment[KAFKA])
        try:
            await publisher.start()
            for start in range(0, len(records), CHUNK):
                await publisher.send(records[start : start + CHUNK])
        finally:
            await publisher.stop()

    async def tell(self, messages: Sequence[Message]) -> None:
        await self.publish([outgoing(message) for message in messages])

    async def value(self, query: str, *arguments: object) -> int:
        """One number out of the database of the service, as soon as there is one to ask."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                try:
                    return await self._value(query, *arguments)
                except MAY_PASS:
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _value(self, query: str, *arguments: object) -> int:
        url = self.environment[surroundings.database_variable(self.service)]
        connection = await asyncpg.connect(url)
        try:
            return int(await connection.fetchval(query, *arguments))
        finally:
            await connection.close()

    async def until(self, is_so: Callable[[int], bool], query: str, *arguments: object) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while not is_so(found := await self.value(query, *arguments)):
            assert time.monotonic() < deadline, f"it stays at {found}; {self.last_words()}"
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    def last_words(self) -> str:
        """How the workers are, and the end of what each has said: for whoever reads a failure."""
        workers = [self.worker(number) for number in (1, 2)]
        said = [(w, tail_of(w.log)) for w in workers if w.log.exists()]
        return "\n".join(f"{w.name}: {'runs' if w.process else 'ended'}\n{end}" for w, end in said)

    async def settled(self, *topics: str) -> None:
        """Wait until everything in these topics is applied, and what it sends has arrived."""
        async with self.consumer() as consumer:
            places = [Place(topic, number) for topic in topics for number in range(PARTITIONS)]
            end = sum((await consumer.end_offsets(places)).values())
        await self.until(lambda applied: applied >= end, APPLIED, list(topics))
        await self.until(lambda parcels: parcels == 0, "SELECT count(*) FROM outbox")

    @asynccontextmanager
    async def consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.environment[KAFKA])
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def records(
        self, topic: str
    ) -> list[tuple[bytes | None, bytes | None, dict[str, bytes]]]:
        """Key, value and headers of everything in a topic, each record once."""
        async with self.consumer() as consumer:
            places = [Place(topic, number) for number in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning()
            ends, found = await consumer.end_offsets(places), {}
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for one in records:
                        headers = dict(one.headers)
                        identity = headers.get("ce_id") or (one.partition, one.offset)
                        found[identity] = (one.key, one.value, headers)
        return list(found.values())

    async def answered(self, asked: Sequence[Command]) -> Counter[str]:
        """How each request was answered: `ok` or the code of its error; one answer each."""
        wanted = {(request.account_id, request.subject) for request in asked}
        (answer,) = {request.answer for request in asked}
        answers: dict[tuple[str | None, str], set[str]] = {}
        for _, value, _ in await self.records(answer.topic):
            reply = msgspec.json.decode(value or b"", type=answer)
            if (key := (reply.account_id, reply.id)) in wanted:
                said = "ok" if reply.error is None else reply.error.code
                answers.setdefault(key, set()).add(said)
        assert answers.keys() == wanted, f"{len(wanted - answers.keys())} were not answered"
        assert all(len(said) == 1 for said in answers.values()), "one was answered in two ways"
        return Counter(next(iter(said)) for said in answers.values())

    async def assert_books_balance(self) -> None:
        report = await verify(self.environment, [self.service], QUIET)
        broken = [(i.id, i.finding.violations[:3]) for i in report.invariants if i.finding.broken]
        assert report.ok, broken


def lives(owners: Sequence[str], amount: int) -> tuple[list[OperationRequested], list[Message]]:
    """So many articles asked for, and done: 60 held and 47 charged each."""
    chosen = list(
        zip(some_numbers(amount), [owners[n % len(owners)] for n in range(amount)], strict=True)
    )
    asked = [making.requested(number, owner) for number, owner in chosen]
    return asked, [making.completed(number, owner) for number, owner in chosen]


def funding(owners: Sequence[str], credits: int) -> list[Message]:
    numbers = some_numbers(len(owners))
    return [making.paid(credits, o, invoice=n) for o, n in zip(owners, numbers, strict=True)]
