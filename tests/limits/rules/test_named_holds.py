"""Which hold a site is about: its own alone, and whoever names none that there is hears so."""

import pytest

from services.limits.domain import Unfit
from tests.limits.making import asks_for, asks_for_site, site_failed, site_made
from tests.limits.rules.desk import BY_OWNER, approved, desk_on, held
from tests.making import BOB, uuid


def test_a_site_that_failed_under_a_hold_that_nobody_knows_is_set_aside() -> None:
    desk = desk_on("growth")
    hold = approved(desk.tell(asks_for_site(1), asked=BY_OWNER)).hold_id

    said = desk.tell(site_failed(hold_id=uuid(404)), site_failed(BOB, hold_id=hold))

    assert said == [Unfit(uuid(404)), Unfit(hold)]
    assert desk.used("sites") == (0, 1)


@pytest.mark.parametrize("limit_type", ["sites", "keywords"])
def test_a_hold_that_was_not_asked_for_a_site_is_ended_by_none(limit_type: str) -> None:
    desk = desk_on("growth")
    hold = held(desk.tell(asks_for(1, 2, limit_type))).hold_id

    said = desk.tell(site_failed(hold_id=hold), site_made(11, hold_id=hold))

    assert said == [Unfit(hold)]
    assert [(x.state, x.confirmed) for x in desk.book.holds.values()] == [("held", 0)]
    assert desk.row("sites").current == 1


def test_a_site_is_found_by_its_request_where_its_hold_is_another_ones() -> None:
    desk = desk_on("growth")
    other = held(desk.tell(asks_for(1, 2, "sites"))).hold_id
    desk.tell(asks_for_site(2), asks_for_site(3), asked=BY_OWNER)

    desk.tell(
        site_made(11, hold_id=other, request_id=uuid(2)),
        site_failed(hold_id=uuid(404), request_id=uuid(3)),
    )

    states = {x.request_id: x.state for x in desk.book.holds.values()}
    assert states == {uuid(1): "held", uuid(2): "confirmed", uuid(3): "released"}
    assert desk.used("sites") == (1, 2)


def test_a_failure_that_names_a_request_is_remembered_whatever_hold_it_names() -> None:
    desk = desk_on("growth")

    assert desk.tell(site_failed(hold_id=uuid(404), request_id=uuid(1))) == []

    assert [(x.request_id, x.state) for x in desk.book.holds.values()] == [(uuid(1), "released")]
