"""Too much that cannot be read stops a partition; a little stops nothing; no broker.

What may never happen, whatever was set aside and however it was cut into polls:

1. A partition goes on beyond the record with which more than half of its last 200 are bad.
2. It stops before that one.
3. A record that is tried again, as often as it may be, counts more than once.
4. A partition stops, or an alert is raised, because of another one's records.
"""

from collections.abc import Sequence
from itertools import chain, pairwise, repeat
from typing import TypeAlias

import pytest
from aiokafka import TopicPartition as Place
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.dead_letters import Watch
from shared.kafka import Letter, Unreadable
from tests.making import failed, raw_record

TOPIC = "ai.operation.failed"
HERE, ELSEWHERE = Place(TOPIC, 0), Place(TOPIC, 1)
GOOD, BAD = False, True
MESSAGE = failed(1)

Marks: TypeAlias = Sequence[bool]  # Of records one after the other: which of them are bad.


def letters(marks: Marks, place: Place = HERE, first: int = 0) -> list[Letter]:
    return [
        Letter(
            raw_record(place.topic, b"", partition=place.partition, offset=offset),
            {},
            Unreadable("undecodable") if is_bad else MESSAGE,
        )
        for offset, is_bad in enumerate(marks, first)
    ]


def admitted(watch: Watch, *polls: Sequence[Letter]) -> int:
    """How many records are let through."""
    return sum(len(watch.admit(poll)) for poll in polls)


def set_aside(poll: Sequence[Letter]) -> None:
    """What the rules or PostgreSQL do to letters that could be read."""
    for letter in poll:
        letter.content = Unreadable("database")


def alerts(watch: Watch, marks: Marks, first: int = 0) -> int:
    with capture_logs() as lines:
        watch.admit(letters(marks, first=first))
    return sum(line["log_level"] == "error" for line in lines)


def let_through(marks: Marks) -> int:
    """The rule as a reader would apply it: counting backwards at every record."""
    counts = (sum(marks[max(0, end - 200) : end]) for end in range(1, len(marks) + 1))
    return next((place for place, bad in enumerate(counts) if bad > 100), len(marks))


runs = st.lists(st.tuples(st.booleans(), st.integers(1, 130)), max_size=8)
cuts = st.lists(st.integers(1, 600), max_size=4)
tries = st.lists(st.integers(0, 2), min_size=1, max_size=4)


@given(runs, cuts, tries)
def test_a_partition_stops_where_more_than_half_of_its_last_200_are_bad_and_not_before(
    runs: list[tuple[bool, int]], cuts: list[int], tries: list[int]
) -> None:
    marks = list(chain.from_iterable(repeat(is_bad, count) for is_bad, count in runs))
    log, watch = letters(marks), Watch()
    borders = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})

    through = 0
    for turn, (start, end) in enumerate(pairwise(borders)):
        taken = watch.admit(log[start:end])
        for _ in range(0 if watch.stopped else tries[turn % len(tries)]):
            watch.admit(log[start:end])
        watch.review(taken)
        through += len(taken)

    assert through == let_through(marks)
    assert watch.stopped == ({HERE} if through < len(marks) else set())


def test_the_101st_bad_record_stops_its_partition_and_the_100th_does_not() -> None:
    watch = Watch()

    assert admitted(watch, letters([BAD] * 100)) == 100
    assert watch.stopped == set()
    assert admitted(watch, letters([BAD], first=100)) == 0
    assert watch.stopped == {HERE}


@pytest.mark.parametrize(("good_between", "stopped"), [(99, {HERE}), (100, set())])
def test_what_counts_are_the_last_200(good_between: int, stopped: set[Place]) -> None:
    watch = Watch()

    watch.admit(letters([BAD] * 100 + [GOOD] * good_between + [BAD]))

    assert watch.stopped == stopped


def test_a_partition_that_stands_still_lets_nothing_through_any_more() -> None:
    watch = Watch()
    watch.admit(letters([BAD] * 101))

    assert admitted(watch, letters([GOOD] * 500, first=101)) == 0


def test_the_other_partitions_go_on() -> None:
    watch = Watch()

    watch.admit(letters([BAD] * 150))

    assert admitted(watch, letters([GOOD, BAD] * 50, ELSEWHERE)) == 100
    assert watch.stopped == {HERE}


def test_a_few_bad_records_on_a_quiet_topic_stop_nothing() -> None:
    watch = Watch()

    assert admitted(watch, *(letters([BAD], first=offset) for offset in range(10))) == 10
    assert watch.stopped == set()


def test_bad_records_long_ago_are_forgotten() -> None:
    watch = Watch()

    marks = ([BAD] * 100 + [GOOD] * 200) * 3

    assert admitted(watch, letters(marks)) == len(marks)


def test_what_is_tried_again_counts_once() -> None:
    watch, poll = Watch(), letters([BAD] * 60)

    assert admitted(watch, poll, poll, poll) == 180
    assert watch.stopped == set()


def test_what_is_tried_again_in_smaller_polls_counts_once() -> None:
    watch, poll = Watch(), letters([BAD] * 90)
    watch.admit(poll)

    for part in (poll[:30], poll[30:60], poll[60:]):
        watch.review(watch.admit(part))

    assert watch.stopped == set()


def test_what_is_set_aside_in_a_smaller_poll_counts_beside_what_follows_it() -> None:
    watch, poll = Watch(), letters([GOOD] * 60 + [BAD] * 60)
    watch.admit(poll)

    set_aside(poll[:60])
    watch.review(watch.admit(poll[:60]))

    assert watch.stopped == {HERE}


def test_what_is_set_aside_of_two_partitions_is_counted_apart() -> None:
    watch, poll = Watch(), [*letters([GOOD] * 60), *letters([GOOD] * 60, ELSEWHERE)]
    watch.admit(poll)

    set_aside(poll)
    watch.review(poll)

    assert watch.stopped == set()


def test_what_is_set_aside_when_it_is_applied_counts_too() -> None:
    watch, poll = Watch(), letters([GOOD] * 101)
    watch.admit(poll)
    set_aside(poll[:100])
    watch.review(poll)
    assert watch.stopped == set()

    set_aside(poll[100:])
    watch.review(poll)

    assert watch.stopped == {HERE}


def test_what_was_bad_when_it_was_read_is_not_counted_again_when_it_is_applied() -> None:
    watch, poll = Watch(), letters([BAD] * 60 + [GOOD] * 40)
    watch.admit(poll)

    set_aside(poll)
    watch.review(poll)

    assert watch.stopped == set()
    assert admitted(watch, letters([BAD], first=100)) == 0


def test_more_than_1_percent_of_the_last_10_000_raises_an_alert_once() -> None:
    watch, rare = Watch(), [BAD, *[GOOD] * 9]

    assert alerts(watch, rare * 100) == 0
    assert alerts(watch, [BAD], first=1000) == 1
    assert alerts(watch, rare * 10, first=1001) == 0


def test_it_is_said_again_when_it_had_become_less_meanwhile() -> None:
    watch, rare = Watch(), [BAD, *[GOOD] * 9]
    assert alerts(watch, rare * 101) == 1

    watch.admit(letters([GOOD] * 10_000, first=1010))

    assert alerts(watch, rare * 101, first=11_010) == 1


def test_the_share_of_each_partition_is_shown() -> None:
    watch = Watch()

    watch.admit([*letters([BAD] * 50), *letters([BAD] * 7, ELSEWHERE)])

    labels = {"topic": TOPIC, "partition": "0"}
    assert REGISTRY.get_sample_value("igny8_dead_letter_share", labels) == 0.005
