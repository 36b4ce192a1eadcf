"""What topics hold now, read once from beginning to end: in no group, a chunk at a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaTimeoutError

from shared.assignment import Offsets
from shared.fetching import whole
from shared.kafka import Record

CHUNK_RECORDS = 1000
POLL_MILLISECONDS = 500
LONGEST_SILENCE_SECONDS = 30.0
# At the end of a place a fetch waits for more, and with it whoever goes on to the next place.
FETCH_WAIT_MILLISECONDS = 10
# aiokafka waits so long for each topic that it has not heard of.
RETRY_MILLISECONDS = 5
# Two of these are in memory at most: the one being read, and the one on its way.
FETCH_BYTES = 4 * 1024 * 1024


class Retained:
    """The records that the broker still has; `opened` makes one."""

    def __init__(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> None:
        self._admin, self._consumer = admin, consumer
        self.records_read = 0

    async def topics(self) -> list[str]:
        return sorted(await self._admin.list_topics())

    async def places(self, topics: Collection[str]) -> list[Place]:
        """The partitions of those of the topics that exist."""
        found = await self._admin.describe_topics(sorted(topics)) if topics else []
        return sorted(
            Place(topic["topic"], partition["partition"])
            for topic in found
            for partition in topic["partitions"]
        )

    async def begin(self, places: Collection[Place]) -> Offsets:
        """The first offset that each place still has."""
        found: Offsets = await self._consumer.beginning_offsets(list(places)) if places else {}
        return found

    async def end(self, places: Collection[Place]) -> Offsets:
        """The offset that each place's next record will get."""
        found: Offsets = await self._consumer.end_offsets(list(places)) if places else {}
        return found

    async def since(self, places: Collection[Place], moment: datetime) -> Offsets:
        """The first offset of each place from a moment of the broker's clock on; else its end."""
        milliseconds = int(moment.timestamp() * 1000)
        asked = dict.fromkeys(places, milliseconds)
        found = await self._consumer.offsets_for_times(asked) if asked else {}
        ends = await self.end(places)
        return {place: found[place].offset if found.get(place) else ends[place] for place in places}

    async def read(self, place: Place, start: int, end: int) -> AsyncIterator[Sequence[Record]]:
        """Give the records from one offset until before another, in order."""
        if start >= end:
            return
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        heard_at = time.monotonic()
        while await self._consumer.position(place) < end:
            polled = whole(
                await self._consumer.getmany(
                    place, timeout_ms=POLL_MILLISECONDS, max_records=CHUNK_RECORDS
                )
            )
            if records := [record for record in polled.get(place, ()) if record.offset < end]:
                heard_at = time.monotonic()
                self.records_read += len(records)
                yield records
            elif time.monotonic() - heard_at > LONGEST_SILENCE_SECONDS:
                raise KafkaTimeoutError(f"{place} gives no records before {end}")


class Unread(Retained):
    """What is held when nobody looks: no topic at all, and no broker is asked."""

    def __init__(self) -> None:
        self.records_read = 0

    async def topics(self) -> list[str]:
        return []

    async def places(self, topics: Collection[str]) -> list[Place]:
        del topics
        return []


@asynccontextmanager
async def opened(servers: str) -> AsyncIterator[Retained]:
    """Be connected while the block runs; KafkaConnectionError when no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        enable_auto_commit=False,
        auto_offset_reset="none",
        retry_backoff_ms=RETRY_MILLISECONDS,
        fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=FETCH_BYTES,
    )
    try:
        await admin.start()
        await consumer.start()
        yield Retained(admin, consumer)
    finally:
        await asyncio.gather(admin.close(), consumer.stop())
