"""Record batches of Kafka read as they lie in the log, where aiokafka's own reader gives up.

Format v2, from the protocol guide of Apache Kafka ("Message Format"). A header's name that is no
UTF-8 keeps its bytes (`surrogateescape`); what cannot be read at all is a `DamagedError`.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.errors import KafkaError
from aiokafka.record.util import calc_crc32c
from cramjam import DecompressionError

from shared.wire import (
    AFTER_CRC,
    AFTER_LENGTH,
    BATCH_HEADER,
    LENGTH,
    MAGIC,
    Header,
    read_varint,
)

CODEC, CONTROL, APPENDED = 0x07, 0x20, 0x08  # Bits of a batch's attributes.
DECODERS: Mapping[int, Callable[[bytes], bytes]] = {
    0: bytes,
    1: gzip_decode,
    2: snappy_decode,
    3: lz4_decode,
    4: zstd_decode,
}
# What reading bytes may raise that somebody else wrote.
BROKEN = (
    KafkaError,
    ValueError,
    LookupError,
    ArithmeticError,
    OSError,
    EOFError,
    MemoryError,
    SystemError,  # Of a compiled reader that was told a negative length.
    zlib.error,
    DecompressionError,
)


class DamagedError(ValueError):
    """Bytes that are no record batch: a broken disk, or a version of the format that we lack."""


class Batch(NamedTuple):
    """Where a batch lies in the log, and its records as they are written."""

    base_offset: int
    next_offset: int
    timestamps: tuple[int, int]  # Of its first record, and of its last.
    attributes: int
    size: int  # In records.
    body: bytes

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & CONTROL)

    @property
    def timestamp_type(self) -> int:
        return int(bool(self.attributes & APPENDED))


class Told(NamedTuple):
    """What one record says."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


def batches(fetched: bytes) -> Iterator[Batch]:
    """Those of a fetch, in order; the last one may be cut off: it comes again, whole."""
    at = 0
    while at + AFTER_LENGTH <= len(fetched):
        (length,) = LENGTH.unpack_from(fetched, at + AFTER_LENGTH - LENGTH.size)
        end = at + AFTER_LENGTH + length
        if length < BATCH_HEADER.size - AFTER_LENGTH or (at == 0 and end > len(fetched)):
            raise DamagedError(f"a batch of {length} bytes")
        if end > len(fetched):
            return
        yield batch_in(fetched[at:end])
        at = end


def batch_in(written: bytes) -> Batch:
    base, _, _, magic, crc, attributes, last, first_at, last_at, *_, count = (
        BATCH_HEADER.unpack_from(written)
    )
    if magic != MAGIC:
        raise DamagedError(f"format {magic}")
    if calc_crc32c(written[AFTER_CRC:]) != crc:
        raise DamagedError("its checksum is another one")
    body = written[BATCH_HEADER.size :]
    return Batch(base, base + last + 1, (first_at, last_at), attributes, count, body)


def records(batch: Batch) -> Iterator[Told]:
    """The records of a batch; DamagedError at the first that is none."""
    try:
        body, at = DECODERS[batch.attributes & CODEC](batch.body), 0
        for _ in range(batch.size):
            length, at = read_varint(body, at)
            yield record_in(batch, body[at : at + length])
            at += length
    except BROKEN as error:
        raise DamagedError(repr(error)) from error


def record_in(batch: Batch, written: bytes) -> Told:
    later, at = read_varint(written, 1)  # Behind its attributes, of which there are none.
    place, at = read_varint(written, at)
    key, at = read_sized(written, at)
    value, at = read_sized(written, at)
    count, at = read_varint(written, at)
    headers = []
    for _ in range(count):
        name, at = read_sized(written, at)
        content, at = read_sized(written, at)
        headers.append(((name or b"").decode(errors="surrogateescape"), content))
    if count < 0 or at != len(written):
        raise DamagedError(f"a record of {len(written)} bytes ends at {at}")
    first_at, appended_at = batch.timestamps
    timestamp = appended_at if batch.timestamp_type else first_at + later
    return Told(batch.base_offset + place, timestamp, key, value, tuple(headers))


def read_sized(written: bytes, at: int) -> tuple[bytes | None, int]:
    """A text behind its length, and where what follows it begins."""
    size, at = read_varint(written, at)
    if size < 0:
        return None, at
    if at + size > len(written):
        raise DamagedError(f"{size} bytes of {len(written) - at}")
    return written[at : at + size], at + size
