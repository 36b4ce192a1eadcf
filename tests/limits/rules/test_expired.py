"""Holds whose time has passed: what was made of them counts, until nothing is said to be made."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.contracts.message import Message
from tests.limits.making import asks_for, asks_for_site, confirmed, released, site_failed, site_made
from tests.limits.rules.desk import BY_OWNER, NOON, approved, desk_on, held

LATER = NOON + timedelta(minutes=11)


@pytest.mark.parametrize("end", [released, lambda hold: confirmed(hold, 0)])
def test_whoever_made_nothing_of_an_expired_hold_confirms_nothing_later(
    end: Callable[[str], Message],
) -> None:
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 10)))
    desk.until(LATER)

    said = desk.tell(end(hold.hold_id), confirmed(hold.hold_id, 10), end(hold.hold_id))

    assert said == []
    assert [(x.state, x.confirmed, x.closed_at) for x in desk.book.holds.values()] == [
        ("released", 0, LATER)
    ]
    assert desk.used("keywords") == (0, 0)


def test_a_site_that_failed_after_its_hold_had_expired_is_confirmed_by_nobody() -> None:
    desk = desk_on("starter")
    hold = approved(desk.tell(asks_for_site(1), asked=BY_OWNER)).hold_id
    desk.until(LATER)

    desk.tell(site_failed(hold_id=hold), confirmed(hold, 1))

    assert [x.state for x in desk.book.holds.values()] == ["released"]
    assert desk.used("sites") == (0, 0)


def test_a_site_that_was_counted_already_ends_an_expired_hold_too() -> None:
    desk = desk_on("starter")
    hold = approved(desk.tell(asks_for_site(1), asked=BY_OWNER)).hold_id
    desk.until(LATER)

    desk.tell(site_made(11), site_made(11, hold_id=hold), confirmed(hold, 1))

    assert desk.used("sites") == (1, 0)
