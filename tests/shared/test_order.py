"""Causes before effects, on backlogs of every shape; no broker.

What may never happen, whatever lies in the partitions and however it is read:

1. A record is lost, or handed on twice.
2. Records of one partition change their order.
3. A record is handed on while an older one of the same number is known to be unread.
4. A partition that is silent or stopped holds the others back for ever.
"""

import pytest
from aiokafka import TopicPartition as Place
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka import Record
from shared.order import Order
from tests.shared.backlogs import (
    ENOUGH,
    EVERYTHING,
    HOLD_BACK_SECONDS,
    TOPICS,
    Clock,
    Log,
    Times,
    backlogs,
    drain,
    offsets_by_place,
    order_of,
    turns,
)


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


def test_it_tells_where_it_stands() -> None:
    log = Log(([4, 5], [], []))
    order, place = order_of(log), Place("invoice.paid", 0)
    assert (order.oldest(), order.unread_from(place)) == ({}, None)
    log.poll(order, EVERYTHING)

    order.take(1, log.lagging())

    assert (order.oldest(), order.unread_from(place)) == ({place: 5}, 1)
