"""What a refusal says: how much is too much, when there is more, and which plan gives it."""

from msgspec.structs import replace

from shared.contracts.errors import Error
from tests.hearing import refused
from tests.limits.making import asks_for, override, plan_now
from tests.limits.rules.desk import BY_DEVELOPER, Desk, desk_on


def way_up(error: Error) -> list[tuple[str | None, int | None]]:
    """The plan that is named, with its number."""
    return [(x.plan_code, x.limit) for x in error.suggestions if x.kind == "upgrade_plan"]


def full(plan: str = "starter") -> Desk:
    """No keyword is left, and a tenth of them are only held."""
    desk = desk_on(plan, keywords=900)
    desk.tell(asks_for(1, 100))
    return desk


def test_what_is_held_is_too_much_as_well() -> None:
    desk = full()
    desk.tell(override("keywords", 950), asked=BY_DEVELOPER)

    error = refused(desk.tell(asks_for(2, 1)))

    assert (error.current, error.held, error.limit, error.over_by) == (1_000, 100, 950, 50)
    assert error.resets_at is None


def test_a_plan_that_nobody_can_take_is_not_named() -> None:
    desk = full()
    desk.tell(replace(plan_now("growth"), is_active=False))

    assert way_up(refused(desk.tell(asks_for(2, 1)))) == [("scale", 20_000)]


def test_a_plan_that_gives_no_more_is_not_named() -> None:
    desk = full()
    desk.tell(plan_now("growth", keywords=1_000))

    assert way_up(refused(desk.tell(asks_for(2, 1)))) == [("scale", 20_000)]


def test_a_plan_that_costs_less_is_not_named() -> None:
    desk = desk_on("growth")
    desk.tell(plan_now("growth", keywords=10))

    assert way_up(refused(desk.tell(asks_for(1, 11)))) == [("scale", 20_000)]


def test_above_the_largest_plan_there_is_none_to_name() -> None:
    desk = desk_on("scale")

    assert way_up(refused(desk.tell(asks_for(1, 20_001)))) == []
