"""What is handed on at once is bounded in bytes, too, and still causes come before effects."""

from collections.abc import Sequence

from aiokafka import TopicPartition as Place
from hypothesis import given

from shared.kafka import Record
from shared.order import Order
from tests.shared.backlogs import (
    EVERYTHING,
    HOLD_BACK_SECONDS,
    TOPICS,
    Clock,
    Log,
    Times,
    backlogs,
    order_of,
    place_of,
    turns,
)

MEBIBYTE = 1024 * 1024
HUGE = b"a" * 12 * MEBIBYTE


@given(backlogs, backlogs, turns)
def test_however_large_records_are_none_is_lost_and_causes_come_first(
    times: Times, others: Times, turns: list[tuple[int, int]]
) -> None:
    logs = [
        Log([sorted(own) for own in each], number) for number, each in enumerate((times, others))
    ]
    for record in (record for log in logs for its in log.records.values() for record in its):
        record.value = HUGE
    order = Order(TOPICS, HOLD_BACK_SECONDS, Clock())
    order.restart([place for log in logs for place in log.records])
    handed: list[Record] = []

    for turn in range(1000):
        polled, most = [*turns, (1, 1)][turn % (len(turns) + 1)]
        for log in logs:
            log.poll(order, polled)
        handed += order.take(most, logs[0].lagging() | logs[1].lagging())

    for log in logs:
        own = [record for record in handed if place_of(record) in log.records]
        assert len(own) == sum(map(len, log.records.values()))
        merged = [(r.timestamp, TOPICS.index(r.topic)) for r in own]
        assert merged == sorted(merged)


def large(log: Log, sizes: Sequence[Sequence[int]]) -> Log:
    """The same with values of these sizes, in MiB."""
    for its, own in zip(log.records.values(), sizes, strict=True):
        for record, size in zip(its, own, strict=True):
            record.value = b"a" * (size * MEBIBYTE)
    return log


def test_what_is_handed_on_at_once_is_bounded_in_bytes_and_comes_in_the_same_order() -> None:
    log = large(Log(([1, 4, 7], [2, 5, 8], [3, 6, 9])), ([3, 3, 3], [3, 9, 3], [3, 3, 3]))
    order = order_of(log)
    log.poll(order, EVERYTHING)

    batches = [order.take(10, log.lagging()) for _ in range(7)]

    times = [[record.timestamp for record in batch] for batch in batches]
    assert times == [[1, 2], [3, 4], [5], [6, 7], [8, 9], [], []]


def test_when_much_waits_only_that_is_read_of_which_nothing_waits() -> None:
    log = large(Log(([1, 4], [], [3])), ([16, 16], [], [1]))
    order = order_of(log)
    log.poll(order, EVERYTHING)
    assert order.wanted(100) == [Place("ai.operation.requested", 0)]

    order.take(1, log.lagging())

    assert len(order.wanted(100)) == 3


def test_bytes_that_were_put_back_count_again() -> None:
    log = large(Log(([1, 4], [], [])), ([16, 16], [], []))
    order = order_of(log)
    log.poll(order, EVERYTHING)

    order.put_back(order.take(1, log.lagging()))

    assert Place("invoice.paid", 0) not in order.wanted(100)
