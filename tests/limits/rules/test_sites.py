"""Sites count once and are taken off once, in whatever order one hears of them."""

from datetime import timedelta

from shared.contracts.limits import OverageCleared, OverageDetected
from tests.hearing import only, refused
from tests.limits.making import (
    asks_for,
    asks_for_site,
    confirmed,
    site_failed,
    site_gone,
    site_made,
)
from tests.limits.rules.desk import BY_OWNER, NOON, approved, desk_on, held
from tests.making import uuid


def test_a_site_that_was_deleted_before_it_was_created_never_counts() -> None:
    desk = desk_on("starter")
    approval = approved(desk.tell(asks_for_site(1), asked=BY_OWNER))

    desk.tell(site_gone(11), site_made(11, hold_id=approval.hold_id), site_gone(11))

    assert desk.used("sites") == (0, 0)


def test_a_site_made_without_asking_counts_and_may_be_too_many() -> None:
    desk = desk_on("free")

    said = desk.tell(site_made(1), site_made(2))

    (item,) = only(OverageDetected, said).items
    assert (item.used, item.limit, item.over_by) == (2, 1, 1)
    assert only(OverageCleared, desk.tell(site_gone(2))).items[0].used == 1


def test_a_site_is_found_by_its_request_as_well() -> None:
    desk = desk_on("starter")
    desk.tell(asks_for_site(1), asks_for_site(2), asked=BY_OWNER)

    desk.tell(site_made(11, request_id=uuid(1)), site_failed(request_id=uuid(2)))

    assert desk.used("sites") == (1, 0)


def test_whoever_asks_for_a_site_that_is_there_already_holds_nothing() -> None:
    desk = desk_on("starter")
    desk.tell(site_made(11, request_id=uuid(1)))

    assert approved(desk.tell(asks_for_site(1), asked=BY_OWNER)).current == 1
    assert desk.used("sites") == (1, 0)


def test_whoever_asks_for_a_site_that_has_failed_already_hears_so() -> None:
    desk = desk_on("starter")
    desk.tell(site_failed(request_id=uuid(1)))

    error = refused(desk.tell(asks_for_site(1), asked=BY_OWNER))

    assert (error.code, error.state) == ("conflict", "released")
    assert desk.used("sites") == (0, 0)


def test_a_site_that_comes_after_its_hold_has_expired_counts() -> None:
    desk = desk_on("starter")
    approval = approved(desk.tell(asks_for_site(1), asked=BY_OWNER))
    desk.until(NOON + timedelta(minutes=11))

    desk.tell(site_made(11, hold_id=approval.hold_id))

    assert desk.used("sites") == (1, 0)


def test_the_hold_of_something_else_is_not_used_up_by_a_site() -> None:
    desk = desk_on("starter")
    keywords = held(desk.tell(asks_for(1, 10)))

    desk.tell(site_made(11, hold_id=keywords.hold_id))

    assert (desk.used("sites"), desk.used("keywords")) == ((1, 0), (0, 10))


def test_a_hold_is_used_up_by_the_site_that_came_late() -> None:
    desk = desk_on("starter")
    approval = approved(desk.tell(asks_for_site(1), asked=BY_OWNER))
    desk.until(NOON + timedelta(minutes=11))

    desk.tell(site_made(11, hold_id=approval.hold_id), confirmed(approval.hold_id, 1))

    assert desk.used("sites") == (1, 0)


def test_a_site_that_is_there_has_not_failed() -> None:
    desk = desk_on("starter")
    approval = approved(desk.tell(asks_for_site(1), asked=BY_OWNER))
    desk.tell(site_made(11, hold_id=approval.hold_id))

    assert desk.tell(site_failed(hold_id=approval.hold_id)) == []

    assert [(x.state, x.confirmed) for x in desk.book.holds.values()] == [("confirmed", 1)]
    assert desk.used("sites") == (1, 0)
