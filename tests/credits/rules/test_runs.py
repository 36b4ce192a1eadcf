"""Before a run starts: what it needs, what it holds, and when it ends (P7, P8)."""

from datetime import timedelta

import pytest

from services.credits.domain import BY_A_SERVICE, Asked, RunDue
from shared.contracts.credits import (
    ApprovedRun,
    CreditsExpired,
    CreditsReleased,
    CreditsReserved,
    ExtensionReplied,
    RunApproved,
    RunClosed,
    RunReplied,
    RunRequested,
)
from shared.contracts.errors import Error
from shared.contracts.message import Event
from shared.contracts.types import Json
from tests.credits.rules.desk import Desk, desk_with
from tests.hearing import all_of, only, refused
from tests.making import ANN, Fields, now_is, spelt_out, uuid
from tests.running import (
    RUN,
    S10,
    run_cancelled,
    run_completed,
    run_extension,
    run_requested,
    stage_done,
    stage_failed,
)

BY_A_PERSON = Asked("editor", "ann")
DUE = RunDue(ANN, uuid(RUN))  # What the sweep says.
FOUR_HOURS = timedelta(seconds=14_401)
IMAGES: Fields = {"stage": 1, "operation_type": "image_generation", "count": 4}
WORDY: Fields = {"stage": 1, "operation_type": "content_generation", "count": 2, "words": 100}


def approved(said: list[object] | object) -> ApprovedRun:
    assert isinstance(said, list)
    data = only(RunReplied, said).data
    assert data is not None
    return data


def error_of(desk: Desk, request: RunRequested) -> Error:
    return refused(desk.tell(request))


def test_a_run_holds_the_sum_of_its_stages_with_one_margin() -> None:
    """S10; images included."""
    desk = desk_with(1_000)
    said = desk.tell(run_requested(*S10))

    data = approved(said)
    assert (data.estimated, data.held, data.available_after) == (370, 444, 556)
    assert [stage.estimated for stage in data.per_stage] == [10, 15, 250, 80, 15]
    assert data.expires_at == "2026-01-15T16:00:00.000Z"
    fact = only(CreditsReserved, said)
    assert (fact.kind, fact.run_id, fact.held) == ("run", uuid(RUN), 444)
    assert (fact.balance_after, fact.available_after) == (1_000, 556)
    assert only(RunApproved, said).held == 444


def test_a_run_holds_no_more_than_there_is() -> None:
    data = approved(desk_with(400).tell(run_requested(*S10)))

    assert (data.estimated, data.held, data.available_after) == (370, 400, 0)


def test_a_run_that_is_too_much_says_which_stages_would_fit() -> None:
    desk = desk_with(300)
    error = error_of(desk, run_requested(*S10))

    assert (error.code, error.required, error.available) == ("run.credits.insufficient", 370, 300)
    assert (error.shortfall, error.fitting_stages) == (70, [1, 2, 3])
    assert [stage.estimated for stage in error.per_stage or ()] == [10, 15, 250, 80, 15]
    assert {s.kind for s in error.suggestions} >= {"fewer_items", "buy_package", "lower_quality"}
    assert desk.account().held == 0


def test_of_a_run_whose_first_stage_is_too_much_no_stage_fits() -> None:
    assert error_of(desk_with(9), run_requested(*S10)).fitting_stages == []


@pytest.mark.parametrize(
    ("stage", "needed"),
    [
        (IMAGES, 20),
        (IMAGES | {"quality": "premium"}, 60),
        (IMAGES | {"model": "runware:97@1"}, 4),
        (IMAGES | {"model": "runware:97@1", "quality": "premium"}, 4),
        (WORDY, 2 * 22),
        (WORDY | {"words": None, "model": "gpt-4o-mini"}, 2 * 5),
        ({"stage": 1, "operation_type": "site_page_generation", "count": 3}, 60),
        ({"stage": 1, "operation_type": "site_page_generation", "count": 3, "units": 7}, 420),
    ],
)
def test_a_stage_needs_what_one_item_needs_times_so_many(stage: Fields, needed: int) -> None:
    assert approved(desk_with(1_000).tell(run_requested(stage))).estimated == needed


@pytest.mark.parametrize(("asked", "needed"), [(BY_A_SERVICE, 44), (BY_A_PERSON, 100)])
def test_a_persons_words_never_lower_what_a_run_needs(asked: Asked, needed: int) -> None:
    said = desk_with(1_000).tell(run_requested(WORDY), asked=asked)

    assert approved(said).estimated == needed


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"operation_type": "telepathy"}, "operation.unknown"),
        ({"model": "gpt-0"}, "model.unknown"),
        ({"model": "gpt-4o"}, "model.unknown"),
    ],
)
def test_what_nobody_offers_is_refused_for_the_whole_run(
    fields: dict[str, Json], code: str
) -> None:
    desk = desk_with(1_000)
    request = run_requested(S10[0], S10[1] | fields)

    assert error_of(desk, request).code == code
    assert only(RunReplied, desk.tell(request)).replayed
    assert desk.account().held == 0


def test_the_accounts_status_comes_before_what_is_asked() -> None:
    desk = desk_with(1_000)
    desk.tell(now_is("suspended"))

    unknown = run_requested(S10[0] | {"operation_type": "telepathy"})
    assert error_of(desk, unknown).code == "account.suspended"


