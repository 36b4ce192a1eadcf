"""What is passed and what is nearly reached: since when it is so, and of which limit it is told."""

from datetime import datetime, timedelta

import pytest

from shared.contracts.limits import OverageCleared, OverageDetected
from tests.hearing import all_of, only, to_customers
from tests.limits.making import asks_for, confirmed, override, site_gone, site_made
from tests.limits.rules.desk import BY_DEVELOPER, NOON, Desk, desk_on, held, use
from tests.making import BOB, on_plan, plan_is

HOUR = timedelta(hours=1)


def since(desk: Desk) -> datetime | None:
    """When the limit of sites was passed, as it is kept."""
    return desk.account().counters["sites", "-"].over_since


def test_a_limit_is_passed_since_it_was_passed_first_and_anew_after_there_was_room() -> None:
    desk = desk_on("free")
    desk.tell(site_made(1), site_made(2))
    assert since(desk) == NOON

    desk.until(NOON + HOUR)
    (more,) = only(OverageDetected, desk.tell(site_made(3))).items
    assert (more.over_by, since(desk)) == (2, NOON)
    desk.tell(site_gone(2), site_gone(3))
    assert since(desk) is None
    desk.tell(site_made(4))

    assert since(desk) == NOON + HOUR


def test_less_too_many_is_no_news_until_there_is_room_again() -> None:
    desk = desk_on("free")
    desk.tell(*(site_made(number) for number in range(1, 5)))

    said = desk.tell(site_gone(1), site_gone(2))
    assert all_of(OverageDetected, said) == []
    assert all_of(OverageCleared, said) == []

    (item,) = only(OverageCleared, desk.tell(site_gone(3))).items
    assert (item.type, item.used, item.over_by) == ("sites", 1, 0)


def test_what_is_only_held_passes_no_limit() -> None:
    desk = desk_on("starter", keywords=40)
    desk.tell(asks_for(1, 20))

    said = desk.tell(override("keywords", 50), asked=BY_DEVELOPER)

    assert all_of(OverageDetected, said) == []
    assert to_customers(said) == []
    assert (desk.row("keywords").over_by, desk.row("keywords").remaining) == (0, 0)


@pytest.mark.parametrize("version", [0, 1])
def test_nobody_is_told_of_limits_that_nobody_knows_until_somebody_does(version: int) -> None:
    desk = desk_on("starter")
    desk.tell(site_made(1), site_made(2))

    assert all_of(OverageDetected, desk.tell(on_plan("gold", version=2))) == []
    desk.tell(plan_is("gold", 1, version=version, max_sites=1, max_users=5))

    (item,) = only(OverageDetected, desk.sweep()).items
    assert (item.type, item.over_by) == ("sites", 1)


@pytest.mark.parametrize(("limit", "told"), [(10, [80, 90, 100]), (9, [])])
def test_of_a_limit_of_ten_marks_are_told_and_of_a_smaller_one_none(
    limit: int, told: list[int]
) -> None:
    desk = desk_on("starter", keywords=7)
    desk.tell(override("keywords", limit), asked=BY_DEVELOPER)

    said = [one for number in range(limit - 7) for one in use(desk, number, 1)]

    assert [alert.threshold for alert in to_customers(said)] == told


def test_limits_of_one_size_have_marks_of_their_own() -> None:
    desk = desk_on("starter", keywords=10, queries=10)
    desk.tell(override("keywords", 20), override("ahrefs_queries", 20), asked=BY_DEVELOPER)

    said = [*use(desk, 1, 6), *use(desk, 2, 6, "ahrefs_queries")]

    told = [(alert.about, alert.threshold) for alert in to_customers(said)]
    assert told == [("keywords", 80), ("ahrefs_queries", 80)]


def test_a_mark_of_one_account_is_told_to_another_all_the_same() -> None:
    desk = desk_on("starter", keywords=799)
    desk.tell(on_plan("starter", BOB))
    hold = held(desk.tell(asks_for(1, 800, account=BOB)))

    said = [*use(desk, 2, 1), *desk.tell(confirmed(hold.hold_id, 800, BOB))]

    assert [alert.threshold for alert in to_customers(said)] == [80, 80]


def test_a_hold_is_no_use_and_reaches_no_mark() -> None:
    desk = desk_on("starter", keywords=700)
    desk.tell(asks_for(1, 200))

    assert to_customers(use(desk, 2, 10)) == []
