"""A stack of its own with some traffic of every kind behind it: books that are quiet now."""

import asyncio
import time
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
from shared.actor import Actor, private_key_of, sign
from shared.contracts.access import DEVELOPER
from shared.contracts.message import Message, Request
from shared.envelope import Outgoing
from shared.kafka import Record
from shared.publisher import Publisher
from tests.deploy.waves import SAID, WAVES
from tests.making import outgoing

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
        await self.publish(*(outgoing(said, self._headers_of(said)) for said in messages))

    def _headers_of(self, said: Message) -> Mapping[str, bytes | None]:
        if not isinstance(said, Request):
            return {}
        headers = {"reply_to": b"replies.web", "correlation_id": b"%d" % next(CORRELATIONS)}
        return headers | ({"actor": self._developer()} if said.who == DEVELOPER else {})

    def _developer(self) -> bytes:
        until = int(time.time()) + 60
        key = private_key_of(Path(self.environment["ACTOR_PRIVATE_KEY_FILE"]))
        return sign(Actor(sub="dora", role="developer", exp=until), key)

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
