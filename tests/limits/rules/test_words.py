"""What a no says, word for word: each limit, where it is reached and where it is not included."""

from typing import NamedTuple

import pytest

from shared.contracts.errors import Error, LimitType
from tests.hearing import refused
from tests.limits.making import asks_for, cleared, override, plan_now
from tests.limits.rules.desk import BY_DEVELOPER, Desk, desk_on
from tests.making import on_plan

UPGRADE = "Upgrade Plan", "open", "plans"
CANCEL = "Cancel", "dismiss", "none"
SUPPORT = (
    "contact_support",
    "Contact support: this limit was set for your account, and no plan changes it.",
)
BROWSE = "browse_free", "Browse the keyword database: that is free."


class Words(NamedTuple):
    """A limit of Starter, and what is said of it."""

    limit_type: LimitType
    title: str
    reached: str  # By one more than there is.
    ways_out: list[tuple[str, str]]
    more: str
    manage: tuple[str, str, str]
    included: str
    set_to_nothing: str


TABLE = [
    Words(
        "sites",
        "Site Limit Reached",
        "0 of 2 sites are in use: 3 more were asked for, and 2 can be had.",
        [("delete_unused", "Delete sites that you no longer need.")],
        "Upgrade to Growth: 5 sites.",
        ("Manage Sites", "open", "sites"),
        "Your plan includes no sites of this kind.",
        "This account may have no sites: its own limit is 0.",
    ),
    Words(
        "users",
        "Team Limit Reached",
        "1 of 2 users are in use: 2 more were asked for, and 1 can be had.",
        [("delete_unused", "Remove members or withdraw invitations that you no longer need.")],
        "Upgrade to Growth: 3 users.",
        ("Manage Team", "open", "team"),
        "Your plan includes no users of this kind.",
        "This account may have no users: its own limit is 0.",
    ),
    Words(
        "keywords",
        "Keyword Limit Reached",
        "0 of 1,000 keywords are in use: 1,001 more were asked for, and 1,000 can be had.",
        [("delete_unused", "Delete keywords that you no longer need.")],
        "Upgrade to Growth: 5,000 keywords.",
        ("Manage Keywords", "open", "keywords"),
        "Your plan includes no keywords of this kind.",
        "This account may have no keywords: its own limit is 0.",
    ),
    Words(
        "ahrefs_queries",
        "Keyword Research Limit Reached",
        "0 of 50 queries are in use: 51 more were asked for, and 50 can be had.",
        [("wait_reset", "Wait until 2026-02-01."), BROWSE],
        "Upgrade to Growth: 200 queries a month.",
        ("Browse Keywords", "open", "browse"),
        "Your plan includes no queries of this kind.",
        "This account may have no queries: its own limit is 0.",
    ),
]
every_limit = pytest.mark.parametrize("words", TABLE, ids=[words.limit_type for words in TABLE])


def suggested(error: Error) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in error.suggestions]


def actions(error: Error) -> list[tuple[str, str, str]]:
    return [(one.label, one.kind, one.target) for one in error.actions]


def one_too_many(desk: Desk, limit_type: LimitType, number: int = 1) -> Error:
    left = desk.row(limit_type).remaining
    assert left is not None
    return refused(desk.tell(asks_for(number, left + 1, limit_type)))


@every_limit
def test_where_a_limit_is_reached_one_hears_of_what_is_how_much(words: Words) -> None:
    error = one_too_many(desk_on("starter"), words.limit_type)

    assert (error.code, error.http_status, error.retryable) == ("limit.reached", 402, False)
    assert (error.title, error.message) == (words.title, words.reached)
    assert suggested(error) == [*words.ways_out, ("upgrade_plan", words.more)]
    assert actions(error) == [words.manage, UPGRADE, CANCEL]


@every_limit
def test_what_a_plan_does_not_include_another_one_does(words: Words) -> None:
    desk = desk_on("starter")
    desk.tell(plan_now("starter", **{words.limit_type: 0}))

    error = one_too_many(desk, words.limit_type)

    assert (error.code, error.http_status, error.retryable) == ("feature.not.included", 402, False)
    assert (error.title, error.message) == ("Not Included In Your Plan", words.included)
    free = [BROWSE] if words.limit_type == "ahrefs_queries" else []
    assert suggested(error) == [*free, ("upgrade_plan", words.more)]
    assert actions(error) == [UPGRADE, CANCEL]
    assert (error.plan_code, error.limit, error.unit) == ("growth", 0, None)


@every_limit
def test_where_a_limit_of_its_own_is_reached_no_plan_helps(words: Words) -> None:
    desk = desk_on("starter")
    limit = desk.row(words.limit_type).limit
    desk.tell(override(words.limit_type, limit), asked=BY_DEVELOPER)

    error = one_too_many(desk, words.limit_type)

    assert (error.title, error.message) == (words.title, words.reached)
    assert suggested(error) == [*words.ways_out, SUPPORT]
    assert actions(error) == [words.manage, CANCEL]


@every_limit
def test_a_limit_of_its_own_that_is_nothing_is_not_the_plans(words: Words) -> None:
    desk = desk_on("starter")
    desk.tell(override(words.limit_type, 0), asked=BY_DEVELOPER)

    error = one_too_many(desk, words.limit_type)

    assert (error.code, error.message) == ("feature.not.included", words.set_to_nothing)
    free = [BROWSE] if words.limit_type == "ahrefs_queries" else []
    assert suggested(error) == [*free, SUPPORT]
    assert actions(error) == [CANCEL]
    assert error.plan_code is None


def test_a_limit_of_its_own_that_was_taken_back_is_the_plans_again() -> None:
    desk = desk_on("starter")
    desk.tell(override("sites", 1), cleared("sites", 1), asked=BY_DEVELOPER)

    assert suggested(one_too_many(desk, "sites"))[-1][0] == "upgrade_plan"


def test_one_is_spoken_of_as_one_and_what_has_no_end_as_unlimited() -> None:
    desk = desk_on("growth")
    desk.tell(asks_for(1, 5, "sites"))

    error = one_too_many(desk, "sites", 2)

    assert error.message == "5 of 5 sites are in use: 1 more was asked for, and 0 can be had."
    (up,) = [one for one in error.suggestions if one.kind == "upgrade_plan"]
    assert (up.text, up.plan_code, up.limit) == (
        "Upgrade to Scale: unlimited sites.",
        "scale",
        None,
    )
    assert up.price is not None
    assert up.price.amount_minor == 399_00


@pytest.mark.parametrize(
    ("used", "limit", "percent"), [(999, 1000, 99), (1000, 1000, 100), (0, 0, None), (0, 10, 0)]
)
def test_a_share_is_whole_percents_and_of_nothing_there_is_none(
    used: int, limit: int, percent: int | None
) -> None:
    desk = desk_on("starter", keywords=used)
    desk.tell(override("keywords", limit), asked=BY_DEVELOPER)

    row = desk.row("keywords")

    assert (row.current, row.limit, row.percent) == (used, limit, percent)


def test_the_share_of_what_is_too_much_is_more_than_all() -> None:
    desk = desk_on("starter", keywords=1000)
    desk.tell(on_plan("free", version=2))

    assert desk.row("keywords").percent == 1000
