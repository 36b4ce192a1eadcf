"""Records that carry a mark, so that each is found again: at home, set aside, or answered."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shared.envelope import Outgoing
from shared.kafka import Record
from shared.lanes import lane_of
from shared.wire import Header, header, stamped
from tests.deploy.traffic import LONGEST_WAIT_SECONDS, LOOK_AGAIN_SECONDS, Stack
from tests.making import PARTITIONS

ANSWERS = "replies.web"
OURS = "dlq_"


def asking(mark: str) -> list[Header]:
    return [("correlation_id", mark.encode()), ("reply_to", ANSWERS.encode())]


def raw(topic: str, key: str, value: bytes | None, headers: Sequence[Header] = ()) -> Outgoing:
    """A record whatever it says, in the partition of its key."""
    written = [header(name, content) for name, content in headers]
    record = stamped(key.encode(), value, written, len(written))
    return Outgoing(topic, lane_of(key) % PARTITIONS, record)


def dead(topic: str) -> str:
    return f"{topic}.dlq"


def place_of(record: Record) -> tuple[str, str, str]:
    """As the operator names it."""
    return record.topic, str(record.partition), str(record.offset)


def headers_of(record: Record) -> list[Header]:
    """Those that it came with."""
    return [pair for pair in record.headers if not pair[0].startswith(OURS)]


@dataclass(frozen=True, slots=True)
class Post:
    """What became of the records with a mark."""

    books: Stack

    async def marked(self, topic: str, mark: str) -> list[Record]:
        wanted = asking(mark)[0]
        return [record for record in await self.books.kept(topic) if wanted in record.headers]

    async def until(self, number: int, topic: str, mark: str) -> list[Record]:
        """Wait until there are so many; there may be no more."""
        async with asyncio.timeout(LONGEST_WAIT_SECONDS):
            while len(found := await self.marked(topic, mark)) < number:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        assert len(found) == number
        return found

    async def set_aside(self, *records: Outgoing, marks: Sequence[str]) -> list[Record]:
        """Publish records, each with its mark, and wait for the dead letter of each."""
        await self.books.publish(*records)
        return [
            (await self.until(1, dead(record.topic), mark))[0]
            for record, mark in zip(records, marks, strict=True)
        ]
