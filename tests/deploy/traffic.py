"""A stack of its own with some traffic of every kind behind it: books that are quiet now."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import asyncpg

from deploy.local import places, stack, worker
from deploy.local.environment import KAFKA
from shared import retained
from shared.contracts.credits import Estimate, ImageCount, OperationRequested
from shared.contracts.credits.operations import MAX_HOLD_SECONDS
from shared.contracts.invoicing import AccountOpened
from shared.contracts.message import Message
from shared.envelope import Outgoing
from shared.kafka import Record
from shared.publisher import Publisher
from tests.making import ANN, BOB, cancelled, completed, failed, outgoing, paid, requested

LONGEST_WAIT_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.05
CORRELATIONS = count(1)

APPLIED = "SELECT topic, partition, next_offset FROM kafka_offsets"


@dataclass(frozen=True)
class Stack:
    """Where it is, and what its services are told."""

    home: Path
    environment: Mapping[str, str]

    async def publish(self, *records: Outgoing) -> None:
        publisher = Publisher(self.environment[KAFKA])
        await publisher.start()
        try:
            await publisher.send(records)
        finally:
            await publisher.stop()

    async def tell(self, *messages: Message) -> None:
        """Publish what others say; who asks wants to know the answer."""
        await self.publish(*(outgoing(said, headers_of(said)) for said in messages))

    async def kept(self, *topics: str) -> list[Record]:
        """Everything that topics hold."""
        async with retained.opened(self.environment[KAFKA]) as held:
            places = await held.places(topics)
            begin, end = await held.begin(places), await held.end(places)
            chunks = [
                records
                for place in places
                async for records in held.read(place, begin[place], end[place])
            ]
        return [record for records in chunks for record in records]

    async def applied(self) -> None:
        """Wait until the service has read all that there is."""
        connection = await asyncpg.connect(self.environment["CREDITS_DATABASE_URL"])
        try:
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                while await self._unread(await connection.fetch(APPLIED)):
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        finally:
            await connection.close()

    async def _unread(self, applied: Sequence[asyncpg.Record]) -> bool:
        read = {(topic, partition): offset for topic, partition, offset in applied}
        async with retained.opened(self.environment[KAFKA]) as topics:
            ends = await topics.end(await topics.places(SAID))
        return any(end > read.get(tuple(place), 0) for place, end in ends.items())


# The topics that `Stack.tell` writes to.
SAID = (
    "account.opened",
    "invoice.paid",
    "ai.operation.requested",
    "ai.operation.completed",
    "ai.operation.failed",
    "ai.operation.cancelled",
)


def headers_of(said: Message) -> Mapping[str, bytes | None]:
    if isinstance(said, OperationRequested):
        return {"reply_to": b"replies.web", "correlation_id": b"%d" % next(CORRELATIONS)}
    return {}


STAY_OPEN = range(24, 41)  # However long the tests take that look at them.
IMAGES = [ImageCount(quality="premium", count=2), ImageCount(quality="basic", count=1)]
# Each is applied before the next is published. Ann has a plan, Bob has little.
WAVES: Sequence[Sequence[Message]] = (
    (
        AccountOpened(account_id=ANN, plan_code="starter"),
        paid(10_000, ANN, 1),
        paid(100, BOB, 2, kind="credit_package", code="starter"),
    ),
    (
        *(requested(number) for number in range(1, 24)),
        *(requested(number, hold_ttl_s=MAX_HOLD_SECONDS) for number in STAY_OPEN),
        *(requested(number) for number in range(1, 6)),
        requested(6, operation_type="clustering"),
        requested(41, operation_type="image_generation", estimate=Estimate(images=IMAGES)),
        requested(42, operation_type="haiku"),
        *(requested(number, BOB, hold_ttl_s=MAX_HOLD_SECONDS) for number in (101, 102)),
        requested(103, BOB),
    ),
    (
        *(completed(number) for number in range(1, 21)),
        completed(21, tokens_output=20_000),
        failed(22),
        cancelled(23),
        completed(41, operation_type="image_generation", images=IMAGES, tokens_output=None),
        completed(50),
        failed(51),
        completed(103, BOB, tokens_output=60_000),
    ),
    (requested(50), requested(51), requested(1), requested(103, BOB)),
)


@contextmanager
def quiet_stack() -> Iterator[Stack]:
    """Have it while the block runs; the worker that did the work is gone."""
    home = Path(mkdtemp(prefix="igny8-tests-"))
    home.chmod(0o755)
    with stack.running(home) as environment:
        made = Stack(home, environment)
        with worker.running("credits", environment):
            asyncio.run(tell_all(made))
        yield made
    places.remove(home)


async def tell_all(made: Stack) -> None:
    for wave in WAVES:
        await made.tell(*wave)
        await made.applied()
