"""Holds: granted whole or in part, confirmed once, freed once, and answered the same for ever."""

from datetime import timedelta

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from services.limits.domain import Unfit
from shared.contracts.limits import HoldReplied, LimitDenied, OverageDetected
from tests.hearing import all_of, only, refused
from tests.limits.making import asks_for, confirmed, keywords_gone, override, released
from tests.limits.rules.desk import BY_DEVELOPER, NOON, desk_on, held
from tests.making import BOB, now_is, on_plan, plan_is, spelt_out, uuid


def test_less_is_granted_only_to_whom_less_will_do() -> None:
    desk = desk_on("starter", keywords=990)

    assert refused(desk.tell(asks_for(1, 11))).available == 10
    reply = only(HoldReplied, desk.tell(asks_for(2, 11, allow_partial=True)))

    assert reply.status == "partial"
    assert held([reply]).granted == 10
    assert refused(desk.tell(asks_for(3, 1, allow_partial=True))).code == "limit.reached"


def test_the_same_request_has_the_same_answer_whatever_happened_since() -> None:
    desk = desk_on("starter")
    first = held(desk.tell(asks_for(1, 100)))
    desk.tell(confirmed(first.hold_id, 100))

    (again,) = desk.tell(asks_for(1, 100))

    assert isinstance(again, HoldReplied)
    assert (again.replayed, again.status) == (True, "ok")
    assert to_builtins(again.data)["hold_id"] == first.hold_id
    assert refused(desk.tell(asks_for(1, 101))).code == "conflict"
    assert desk.used("keywords") == (100, 0)


def test_a_request_that_spells_out_its_defaults_is_the_same_request() -> None:
    desk = desk_on("starter")
    desk.tell(asks_for(1, 100))

    assert only(HoldReplied, desk.tell(spelt_out(asks_for(1, 100)))).replayed


def test_a_refusal_stays_a_refusal_and_another_id_asks_anew() -> None:
    desk = desk_on("free")
    desk.tell(asks_for(1, 101))
    desk.tell(on_plan("growth", version=2))

    again = only(HoldReplied, desk.tell(asks_for(1, 101)))

    assert (again.replayed, again.status) == (True, "error")
    assert held(desk.tell(asks_for(2, 101))).granted == 101


def test_a_confirmation_in_part_frees_the_rest_and_the_first_one_counts() -> None:
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 100)))

    desk.tell(confirmed(hold.hold_id, 30), confirmed(hold.hold_id, 100), released(hold.hold_id))

    assert desk.used("keywords") == (30, 0)


def test_a_release_frees_all_and_nothing_is_confirmed_after_it() -> None:
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 100)))

    desk.tell(released(hold.hold_id), confirmed(hold.hold_id, 100))

    assert desk.used("keywords") == (0, 0)


def test_a_release_that_comes_too_late_undoes_nothing() -> None:
    desk = desk_on("starter")
    first, second = held(desk.tell(asks_for(1, 100))), held(desk.tell(asks_for(2, 10)))
    desk.until(NOON + timedelta(minutes=10))

    desk.tell(confirmed(first.hold_id, 100), released(first.hold_id))
    desk.tell(released(second.hold_id), confirmed(second.hold_id, 10))

    assert [hold.state for hold in desk.book.holds.values()] == ["confirmed", "released"]
    assert desk.used("keywords") == (100, 0)


@pytest.mark.parametrize(
    "said", ["too many", "of others", "of nobody", "freed by others", "freed by nobody"]
)
def test_what_fits_no_hold_is_set_aside_and_changes_nothing(said: str) -> None:
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 100)))
    message = {
        "too many": confirmed(hold.hold_id, 101),
        "of others": confirmed(hold.hold_id, 1, BOB),
        "of nobody": confirmed(uuid(404), 1),
        "freed by others": released(hold.hold_id, BOB),
        "freed by nobody": released(uuid(404)),
    }[said]

    assert [type(one) for one in desk.tell(message)] == [Unfit]
    assert desk.used("keywords") == (0, 100)


