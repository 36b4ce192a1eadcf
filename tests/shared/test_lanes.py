"""An account lies where every Kafka client with the default partitioner puts it."""

import pytest
from aiokafka.partitioner import murmur2 as murmur2_of_aiokafka
from hypothesis import given
from hypothesis import strategies as st

from shared.lanes import LANES, divides_the_lanes, lane_of, murmur2, partition_of
from tests.making import uuid

# From Kafka's own test of its hash (UtilsTest.testMurmur2), signed as Java writes them.
VECTORS = (
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
)
DIVISORS = (1, 2, 4, 8, 16, 32, 64)


@pytest.mark.parametrize(("key", "hashed"), VECTORS)
def test_the_hash_is_kafkas(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed % 2**32


@given(st.binary(max_size=80) | st.uuids().map(lambda one: str(one).encode()))
def test_every_key_lies_where_kafkas_default_partitioner_puts_it(key: bytes) -> None:
    for partitions in DIVISORS:
        expected = (murmur2_of_aiokafka(key) & 0x7FFFFFFF) % partitions
        assert partition_of(key, partitions) == expected


@given(st.uuids().map(str), st.sampled_from(DIVISORS))
def test_a_lane_lies_whole_in_one_partition(account_id: str, partitions: int) -> None:
    assert partition_of(account_id.encode(), partitions) == lane_of(account_id) % partitions


def test_accounts_spread_over_all_lanes() -> None:
    assert {lane_of(uuid(number)) for number in range(1000)} == set(range(LANES))


@pytest.mark.parametrize("partitions", [0, -4, 3, 5, 12, 63, 65, 128])
def test_a_number_of_partitions_that_would_cut_a_lane_is_none(partitions: int) -> None:
    assert not divides_the_lanes(partitions)
    assert all(map(divides_the_lanes, DIVISORS))
