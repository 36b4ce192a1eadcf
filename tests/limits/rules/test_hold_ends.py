"""How long a hold lasts, what may come of it, and what is said of it meanwhile."""

from datetime import timedelta

import pytest

from services.limits.book import Hold
from services.limits.domain import HoldDue, Unfit
from shared.contracts.limits import LimitDenied
from tests.hearing import only
from tests.limits.making import asks_for, confirmed, released
from tests.limits.rules.desk import NOON, Desk, desk_on, held
from tests.making import ANN


def the_hold(desk: Desk) -> Hold:
    (found,) = desk.book.holds.values()
    return found


def test_a_hold_lasts_as_long_as_was_asked_for_and_no_shorter() -> None:
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 10, ttl_s=60)))
    assert hold.expires_at == "2026-01-15T12:01:00.000Z"

    desk.end_batch(timedelta(seconds=60, milliseconds=-1))
    assert desk.tell(HoldDue(ANN, hold.hold_id)) == []
    assert desk.used("keywords") == (0, 10)
    desk.until(NOON + timedelta(seconds=60))

    assert desk.used("keywords") == (0, 0)


def test_of_a_hold_in_part_no_more_is_confirmed_than_was_granted() -> None:
    desk = desk_on("starter", keywords=990)
    hold = held(desk.tell(asks_for(1, 100, allow_partial=True)))

    assert [type(one) for one in desk.tell(confirmed(hold.hold_id, 11))] == [Unfit]
    assert desk.used("keywords") == (990, 10)


def test_more_names_than_things_fit_no_hold() -> None:
    desk = desk_on("growth")
    hold = held(desk.tell(asks_for(1, 3, "sites")))

    said = desk.tell(confirmed(hold.hold_id, 1, resources=[11, 12]))

    assert [type(one) for one in said] == [Unfit]
    assert desk.used("sites") == (0, 3)


def test_whoever_made_nothing_gives_the_room_back_for_good() -> None:
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 10)))

    desk.tell(confirmed(hold.hold_id, 0), confirmed(hold.hold_id, 10), released(hold.hold_id))

    assert the_hold(desk).state == "released"
    assert desk.used("keywords") == (0, 0)


def test_keywords_have_no_names_in_confirmations() -> None:
    desk = desk_on("starter")
    first, second = (held(desk.tell(asks_for(number, 1))) for number in (1, 2))

    for hold in (first, second):
        desk.tell(confirmed(hold.hold_id, 1, resources=[11]))

    assert desk.used("keywords") == (2, 0)
    assert desk.book.resources == {}


@pytest.mark.parametrize(
    ("limit_type", "resets_at"),
    [("keywords", None), ("ahrefs_queries", "2026-02-01T00:00:00.000Z")],
)
def test_a_hold_says_its_month_and_when_the_limit_begins_anew(
    limit_type: str, resets_at: str | None
) -> None:
    hold = held(desk_on("starter").tell(asks_for(1, 1, limit_type)))

    assert (hold.window, hold.resets_at) == ("2026-01", resets_at)


def test_a_row_tells_what_is_used_beside_what_is_held() -> None:
    desk = desk_on("starter", keywords=100, queries=10)
    desk.tell(asks_for(1, 100))

    keywords, queries = desk.row("keywords"), desk.row("ahrefs_queries")

    assert (keywords.current, keywords.held, keywords.remaining) == (100, 100, 800)
    assert (keywords.percent, keywords.kind, keywords.resets_at) == (10, "hard", None)
    assert (queries.percent, queries.kind) == (20, "monthly")
    assert queries.resets_at == "2026-02-01T00:00:00.000Z"


def test_a_denial_tells_what_was_asked_for_and_what_there_was() -> None:
    desk = desk_on("starter", keywords=900)
    desk.tell(asks_for(1, 90))

    fact = only(LimitDenied, desk.tell(asks_for(2, 11)))

    assert (fact.requested, fact.current, fact.held) == (11, 990, 90)
    assert (fact.limit, fact.available) == (1_000, 10)