def test_what_was_made_after_its_hold_had_expired_counts_also_above_the_limit() -> None:
    desk = desk_on("starter", keywords=900)
    late = held(desk.tell(asks_for(1, 100)))
    desk.until(NOON + timedelta(minutes=10))
    other = held(desk.tell(asks_for(2, 100)))
    desk.tell(confirmed(other.hold_id, 100))

    said = desk.tell(confirmed(late.hold_id, 100))

    (item,) = only(OverageDetected, said).items
    assert (item.type, item.used, item.over_by) == ("keywords", 1_100, 100)


def test_a_deletion_that_overtakes_its_confirmation_is_shown_as_nothing_and_counts_in_the_end() -> (
    None
):
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 3)))

    desk.tell(keywords_gone(1, 2), keywords_gone(2, 1))
    assert desk.used("keywords") == (0, 3)
    assert desk.account().counters["keywords", "-"].used == -2
    desk.tell(confirmed(hold.hold_id, 3))

    assert desk.used("keywords") == (1, 0)


def test_of_deleted_keywords_those_count_that_are_named_each_once() -> None:
    desk = desk_on("starter", keywords=10)

    desk.tell(keywords_gone(1, 1, 2), replace(keywords_gone(2, 3), count=7))

    assert desk.used("keywords") == (7, 0)


def test_things_that_have_names_count_once_each() -> None:
    desk = desk_on("growth")
    first = held(desk.tell(asks_for(1, 2, "sites")))
    second = held(desk.tell(asks_for(2, 2, "sites")))

    desk.tell(
        confirmed(first.hold_id, 2, resources=[11, 12]),
        confirmed(second.hold_id, 2, resources=[12, 13]),
    )

    assert desk.used("sites") == (3, 0)


def test_of_a_plan_that_nobody_knows_nothing_is_decided_and_the_id_stays_free() -> None:
    desk = desk_on("starter")
    desk.tell(on_plan("gold", version=2))

    said = desk.tell(asks_for(1, 5))

    assert refused(said).code == "unavailable"
    assert only(LimitDenied, said).reason == "plan_unknown"
    desk.tell(plan_is("gold", 1, max_keywords=5))
    assert held(desk.tell(asks_for(1, 5))).available == 0


def test_an_override_decides_also_where_nobody_knows_the_plan() -> None:
    desk = desk_on("starter")
    desk.tell(on_plan("gold", version=2), override("keywords", 7), asked=BY_DEVELOPER)

    assert held(desk.tell(asks_for(1, 7))).limit == 7


@pytest.mark.parametrize("status", ["suspended", "cancelled"])
def test_an_account_at_rest_gets_nothing_new(status: str) -> None:
    desk = desk_on("starter")
    desk.tell(now_is(status, reason="unpaid"))

    said = desk.tell(asks_for(1, 1))

    error = refused(said)
    assert (error.code, error.reason) == (f"account.{status}", "unpaid")
    assert only(LimitDenied, said).reason == status


def test_unlimited_is_no_number() -> None:
    desk = desk_on("scale")

    grant = held(desk.tell(asks_for(1, 1_000, "sites")))

    assert (grant.limit, grant.available, grant.current) == (None, None, 1_000)
    row = desk.row("sites")
    assert (row.limit, row.remaining, row.percent) == (None, None, None)


def test_fifty_thousand_keywords_are_one_hold_and_one_confirmation() -> None:
    desk = desk_on("scale")
    desk.tell(override("keywords", None), asked=BY_DEVELOPER)
    hold = held(desk.tell(asks_for(1, 50_000)))

    said = desk.tell(confirmed(hold.hold_id, 50_000), confirmed(hold.hold_id, 50_000))

    assert said == []
    assert desk.used("keywords") == (50_000, 0)
    assert all_of(OverageDetected, said) == []
