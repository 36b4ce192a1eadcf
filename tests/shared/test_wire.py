"""What we write is what aiokafka, which is not ours, reads; and no batch is above the limit."""

from uuid import uuid4

from aiokafka.record.util import encode_varint
from hypothesis import given
from hypothesis import strategies as st

from shared.envelope import Outgoing
from shared.publisher import packed
from shared.wire import Run, RunBatch, batch, header, runs, stamped, varint
from tests.recorder import Sent, opened, sent

TOPIC = "credits.granted"
BYTES = st.none() | st.binary(max_size=300)
HEADERS = st.lists(st.tuples(st.text(max_size=20), BYTES), max_size=5)
RECORDS = st.lists(st.tuples(st.integers(0, 3), BYTES, BYTES, HEADERS), min_size=1, max_size=30)

Headers = list[tuple[str, bytes | None]]


def written(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    return stamped(key, value, [header(*pair) for pair in headers], len(headers))


@given(RECORDS)
def test_what_was_written_is_read_in_order_with_every_byte(
    said: list[tuple[int, bytes | None, bytes | None, Headers]],
) -> None:
    read = sent([Outgoing(TOPIC, place, written(*one)) for place, *one in said])  # type: ignore[arg-type] # A starred tail.

    expected = [
        Sent(TOPIC, place, key, value, tuple(headers)) for place, key, value, headers in said
    ]
    for place in range(4):
        assert [one for one in read if one.partition == place] == [
            one for one in expected if one.partition == place
        ]


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=40), st.integers(1, 500))
def test_a_run_is_cut_before_it_is_above_the_limit(values: list[bytes], most: int) -> None:
    records = [written(b"k", value, []) for value in values]

    made = runs(TOPIC, 0, records, most)

    assert [one.value for run in made for one in opened(run)] == values
    for run in made:
        inside = [written(b"k", one.value, []) for one in opened(run)]
        assert len(inside) == 1 or sum(map(len, inside)) <= most


def test_a_record_above_the_limit_travels_alone() -> None:
    large, small = written(b"k", b"x" * 500, []), written(b"k", b"y", [])

    sizes = [run.size for run in runs(TOPIC, 0, [small, large, small, small], 100)]

    assert sizes == [1, 1, 2]


def test_a_partitions_records_are_packed_together_whatever_lay_between() -> None:
    records = [Outgoing(TOPIC, number % 2, written(b"%d" % number, b"", [])) for number in range(6)]

    made = packed(records)

    assert [(run.partition, run.size) for run in made] == [(0, 3), (1, 3)]
    assert [one.key for one in opened(made[0])] == [b"0", b"2", b"4"]


@given(st.integers(-(2**31), 2**31 - 1))
def test_numbers_are_written_as_the_protocol_says(number: int) -> None:
    expected = bytearray()
    encode_varint(number, expected.append)

    assert varint(number) == bytes(expected)


def test_the_producer_numbers_a_batch_and_its_checksum_covers_the_number() -> None:
    run = Run(TOPIC, 0, 1, runs(TOPIC, 0, [written(b"k", uuid4().bytes, [])], 1000)[0].records)
    waiting = RunBatch(run)

    waiting._set_producer_state(producer_id=7, producer_epoch=1, base_sequence=40)  # noqa: SLF001 - As aiokafka's sender does.

    assert bytes(waiting._build()) == bytes(batch(run, 7, 1, 40))  # noqa: SLF001 - The same.
    assert waiting._build() != batch(run, 7, 1, 41)  # noqa: SLF001 - The same.
    assert (waiting.record_count(), waiting.size()) == (1, len(waiting._build()))  # noqa: SLF001
