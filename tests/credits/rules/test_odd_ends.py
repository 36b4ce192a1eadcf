"""What should not happen and does (P16): every message in the wrong order, twice, or too late."""

from datetime import timedelta

import pytest
from msgspec.json import decode

from services.credits.domain import Unpriced
from shared.contracts.credits import (
    CreditsCommitted,
    CreditsReleased,
    CreditsReserved,
    Estimate,
    OperationReplied,
    UsageRecorded,
)
from shared.contracts.message import Event, Message, encode
from shared.contracts.operating import AlertRaised
from shared.contracts.types import MAX_CREDITS, MAX_INT
from tests.credits.rules.desk import authorised, charge, desk_with, logged
from tests.hearing import all_of, only, refused, warning
from tests.making import (
    ANN,
    BOB,
    Fields,
    cancelled,
    completed,
    failed,
    images_completed,
    images_requested,
    now_is,
    paid,
    requested,
    uuid,
)

SILENT: Fields = {"tokens_input": None, "tokens_output": None}
MINUTES_16, A_YEAR = timedelta(minutes=16), timedelta(days=400)


@pytest.mark.parametrize("end", [failed(1), cancelled(1)])
def test_an_end_before_its_request_is_remembered_and_the_request_is_a_conflict(
    end: Message,
) -> None:
    desk = desk_with(100)

    assert desk.tell(end) == []
    said = desk.tell(requested(1), requested(1))
    first, again = all_of(OperationReplied, said)

    assert first.error is not None
    assert (first.error.code, first.error.state) == ("conflict", "released")
    assert (again.error, again.replayed) == (first.error, True)
    assert all_of(Event, said) == []
    assert desk.account().held == 0


@pytest.mark.parametrize(
    "history",
    [
        [],
        [requested(1), failed(1)],
        [requested(1), cancelled(1)],
        [failed(1)],
        [failed(1), requested(1)],
        [requested(1, model="gpt-0")],
        [now_is("suspended"), requested(1)],
        [requested(1, operation_type="telepathy")],
    ],
)
def test_whatever_was_decided_before_completed_work_is_charged_once_at_any_age(
    history: list[Message],
) -> None:
    desk = desk_with(100)
    desk.tell(*history)
    desk.end_batch(A_YEAR)

    said = desk.tell(completed(1))

    assert (charge(said).charged, charge(said).late) == (47, True)
    assert logged(said).status == "late"
    assert desk.tell(completed(1, tokens_output=1), failed(1), cancelled(1)) == []
    assert desk.account().balance == 53


def test_an_expired_hold_never_stops_a_late_charge() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))
    desk.end_batch(A_YEAR)
    desk.tell(*desk.due())

    assert charge(desk.tell(completed(1))).late
    assert desk.account().balance == 53


def test_work_after_a_refusal_alerts_operators() -> None:
    desk = desk_with(49)
    desk.tell(requested(1))

    alert = warning(desk.tell(completed(1)))

    assert (alert.kind, alert.audience, alert.about) == ("credits.unauthorised", "ops", uuid(1))


@pytest.mark.parametrize("other_end", [failed(1), cancelled(1)])
def test_work_after_another_end_alerts_nobody(other_end: Message) -> None:
    assert all_of(AlertRaised, desk_with(100).tell(requested(1), other_end, completed(1))) == []


def test_of_two_reports_the_first_counts() -> None:
    desk = desk_with(100)

    said = desk.tell(requested(1), completed(1), completed(1, tokens_output=6000))

    assert charge(said).charged == 47


def test_the_type_that_was_requested_counts_not_the_one_reported() -> None:
    said = desk_with(100).tell(requested(1), completed(1, operation_type="clustering"))

    assert charge(said).operation_type == "content_generation"
    assert charge(said).charged == 47


def test_a_type_that_was_refused_as_unknown_is_charged_by_the_reported_one() -> None:
    desk = desk_with(100)

    said = desk.tell(requested(1, operation_type="telepathy"), completed(1))

    assert (charge(said).operation_type, charge(said).charged) == ("content_generation", 47)


def test_work_that_nobody_can_price_is_never_guessed() -> None:
    desk = desk_with(100)

    assert desk.tell(completed(1, operation_type="telepathy")) == [Unpriced("telepathy")]
    assert (desk.account().balance, desk.book.operations) == (100, {})
    assert charge(desk.tell(completed(1))).charged == 47


