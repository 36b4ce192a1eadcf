"""What is damaged on its way is fetched again; what lies damaged stops its partition."""

import pytest
from aiokafka import TopicPartition as Place
from structlog.testing import capture_logs

from shared.damage import TRIES, Damages
from shared.fetching import Damaged, Record
from tests.making import raw_record

HERE, THERE = Place("here", 0), Place("there", 0)


def good(offset: int) -> Record:
    return raw_record("here", b"good", offset=offset)


def damaged(offset: int) -> Record:
    return Damaged(**vars(raw_record("here", b"its checksum is another one", offset=offset)))


def test_a_poll_without_damage_stays_as_it_is() -> None:
    polled = {HERE: [good(1), good(2)], THERE: [good(1)]}

    assert Damages().set_apart(polled) == set()
    assert [len(found) for found in polled.values()] == [2, 1]


def test_damage_that_stays_is_said_once_and_what_lay_before_it_is_kept() -> None:
    damages, polls = Damages(), [{HERE: [good(1), damaged(2)], THERE: [good(1)]}]
    polls += [{HERE: [damaged(2)]} for _ in range(TRIES - 1)]

    with capture_logs() as lines:
        stopped = [damages.set_apart(polled) for polled in polls]

    assert stopped == [set()] * (TRIES - 1) + [{HERE}]
    assert [record.value for record in polls[0][HERE]] == [b"good"]
    (line,) = lines
    assert (line["log_level"], line["topic"], line["offset"]) == ("critical", "here", 2)
    assert line["reason"] == "its checksum is another one"


@pytest.mark.parametrize("begins_anew", [True, False])
def test_damage_at_another_place_or_after_an_assignment_is_counted_anew(begins_anew: bool) -> None:  # noqa: FBT001 - A case.
    damages = Damages()
    for _ in range(TRIES - 1):
        damages.set_apart({HERE: [damaged(2)]})
    if begins_anew:
        damages.clear()

    assert damages.set_apart({HERE: [damaged(2 if begins_anew else 3)]}) == set()
