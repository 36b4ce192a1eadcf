"""Whether there is room: nothing is not unlimited, and who is at rest hears that first."""

import pytest

from tests.hearing import refused
from tests.limits.making import asks_for, override
from tests.limits.rules.desk import BY_DEVELOPER, desk_on, held
from tests.making import now_is


def test_a_limit_of_nothing_leaves_nothing() -> None:
    row = desk_on("free").row("ahrefs_queries")

    assert (row.limit, row.remaining, row.percent) == (0, 0, None)


def test_an_override_of_nothing_is_not_one_of_everything() -> None:
    desk = desk_on("starter")
    desk.tell(override("keywords", 0), asked=BY_DEVELOPER)

    error = refused(desk.tell(asks_for(1, 1)))

    assert (error.code, error.limit) == ("feature.not.included", 0)
    assert desk.row("keywords").remaining == 0


def test_an_override_without_a_number_is_unlimited_and_not_the_plans() -> None:
    desk = desk_on("free")
    desk.tell(override("ahrefs_queries", None), asked=BY_DEVELOPER)

    assert held(desk.tell(asks_for(1, 1_000, "ahrefs_queries"))).limit is None
    assert desk.row("ahrefs_queries").override


def test_whoever_tries_the_product_has_room() -> None:
    desk = desk_on("starter")
    desk.tell(now_is("trial"))

    assert held(desk.tell(asks_for(1, 1_000))).available == 0


@pytest.mark.parametrize("plan", ["free", "starter"])
def test_whoever_is_at_rest_hears_that_before_he_hears_of_limits(plan: str) -> None:
    desk = desk_on(plan)
    desk.tell(now_is("suspended"))

    error = refused(desk.tell(asks_for(1, 51, "ahrefs_queries")))

    assert error.code == "account.suspended"
