"""How a record looks on Kafka's wire, written once: for the outbox row and for the broker.

Record batch format v2, from the protocol guide of Apache Kafka ("Message Format"). A record is
written without its place in the batch, for that is known only when the batch is made.
"""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import NamedTuple, TypeAlias

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

Header: TypeAlias = tuple[str, bytes | None]

BATCH_HEADER = Struct(">qiibIhiqqqhii")
AFTER_LENGTH = Struct(">qi").size  # Where the counting of a batch's length begins.
CRC_AT = Struct(">qiib").size
AFTER_CRC = CRC_AT + 4
CRC, LENGTH = Struct(">I"), Struct(">i")
MAGIC = 2
NO_TIMESTAMP = 0  # The broker stamps what it appends (`shared.contracts.topics`).
NULL = b"\x01"  # A length of -1.
NO_ATTRIBUTES_AT_TIME_0 = b"\x00\x00"
CONTINUES, SEVEN_BITS = 0x80, 0x7F
REMEMBERED_VARINTS = 4096
LONGEST_VARINT = 10  # Bytes, of a number of 64 bits.


def varint(number: int) -> bytes:
    """A signed number in zigzag base 128, as Protocol Buffers write sint32."""
    if 0 <= number < REMEMBERED_VARINTS:
        return SMALL_VARINTS[number]
    return write_varint(number)


def write_varint(number: int) -> bytes:
    rest = number << 1 if number >= 0 else (-number << 1) - 1
    written = bytearray()
    while rest > SEVEN_BITS:
        written.append(rest & SEVEN_BITS | CONTINUES)
        rest >>= 7
    written.append(rest)
    return bytes(written)


SMALL_VARINTS = [write_varint(number) for number in range(REMEMBERED_VARINTS)]


def sized(text: bytes | None) -> bytes:
    """A text behind its length."""
    if text is None:
        return NULL
    size = len(text)
    return (SMALL_VARINTS[size] if size < REMEMBERED_VARINTS else write_varint(size)) + text


def header(name: str, value: bytes | None) -> bytes:
    """A name that was no UTF-8 when it was read leaves as it came."""
    return sized(name.encode(errors="surrogateescape")) + sized(value)


def stamped(key: bytes | None, value: bytes | None, headers: Sequence[bytes], count: int) -> bytes:
    """A record but for its length and its place; its headers are written already."""
    return b"".join((sized(key), sized(value), varint(count), *headers))


class Run(NamedTuple):
    """Records of one partition, one after the other as they will lie in a batch."""

    topic: str
    partition: int
    size: int  # In records.
    records: bytes


def runs(topic: str, partition: int, records: Iterable[bytes], most_bytes: int) -> list[Run]:
    """Give stamped records their places, in as many batches as the broker's limit asks for."""
    made, parts, count, size = [], list[bytes](), 0, 0
    for record in records:
        if count and size + len(record) > most_bytes:
            made.append(Run(topic, partition, count, b"".join(parts)))
            parts, count, size = [], 0, 0
        place = varint(count)
        length = varint(len(NO_ATTRIBUTES_AT_TIME_0) + len(place) + len(record))
        parts += (length, NO_ATTRIBUTES_AT_TIME_0, place, record)
        count, size = count + 1, size + len(record)
    made.append(Run(topic, partition, count, b"".join(parts)))
    return made


def run_bytes(run: Run) -> int:
    """How large it is as a batch, which is what brokers limit."""
    return BATCH_HEADER.size + len(run.records)


def read_varint(written: bytes, at: int) -> tuple[int, int]:
    """A signed number, and where what follows it begins; ValueError where it has no end."""
    number = shift = 0
    for place in range(at, min(at + LONGEST_VARINT, len(written))):
        number |= (written[place] & SEVEN_BITS) << shift
        if written[place] < CONTINUES:
            return number >> 1 ^ -(number & 1), place + 1
        shift += 7
    raise ValueError(f"no number ends within {LONGEST_VARINT} bytes from {at}")


def apart(run: Run) -> list[Run]:
    """The same records, each in a run of its own."""
    made, at = list[Run](), 0
    for _ in range(run.size):
        length, at = read_varint(run.records, at)
        _, begins = read_varint(run.records, at + len(NO_ATTRIBUTES_AT_TIME_0))
        made += runs(run.topic, run.partition, [run.records[begins : at + length]], 0)
        at += length
    return made


class RunBatch(BatchBuilder):  # type: ignore[misc] # aiokafka has no types.
    """A run on its way through aiokafka's producer, which numbers it and sends it as it is."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._producer: Sequence[int] = (-1, -1, -1)
        self._buffer: bytearray | None = None

    def _set_producer_state(
        self, producer_id: int, producer_epoch: int, base_sequence: int
    ) -> None:
        self._producer = producer_id, producer_epoch, base_sequence

    def _build(self) -> bytearray:
        if self._buffer is None:
            self._buffer = batch(self._run, *self._producer)
        return self._buffer

    def close(self) -> None:
        """It was complete when it was made."""

    def closed(self) -> bool:
        return True

    def size(self) -> int:
        return run_bytes(self._run)

    def record_count(self) -> int:
        return self._run.size


def batch(run: Run, producer_id: int, epoch: int, sequence: int) -> bytearray:
    """Put the header before the records, and the checksum into the header."""
    written = bytearray(BATCH_HEADER.size)
    written += run.records
    BATCH_HEADER.pack_into(
        written,
        0,
        0,  # Base offset: the broker's.
        len(written) - AFTER_LENGTH,
        -1,  # Partition leader epoch: the broker's.
        MAGIC,
        0,
        0,  # Attributes: no compression, no transaction.
        run.size - 1,
        NO_TIMESTAMP,
        NO_TIMESTAMP,
        producer_id,
        epoch,
        sequence,
        run.size,
    )
    CRC.pack_into(written, CRC_AT, calc_crc32c(written[AFTER_CRC:]))
    return written
