"""Every consumer reads on: what aiokafka cannot read of a fetch is read here, or told as a record.

See docs/decisions.md: aiokafka would raise in the middle of a poll, lose what it had taken of other
partitions, and do so again for ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from aiokafka import ConsumerRecord
from aiokafka import TopicPartition as Place
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

from shared.batches import BROKEN, Batch, DamagedError, Told, batches, records
from shared.wire import MAGIC

Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"


class Misnamed(ConsumerRecord):  # type: ignore[misc] # aiokafka has no types.
    """A record of which the name of a header is no text."""


class Damaged(ConsumerRecord):  # type: ignore[misc]
    """No record: here its partition cannot be read on. The value says why."""


class Fetched:
    """What the broker gave of one partition: aiokafka's reader of it, and its bytes."""

    def __init__(self, fetched: bytes) -> None:
        self.bytes, self._is_begun = fetched, False
        try:
            self._reader = MemoryRecords(fetched)
        except BROKEN:
            self._reader = MemoryRecords(b"")

    def size_in_bytes(self) -> int:
        return len(self.bytes)

    def has_next(self) -> bool:
        """Also where aiokafka would skip a record, because the first batch has no end."""
        return bool(self._reader.has_next()) or (not self._is_begun and bool(self.bytes))

    def next_batch(self) -> Any:  # noqa: ANN401 - aiokafka has no types.
        self._is_begun = True
        found = self._reader.next_batch()
        if not isinstance(found, DefaultRecordBatch) or found.magic != MAGIC:
            raise CorruptRecordException
        return found


class Reading(fetcher.PartitionRecords):  # type: ignore[misc] # aiokafka has no types.
    """The records of one fetch of one partition; nothing that lies in them is raised."""

    next_fetch_offset: int

    def __init__(self, place: Place, fetched: Fetched, *others: object) -> None:
        self._bytes = fetched.bytes
        super().__init__(place, fetched, *others)

    def _unpack_records(self) -> Iterator[Record]:
        try:
            yield from super()._unpack_records()
        except BROKEN:
            yield from self._read_on()

    def _read_on(self) -> Iterator[Record]:
        """Go on behind the last record that could be read."""
        try:
            for batch in batches(self._bytes):
                if batch.next_offset > self.next_fetch_offset:
                    yield from self._records_of(batch)
                    self.next_fetch_offset = batch.next_offset
        except DamagedError as error:
            why = str(error).encode(errors="replace")
            told = Told(self.next_fetch_offset, -1, None, why, ())
            yield Damaged(**fields_of(self._tp, told, -1))

    def _records_of(self, batch: Batch) -> Iterator[Record]:
        for told in () if batch.is_control else records(batch):
            if told.offset >= self.next_fetch_offset:
                kind = (
                    ConsumerRecord if all(is_text(name) for name, _ in told.headers) else Misnamed
                )
                self.next_fetch_offset = told.offset + 1
                yield kind(**fields_of(self._tp, told, batch.timestamp_type))


fetcher.MemoryRecords, fetcher.PartitionRecords = Fetched, Reading


def fields_of(place: Place, told: Told, timestamp_type: int) -> dict[str, Any]:
    sizes = [-1 if part is None else len(part) for part in (told.key, told.value)]
    return {
        "topic": place.topic,
        "partition": place.partition,
        **told._asdict(),
        "timestamp_type": timestamp_type,
        "checksum": None,
        "serialized_key_size": sizes[0],
        "serialized_value_size": sizes[1],
    }


def is_text(name: str) -> bool:
    """Whether it was UTF-8: bytes that were not are kept as halves of surrogate pairs."""
    return name.isascii() or name.encode(errors="replace").decode() == name


def whole(polled: Mapping[Place, Sequence[Record]]) -> Mapping[Place, Sequence[Record]]:
    """What was polled, where nobody could go on without the rest; CorruptRecordException."""
    for place, found in polled.items():
        if isinstance(found[-1], Damaged):
            why = (found[-1].value or b"").decode()
            raise CorruptRecordException(f"{place} cannot be read at {found[-1].offset}: {why}")
    return polled