def test_a_sum_that_no_account_can_have_is_invalid_and_leaves_the_id_free() -> None:
    desk = desk_with(1_000)
    endless = [WORDY | {"stage": n, "count": 10_000, "words": 2**52} for n in range(1, 51)]

    error = error_of(desk, run_requested(*endless))
    assert (error.code, [x.path for x in error.fields or ()]) == ("invalid", ["stages"])
    assert approved(desk.tell(run_requested())).held == 300


def test_a_run_that_spells_out_its_defaults_is_the_same_run() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested())

    assert only(RunReplied, desk.tell(spelt_out(run_requested()))).replayed


def test_the_first_answer_is_given_again_whatever_has_happened_since() -> None:
    desk = desk_with(1_000)
    first = approved(desk.tell(run_requested()))
    desk.end_batch(timedelta(minutes=5))
    desk.tell(stage_done(1), run_extension(86_400), run_completed())

    again = desk.tell(run_requested())

    assert approved(again) == first
    assert only(RunReplied, again).replayed
    assert all_of(Event, again) == []


def test_a_refusal_stays_one_when_there_are_credits_again() -> None:
    desk = desk_with(300)
    first = error_of(desk, run_requested(*S10))
    desk.end_batch()

    assert error_of(desk, run_requested(*S10)) == first


def test_the_same_run_with_other_stages_is_a_conflict() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested())

    error = error_of(desk, run_requested(*S10))
    assert (error.code, error.kind, error.state) == ("conflict", "run", "approved")


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (run_completed(), "completed"),
        (run_cancelled(), "stopped"),
        (stage_failed(1), "stopped"),
    ],
)
def test_a_run_that_ended_before_it_was_requested_is_a_conflict(end: Event, state: str) -> None:
    desk = desk_with(1_000)
    assert desk.tell(end) == []

    error = error_of(desk, run_requested())
    assert (error.code, error.kind, error.state) == ("conflict", "run", state)
    assert only(RunReplied, desk.tell(run_requested())).replayed
    assert desk.account().held == 0


def test_what_is_left_is_free_when_the_run_is_completed() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested())

    said = desk.tell(run_completed())

    freed, closed = only(CreditsReleased, said), only(RunClosed, said)
    assert (freed.kind, freed.reason, freed.released) == ("run", "run_closed", 300)
    assert (freed.run_id, freed.available_after) == (uuid(RUN), 1_000)
    assert (closed.state, closed.charged, closed.released) == ("completed", 0, 300)
    assert [stage.state for stage in closed.stages] == ["skipped"]


@pytest.mark.parametrize("again", [run_completed(), run_cancelled(), stage_failed(1)])
def test_a_run_ends_once(again: Event) -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested(), run_completed())
    version = desk.account().version

    assert desk.tell(again) == []
    assert desk.account().version == version


def test_a_run_of_which_nobody_hears_expires() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested())
    assert desk.tell(DUE) == []
    desk.end_batch(FOUR_HOURS)

    said = desk.tell(DUE, DUE)

    fact, closed = only(CreditsExpired, said), only(RunClosed, said)
    assert (fact.kind, fact.run_id, fact.released) == ("run", uuid(RUN), 300)
    assert (fact.expires_at, fact.available_after) == ("2026-01-15T16:00:00.000Z", 1_000)
    assert (closed.state, closed.released, closed.reason) == ("expired", 300, None)


def test_every_report_of_a_stage_renews_a_runs_life() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested())
    for _ in range(3):
        desk.end_batch(FOUR_HOURS - timedelta(minutes=1))
        desk.tell(stage_done(1, is_done=False))
        assert desk.tell(DUE) == []
    desk.end_batch(FOUR_HOURS)

    assert only(RunClosed, desk.tell(DUE)).state == "expired"


def until(desk: Desk, seconds: int) -> tuple[str, bool]:
    reply = only(ExtensionReplied, desk.tell(run_extension(seconds)))
    assert reply.data is not None, reply.error
    assert (reply.id, reply.data.run_id) == (uuid(RUN), uuid(RUN))
    return reply.data.expires_at[:16], reply.replayed


def test_a_life_is_counted_from_its_start_and_never_shortened() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested())
    desk.end_batch(timedelta(hours=1))

    assert until(desk, 60) == ("2026-01-15T16:00", False)
    assert until(desk, 86_400) == ("2026-01-16T12:00", False)
    assert until(desk, 86_400) == ("2026-01-16T12:00", True)
    desk.tell(stage_done(1, is_done=False))
    assert until(desk, 50_000) == ("2026-01-16T12:00", False)
    desk.tell(run_completed())
    assert until(desk, 86_400) == ("2026-01-16T12:00", True)


def test_what_is_closed_refused_or_unknown_cannot_be_extended() -> None:
    desk = desk_with(1_000)
    assert refused(desk.tell(run_extension(7_200))).kind == "run"
    desk.tell(run_requested(), run_cancelled())
    assert refused(desk.tell(run_extension(7_200))).state == "stopped"
    desk.tell(run_requested(WORDY | {"count": 9_999}, run=RUN + 1))
    assert refused(desk.tell(run_extension(7_200, run=RUN + 1))).state == "refused"