@pytest.mark.parametrize(
    "said",
    [
        {"tokens_input": MAX_INT, "tokens_output": MAX_INT},
        {"tokens_output": None, "units": MAX_INT, "unit_kind": "words"},
        {"operation_type": "site_page_generation", "units": MAX_INT},
    ],
)
def test_no_work_costs_more_than_facts_can_say(said: Fields) -> None:
    desk = desk_with(100)

    facts = desk.tell(completed(1, **said))

    assert (charge(facts).charged, charge(facts).shortfall) == (100, MAX_CREDITS - 100)
    for fact in all_of(Event, facts):
        assert decode(encode(fact), type=type(fact)) == fact


def test_a_request_after_its_charge_is_told_the_charge_and_its_moment() -> None:
    desk = desk_with(100)
    desk.tell(completed(1))
    desk.end_batch(MINUTES_16)

    said = desk.tell(requested(1))
    data = authorised(said)

    assert (data.state, data.estimated, data.held, data.charged) == ("committed_late", 50, 0, 47)
    assert (data.expires_at, data.available_after) == ("2026-01-15T12:00:00.000Z", 53)
    assert all_of(CreditsReserved, said) == []
    assert only(OperationReplied, desk.tell(requested(1))).replayed


def test_a_request_after_its_charge_still_needs_its_fields() -> None:
    desk = desk_with(100)
    desk.tell(images_completed(1, basic=1))

    assert refused(desk.tell(requested(1, operation_type="image_generation"))).code == "invalid"
    assert authorised(desk.tell(images_requested(1, basic=1))).charged == 1


def test_the_third_shortfall_within_a_day_is_an_error() -> None:
    desk = desk_with(1)
    severities = list[str]()

    for number, hours in enumerate((0, 11, 12, 13, 30)):
        desk.end_batch(timedelta(hours=hours))
        severities.append(warning(desk.tell(completed(number))).severity)

    # At 0, 11, 23, 36 and 66 hours: only the one at 23 is the third of its day.
    assert severities == ["warning", "warning", "error", "warning", "warning"]


def test_a_charge_belongs_to_the_month_in_which_it_is_made() -> None:
    desk = desk_with(1000)
    desk.tell(requested(1), completed(2))
    (january,) = desk.end_batch(timedelta(days=20))

    desk.tell(*desk.due(), completed(1))
    (february,) = desk.end_batch()

    assert (january.window, january.used_this_month) == ("2026-01", 47)
    assert (february.window, february.used_this_month) == ("2026-02", 47)


def test_an_id_is_unique_within_its_account_alone() -> None:
    desk = desk_with(100)

    said = desk.tell(paid(100, BOB), requested(1), requested(1, BOB), cancelled(1, BOB))

    assert [reply.account_id for reply in all_of(OperationReplied, said)] == [ANN, BOB]
    assert only(CreditsReleased, said).account_id == BOB
    assert (desk.account(ANN).held, desk.account(BOB).held) == (60, 0)
    assert all_of(CreditsCommitted, desk.tell(completed(1), completed(1, BOB))) != []
    assert (desk.account(ANN).balance, desk.account(BOB).balance) == (53, 53)


def test_work_after_a_conflict_was_not_allowed_either() -> None:
    desk = desk_with(100)
    desk.tell(failed(1), requested(1))

    alert = warning(desk.tell(completed(1)))

    assert (alert.kind, alert.about) == ("credits.unauthorised", uuid(1))


def test_a_cost_that_no_provider_asks_is_not_known_and_the_credits_are_charged() -> None:
    desk = desk_with(100)

    said = desk.tell(requested(1), completed(1, tokens_output=10**12))

    assert only(UsageRecorded, said).cost_usd is None
    assert charge(said).charged == 100


def test_a_fixed_price_counts_the_units_that_it_was_held_for() -> None:
    desk = desk_with(1000)
    ask = requested(1, operation_type="site_structure", estimate=Estimate(units=3))
    done = completed(1, operation_type="site_structure", units=3, tokens_output=None)

    assert charge(desk.tell(ask, done)).charged == 150


def test_units_of_something_else_are_no_requests() -> None:
    desk = desk_with(1000)
    done = completed(1, operation_type="site_structure", units=40, unit_kind="pages")

    assert charge(desk.tell(requested(1, operation_type="site_structure"), done)).charged == 50


def test_an_estimate_that_says_nothing_is_as_if_absent() -> None:
    desk = desk_with(100)
    desk.tell(requested(1))

    assert only(OperationReplied, desk.tell(requested(1, estimate=Estimate()))).replayed
