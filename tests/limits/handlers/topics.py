"""What Kafka would hold of what a worker heard and said: topics for whoever reads them anew."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

from aiokafka import TopicPartition as Place

from shared.assignment import Offsets
from shared.kafka import Record
from shared.retained import Retained
from tests.making import PARTITIONS, raw_record
from tests.recorder import Sent


class Remembered(Retained):
    """Every topic is there, and has forgotten nothing."""

    def __init__(self, heard: Iterable[Record], sent: Iterable[Sent]) -> None:
        self.records_read = 0
        self._kept: defaultdict[Place, list[Record]] = defaultdict(list)
        for record in sorted(heard, key=lambda record: record.offset):
            self._kept[Place(record.topic, record.partition)].append(record)
        for one in sent:
            self.add(one)

    def add(self, one: Sent) -> None:
        kept = self._kept[Place(one.topic, one.partition)]
        offset = kept[-1].offset + 1 if kept else 0
        where = {"partition": one.partition, "offset": offset}
        kept.append(raw_record(one.topic, one.value, one.key, one.headers, **where))

    async def places(self, topics: Collection[str]) -> list[Place]:
        return sorted(Place(topic, number) for topic in topics for number in range(PARTITIONS))

    async def begin(self, places: Collection[Place]) -> Offsets:
        return dict.fromkeys(places, 0)

    async def end(self, places: Collection[Place]) -> Offsets:
        return {p: self._kept[p][-1].offset + 1 if self._kept[p] else 0 for p in places}

    async def read(self, place: Place, start: int, end: int) -> AsyncIterator[Sequence[Record]]:
        if found := [x for x in self._kept[place] if start <= x.offset < end]:
            self.records_read += len(found)
            yield found
