"""Causes before effects, on backlogs of every shape; no broker.

What may never happen, whatever lies in the partitions and however it is read:

1. A record is lost, or handed on twice.
2. Records of one partition change their order.
3. A record is handed on while an older one of the same number is known to be unread.
4. A partition that is silent or stopped holds the others back for ever.
"""

from collections.abc import Collection, Sequence

import pytest
from aiokafka import TopicPartition as Place
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka import Record
from shared.order import Order
from tests.making import raw_record

TOPICS = ("invoice.paid", "ai.operation.requested", "ai.operation.completed")
HOLD_BACK_SECONDS = 5.0
ENOUGH, EVERYTHING = 4, 10**6

Times = Sequence[Sequence[int]]  # Of the records of each topic.

moments = st.lists(st.integers(0, 30), max_size=12)
backlogs = st.tuples(moments, moments, moments)
# How much the next poll gives, and how much is then handed on at most.
turns = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 7)), min_size=3, max_size=8)


class Clock:
    """Stands still until it is told to go."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Log:
    """The partitions of one number as a broker holds them, and how far they were read."""

    def __init__(self, times: Times, number: int = 0, deaf: Collection[str] = ()) -> None:
        self.records = {
            Place(topic, number): [
                raw_record(topic, b"", partition=number, offset=offset, timestamp=at)
                for offset, at in enumerate(own)
            ]
            for topic, own in zip(TOPICS, times, strict=True)
        }
        self.read = dict.fromkeys(self.records, 0)
        self.deaf = deaf

    def lagging(self) -> set[Place]:
        return {place for place, its in self.records.items() if self.read[place] < len(its)}

    def poll(self, order: Order, most: int) -> None:
        """Drain one partition after the other, as aiokafka does."""
        for place in order.wanted(ENOUGH):
            if place in self.records and place.topic not in self.deaf:
                start = self.read[place]
                polled = self.records[place][start : start + most]
                self.read[place] += len(polled)
                most -= len(polled)
                order.add({place: polled} if polled else {})


def order_of(log: Log, clock: Clock | None = None) -> Order:
    order = Order(TOPICS, HOLD_BACK_SECONDS, clock or Clock())
    order.restart(log.records)
    return order


def drain(log: Log, order: Order, turns: Sequence[tuple[int, int]]) -> list[Record]:
    """Read and hand on until nothing is left; the turns are repeated as often as it takes."""
    handed: list[Record] = []
    for number in range(1000):
        polled, most = turns[number % len(turns)]
        log.poll(order, polled)
        handed += order.take(most, log.lagging())
    return handed


def place_of(record: Record) -> Place:
    return Place(record.topic, record.partition)


def offsets_by_place(records: Sequence[Record]) -> dict[str, list[int]]:
    return {topic: [r.offset for r in records if r.topic == topic] for topic in TOPICS}


@given(backlogs, turns)
def test_nothing_is_lost_nothing_is_twice_and_a_partition_keeps_its_order(
    times: Times, turns: list[tuple[int, int]]
) -> None:
    turns = [*turns, (1, 1)]  # A turn that reads nothing may not be the only one.
    log = Log(times)

    handed = drain(log, order_of(log), turns)

    assert offsets_by_place(handed) == {
        topic: list(range(len(own))) for topic, own in zip(TOPICS, times, strict=True)
    }


@given(backlogs, turns)
def test_a_backlog_is_handed_on_in_order_of_time_and_of_cause(
    times: Times, turns: list[tuple[int, int]]
) -> None:
    log = Log([sorted(own) for own in times])

    handed = drain(log, order_of(log), [*turns, (1, 1)])

    merged = [(r.timestamp, TOPICS.index(r.topic)) for r in handed]
    assert merged == sorted(merged)


@given(backlogs, turns, st.sets(st.integers(0, 60)))
def test_what_could_not_be_applied_comes_first_the_next_time(
    times: Times, turns: list[tuple[int, int]], failing: set[int]
) -> None:
    log, turns = Log(times), [*turns, (1, 1)]
    order, applied = order_of(log), list[Record]()

    for number in range(1000):
        polled, most = turns[number % len(turns)]
        log.poll(order, polled)
        batch = order.take(most, log.lagging())
        if number in failing:
            order.put_back(batch)
        else:
            applied += batch

    assert offsets_by_place(applied) == {
        topic: list(range(len(own))) for topic, own in zip(TOPICS, times, strict=True)
    }


@given(backlogs, turns)
def test_numbers_do_not_wait_for_each_other(times: Times, turns: list[tuple[int, int]]) -> None:
    busy, deaf = Log(times, 1), Log(([1], [1], [1]), 2, deaf=TOPICS)
    order = Order(TOPICS, HOLD_BACK_SECONDS, Clock())
    order.restart([*busy.records, *deaf.records])
    handed: list[Record] = []

    for number in range(1000):
        polled, most = [*turns, (1, 1)][number % (len(turns) + 1)]
        busy.poll(order, polled)
        handed += order.take(most, busy.lagging() | deaf.lagging())

    assert len(handed) == sum(map(len, times))


def test_of_equal_times_the_cause_comes_first() -> None:
    log = Log(([7], [7], [7]))

    handed = drain(log, order_of(log), [(EVERYTHING, EVERYTHING)])

    assert [r.topic for r in handed] == list(TOPICS)


def test_a_time_that_runs_backwards_does_not_let_a_record_jump_its_own_partition() -> None:
    log = Log(([5, 1, 9], [2], []))

    handed = drain(log, order_of(log), [(EVERYTHING, EVERYTHING)])

    assert offsets_by_place(handed)["invoice.paid"] == [0, 1, 2]


def test_an_effect_waits_while_its_cause_is_known_to_be_unread() -> None:
    log = Log(([1, 2], [], [3]), deaf={"invoice.paid"})
    order = order_of(log)
    log.poll(order, EVERYTHING)

    assert order.take(10, log.lagging()) == []

    log.deaf = ()
    log.poll(order, EVERYTHING)
    assert [r.timestamp for r in order.take(10, log.lagging())] == [1, 2, 3]


def test_a_silent_partition_holds_the_others_back_for_some_seconds_and_no_longer() -> None:
    log, clock = Log(([1, 2], [3, 4], []), deaf={"invoice.paid"}), Clock()
    order = order_of(log, clock)
    log.poll(order, EVERYTHING)

    assert order.take(10, log.lagging()) == []
    clock.seconds = HOLD_BACK_SECONDS - 0.01
    assert order.take(10, log.lagging()) == []
    clock.seconds = HOLD_BACK_SECONDS
    assert [r.timestamp for r in order.take(10, log.lagging())] == [3, 4]


def test_a_partition_that_speaks_again_is_waited_for_again() -> None:
    log, clock = Log(([1, 5, 6], [3, 7], []), deaf={"invoice.paid"}), Clock()
    order = order_of(log, clock)
    log.poll(order, EVERYTHING)
    order.take(10, log.lagging())
    clock.seconds = HOLD_BACK_SECONDS
    order.take(1, log.lagging())

    order.add({Place("invoice.paid", 0): log.records[Place("invoice.paid", 0)][:2]})
    log.read[Place("invoice.paid", 0)] = 2

    assert [r.timestamp for r in order.take(10, log.lagging())] == [1, 5]
    assert order.take(10, log.lagging()) == []


def test_a_stopped_partition_keeps_its_records_and_holds_nobody_back() -> None:
    log = Log(([1, 2, 3], [2, 4], []))
    order, stopped = order_of(log), Place("invoice.paid", 0)
    log.poll(order, EVERYTHING)
    batch = order.take(2, log.lagging())

    order.stop({stopped}, batch)

    assert [r.timestamp for r in order.take(10, {stopped})] == [2, 4]
    assert order.unread_from(stopped) == 0
    assert stopped not in order.wanted(100)


def test_a_partition_that_was_given_away_can_stop_no_more() -> None:
    log = Log(([1], [2], []))
    order, elsewhere = order_of(log), Place("invoice.paid", 1)
    log.poll(order, EVERYTHING)

    order.stop({elsewhere}, order.take(1, log.lagging()))

    assert [r.timestamp for r in order.take(10, log.lagging())] == [2]


def test_what_was_read_of_a_damaged_partition_is_handed_on_and_holds_nobody_back() -> None:
    log = Log(([1, 5], [2, 4], []))
    order, damaged = order_of(log), Place("invoice.paid", 0)
    log.poll(order, EVERYTHING)

    order.end({damaged})

    assert damaged not in order.wanted(100)
    assert damaged not in order.wanted(1)
    assert [r.timestamp for r in order.take(10, {damaged})] == [1, 2, 4, 5]


def test_after_an_assignment_nothing_of_the_one_before_is_handed_on() -> None:
    log = Log(([1], [2], [3]))
    order = order_of(log)
    log.poll(order, EVERYTHING)

    order.restart([Place("invoice.paid", 1)])

    assert order.take(10, ()) == []
    assert order.wanted(1) == [Place("invoice.paid", 1)]


@pytest.mark.parametrize("waiting", [0, ENOUGH - 1, ENOUGH])
def test_of_what_is_plenty_no_more_is_read(waiting: int) -> None:
    log = Log((range(waiting), [], []))
    order = order_of(log)
    log.poll(order, EVERYTHING)

    assert (Place("invoice.paid", 0) in order.wanted(ENOUGH)) == (waiting < ENOUGH)


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


def test_it_tells_where_it_stands() -> None:
    log = Log(([4, 5], [], []))
    order, place = order_of(log), Place("invoice.paid", 0)
    assert (order.oldest(), order.unread_from(place)) == ({}, None)
    log.poll(order, EVERYTHING)

    order.take(1, log.lagging())

    assert (order.oldest(), order.unread_from(place)) == ({place: 5}, 1)
