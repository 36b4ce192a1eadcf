"""Whatever bytes a fetch holds, reading goes on behind what can be read, or says where it cannot.

What may never happen:

1. Bytes that the broker gave make a poll raise: what it took of other partitions would be lost.
2. A record that can be read is not given, or is given twice, because of what lies beside it.
3. An offset is passed of which nobody was given a record.
4. The name of a header changes on its way to the dead letters.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import TopicPartition as Place
from aiokafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.util import calc_crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.credits import OperationFailed
from shared.envelope import dead_letter
from shared.fetching import Damaged, Misnamed, Record, whole
from shared.kafka import Unreadable
from shared.publisher import packed
from shared.wire import (
    AFTER_CRC,
    AFTER_LENGTH,
    BATCH_HEADER,
    CRC,
    CRC_AT,
    LENGTH,
    batch,
    header,
    runs,
    stamped,
)
from tests import making
from tests.making import ANN

HERE = Place("here", 0)
NOW = datetime(2026, 1, 15, tzinfo=UTC)
MAGIC_AT, ATTRIBUTES_AT = CRC_AT - 1, AFTER_CRC
CODECS = {1: gzip_encode, 2: snappy_encode, 3: lz4_encode, 4: zstd_encode}
STRANGE = "a\udcff"  # As Python keeps the byte 0xff of a name.

names = st.text(max_size=5) | st.just(STRANGE)
some_headers = st.lists(st.tuples(names, st.none() | st.binary(max_size=5)), max_size=3)
some_records = st.lists(st.tuples(st.none() | st.binary(max_size=9), some_headers), max_size=6)


def written(
    *values: bytes | None, start: int = 0, names: Sequence[str] = (), codec: int = 0
) -> bytes:
    """A batch as the broker gives it; each name is that of a header of every record."""
    headers = [header(name, b"x") for name in names]
    (run,) = runs(
        "here", 0, [stamped(ANN.encode(), x, headers, len(headers)) for x in values], 10**9
    )
    whole = batch(run, -1, -1, -1)
    if codec:
        whole[BATCH_HEADER.size :] = CODECS[codec](bytes(whole[BATCH_HEADER.size :]))
        whole[ATTRIBUTES_AT + 1] = codec
    return sealed(whole, start)


def sealed(whole: bytearray, start: int = 0) -> bytes:
    """With length and checksum as they must be."""
    whole[:8] = start.to_bytes(8, "big")
    LENGTH.pack_into(whole, AFTER_LENGTH - LENGTH.size, len(whole) - AFTER_LENGTH)
    CRC.pack_into(whole, CRC_AT, calc_crc32c(whole[AFTER_CRC:]))
    return bytes(whole)


def fetched(content: bytes, offset: int = 0) -> list[Record]:
    """What a consumer gives of a fetch from this offset on."""
    records = fetcher.MemoryRecords(content)
    if not records.has_next():
        return []
    check_crcs, read_uncommitted = True, 0
    others = (None, offset, None, None, check_crcs, read_uncommitted)
    return list(fetcher.PartitionRecords(HERE, records, *others))


def said(records: Sequence[Record]) -> list[tuple[int, bytes | None]]:
    return [(record.offset, record.value) for record in records]


@pytest.mark.parametrize("codec", range(5))
def test_a_record_with_a_strange_name_is_given_with_its_bytes_and_so_are_its_neighbours(
    codec: int,
) -> None:
    good, strange = (
        written(b"0", b"1", codec=codec),
        written(b"2", b"3", start=2, names=["a", STRANGE, "b"], codec=codec),
    )
    records = fetched(good + strange + written(b"4", start=4, codec=codec))

    assert said(records) == [(number, b"%d" % number) for number in range(5)]
    assert [isinstance(record, Misnamed) for record in records] == [False, False, True, True, False]
    assert [name for name, _ in records[2].headers] == ["a", STRANGE, "b"]
    assert {record.key for record in records} == {ANN.encode()}


def test_the_bytes_of_a_strange_name_are_those_of_the_dead_letter() -> None:
    (came,) = fetched(written(b"{", names=["a", STRANGE, "b"]))
    came.topic = OperationFailed.topic
    letter = making.reader(OperationFailed).read(came)
    assert letter.content == Unreadable("undecodable")

    (run,) = packed([dead_letter(letter, "undecodable", NOW)])
    (dead,) = fetched(sealed(batch(run, -1, -1, -1)))

    kept = [pair for pair in dead.headers if not pair[0].startswith("dlq_")]
    assert (dead.key, dead.value, kept) == (came.key, came.value, list(came.headers))


def test_reading_begins_where_it_is_asked_to() -> None:
    content = written(b"0", b"1", b"2", names=[STRANGE]) + written(b"3", start=3)

    assert said(fetched(content, 2)) == [(2, b"2"), (3, b"3")]
    assert said(fetched(content, 3)) == [(3, b"3")]


def damaged() -> dict[str, bytes]:
    """Batches that begin at offset 2, in which there is nothing to be read."""
    good = written(b"2", b"3", start=2)
    unsealed = bytearray(good)
    return {
        "checksum": good[:-1] + bytes([good[-1] ^ 1]),
        "format": good[:MAGIC_AT] + b"\x07" + good[MAGIC_AT + 1 :],
        "old format": good[:MAGIC_AT] + b"\x01" + good[MAGIC_AT + 1 :],
        "oldest format": good[:MAGIC_AT] + b"\x00" + good[MAGIC_AT + 1 :],
        "codec": with_codec(good, 7),
        "gzip": with_codec(good, 1),
        "snappy": with_codec(good, 2),
        "lz4": with_codec(good, 3),
        "zstd": with_codec(good, 4),
        "short": good[:8] + LENGTH.pack(3) + good[12:],
        "negative": good[:8] + LENGTH.pack(-1) + good[12:],
        "records": sealed(unsealed[:-3], 2),
        "rest": sealed(bytearray(good[: BATCH_HEADER.size]) + b"\x7f" * 40, 2),
        "zeros": bytes(len(good)),
    }


def with_codec(good: bytes, codec: int) -> bytes:
    whole = bytearray(good)
    whole[ATTRIBUTES_AT + 1] = codec
    return sealed(whole, 2)


@pytest.mark.parametrize("kind", damaged())
def test_what_cannot_be_read_is_told_behind_what_can(kind: str) -> None:
    records = fetched(written(b"0", b"1") + damaged()[kind] + written(b"4", start=4))

    assert said(records[:2]) == [(0, b"0"), (1, b"1")]
    last = records[-1]
    assert isinstance(last, Damaged)
    assert last.value
    assert last.offset in {2, 3}
    with pytest.raises(CorruptRecordException, match="here"):
        whole({HERE: records})


@pytest.mark.parametrize("kind", damaged())
def test_a_fetch_that_begins_with_it_skips_nothing(kind: str) -> None:
    (*before, last) = fetched(damaged()[kind], 2)

    assert isinstance(last, Damaged)
    assert last.offset == 2 + len(before)


def test_a_batch_without_its_end_comes_again() -> None:
    content = written(b"0", names=[STRANGE]) + written(b"1", start=1)

    assert said(fetched(content[:-5])) == [(0, b"0")]
    (alone,) = fetched(content[:40])
    assert isinstance(alone, Damaged)


@given(st.lists(some_records.filter(bool), max_size=4), st.sampled_from((0, *CODECS)))
def test_our_reader_and_that_of_aiokafka_read_the_same(lots: list[Any], codec: int) -> None:
    content, expected = b"", list[tuple[bytes | None, Any]]()
    for lot in lots:
        made = [stamped(None, x, [header(*h) for h in headers], len(headers)) for x, headers in lot]
        (run,) = runs("here", 0, made, 10**9)
        whole_batch = batch(run, -1, -1, -1)
        if codec:
            whole_batch[BATCH_HEADER.size :] = CODECS[codec](
                bytes(whole_batch[BATCH_HEADER.size :])
            )
            whole_batch[ATTRIBUTES_AT + 1] = codec
        content += sealed(whole_batch, len(expected))
        expected += [(x, tuple(headers)) for x, headers in lot]

    records = fetched(content)

    assert [(r.value, tuple(r.headers)) for r in records] == expected
    assert [r.offset for r in records] == list(range(len(expected)))
    strange = [any(name == STRANGE for name, _ in headers) for _, headers in expected]
    assert [isinstance(r, Misnamed) for r in records] == strange


@settings(max_examples=500)
@given(st.data())
def test_whatever_is_broken_nothing_is_raised_and_nothing_is_passed(data: st.DataObject) -> None:
    codec = data.draw(st.sampled_from((0, *CODECS)))
    content = bytearray(
        written(b"0", b"1", codec=codec)
        + written(b"2", b"3", start=2, names=[STRANGE], codec=codec)
        + written(b"4", b"5", start=4, codec=codec)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    broken = bytes(content[: end if data.draw(st.booleans()) else None])

    for offset in range(6):
        fetched(broken, offset)
