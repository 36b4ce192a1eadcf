"""Requests by the clock, and the wait for each answer from the moment its request was due.

An open loop: requests go out whether or not earlier answers have come, so that a stall counts for
all who would have asked meanwhile (coordinated omission).
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place

from deploy.bench.rig import Rig
from deploy.errors import OperatorError
from deploy.local import environment
from shared.envelope import Outgoing
from shared.publisher import Publisher

HEAD_START_SECONDS = 0.1
READ_MILLISECONDS = 200
PATIENCE_SECONDS = 20.0  # For the last answers.
MILLISECONDS_A_SECOND = 1000.0


class Due(NamedTuple):
    """A request under its correlation id, and when it is to be sent, in seconds from the start."""

    seconds: float
    name: str
    request: Outgoing


class Answered(NamedTuple):
    """What came back for a name, and how long after its request was due."""

    name: str
    milliseconds: float
    reply: bytes


class Asker:
    """One sender and one reader of answers for all requests."""

    def __init__(self, publisher: Publisher, reader: AIOKafkaConsumer) -> None:
        self._publisher, self._reader = publisher, reader
        self._due: dict[bytes, Due] = {}
        self._answers: list[Answered] = []

    @classmethod
    @asynccontextmanager
    async def connected(cls, rig: Rig, topic: str) -> AsyncIterator[Self]:
        """Read the answers that come in one topic from now on."""
        reader = AIOKafkaConsumer(bootstrap_servers=rig.environment[environment.KAFKA])
        async with reader:
            reader.assign([Place(topic, number) for number in range(rig.partitions)])
            await reader.seek_to_end()
            yield cls(rig.publisher, reader)

    async def ask(self, plan: Sequence[Due]) -> list[Answered]:
        """Send a plan, sorted by time; give the answers as they came."""
        began = time.perf_counter() + HEAD_START_SECONDS
        self._due = {due.name.encode(): due for due in plan}
        self._answers = []
        patience = HEAD_START_SECONDS + plan[-1].seconds + PATIENCE_SECONDS
        try:
            async with asyncio.timeout(patience), asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(began))
                for part in by_partition(plan):
                    tasks.create_task(self._send(part, began))
        except TimeoutError as error:
            raise OperatorError(f"{len(self._due)} requests were never answered") from error
        return self._answers

    async def _send(self, plan: Sequence[Due], began: float) -> None:
        """One batch is on its way at a time, and meanwhile the next one gathers."""
        async for due in on_time(plan, began):
            await self._publisher.send(due)

    async def _read(self, began: float) -> None:
        """Until every request has its answer."""
        while self._due:
            polled = await self._reader.getmany(timeout_ms=READ_MILLISECONDS)
            now = time.perf_counter()
            for record in (record for records in polled.values() for record in records):
                due = self._due.pop(dict(record.headers)["correlation_id"], None)
                if due is not None:
                    waited = (now - began - due.seconds) * MILLISECONDS_A_SECOND
                    self._answers.append(Answered(due.name, waited, record.value or b""))


def by_partition(plan: Sequence[Due]) -> Iterable[Sequence[Due]]:
    parts: dict[int, list[Due]] = {}
    for due in plan:
        parts.setdefault(due.request.partition, []).append(due)
    return parts.values()


async def on_time(plan: Sequence[Due], began: float) -> AsyncIterator[list[Outgoing]]:
    """Give requests when they are due: together, what became due while something else ran."""
    sent = 0
    while sent < len(plan):
        await asyncio.sleep(began + plan[sent].seconds - time.perf_counter())
        upto = bisect_right(plan, time.perf_counter() - began, lo=sent, key=attrgetter("seconds"))
        if upto > sent:
            yield [due.request for due in plan[sent:upto]]
        sent = upto
