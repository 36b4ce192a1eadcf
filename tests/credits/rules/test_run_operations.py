"""Operations of a run that are asked for, or reported, by themselves: nothing is held twice."""

from itertools import permutations

import pytest
from msgspec.json import decode

from shared.contracts.credits import CreditsCommitted, CreditsReserved, RunClosed, StageCharged
from shared.contracts.message import Event, Message, encode
from shared.contracts.operating import AlertRaised
from shared.contracts.types import MAX_CREDITS, MAX_INT
from tests.credits.rules.desk import authorised, charge, desk_with, logged
from tests.credits.rules.runs import OF_THE_RUN, RUN_ID, desk_with_run, numbers, the_run
from tests.hearing import all_of, only, refused
from tests.making import cancelled, completed, failed, now_is, requested, uuid
from tests.running import RUN, done, run_completed, run_requested, stage_done


def test_a_child_takes_its_hold_from_the_run() -> None:
    desk = desk_with_run()

    said = desk.tell(requested(1, **OF_THE_RUN))

    assert (authorised(said).held, authorised(said).available_after) == (60, 700)
    assert only(CreditsReserved, said).kind == "operation"
    assert numbers(desk) == (1_000, 300, 240)


def test_what_the_run_has_left_and_what_is_free_count_together() -> None:
    desk = desk_with_run(320)
    desk.tell(stage_done(1, done(1, 270), is_done=False))
    assert numbers(desk) == (50, 30, 30)

    assert authorised(desk.tell(requested(2, **OF_THE_RUN))).held == 50
    assert numbers(desk) == (50, 50, 0)
    error = refused(desk.tell(requested(3, **OF_THE_RUN)))
    assert (error.code, error.available, error.shortfall) == ("credits.insufficient", 0, 50)


def test_a_child_of_a_run_that_nobody_knows_or_that_has_ended_holds_what_is_free() -> None:
    desk = desk_with_run()
    desk.tell(run_completed())

    assert authorised(desk.tell(requested(1, **OF_THE_RUN))).available_after == 940
    assert authorised(desk.tell(requested(2, run_id=uuid(9)))).available_after == 880


def test_a_child_is_charged_from_its_own_hold_and_counted_in_its_run() -> None:
    desk = desk_with_run()
    desk.tell(requested(1, **OF_THE_RUN))

    fact = charge(desk.tell(completed(1)))

    assert (fact.charged, fact.released, fact.late, fact.run_id) == (47, 13, False, RUN_ID)
    assert numbers(desk) == (953, 240, 240)
    run = the_run(desk)
    assert (run.state, run.charged, run.stages[0].charged) == ("running", 47, 47)


def test_a_child_is_never_short_while_its_run_has_credits() -> None:
    desk = desk_with_run(320)
    desk.tell(requested(1, **OF_THE_RUN))

    fact = charge(desk.tell(completed(1, tokens_output=12_000)))

    assert (fact.charged, fact.shortfall) == (140, 0)
    assert numbers(desk) == (180, 180, 180)


def test_what_a_stage_reports_of_a_child_is_charged_as_its_own() -> None:
    desk = desk_with_run()
    desk.tell(requested(1, **OF_THE_RUN))

    said = desk.tell(stage_done(1, done(1), done(2)))

    assert [f.released for f in all_of(CreditsCommitted, said)] == [13, 0]
    assert only(StageCharged, said).credits == 94
    assert numbers(desk) == (906, 193, 193)
    assert desk.tell(completed(1)) == []


@pytest.mark.parametrize("end", [failed(1), cancelled(1)])
def test_what_a_child_does_not_use_is_free(end: Message) -> None:
    desk = desk_with_run()
    desk.tell(requested(1, **OF_THE_RUN), end)

    assert numbers(desk) == (1_000, 240, 240)


def test_a_child_outlives_its_run() -> None:
    desk = desk_with_run()
    desk.tell(requested(1, **OF_THE_RUN))

    closed = only(RunClosed, desk.tell(run_completed()))

    assert (closed.released, numbers(desk)) == (240, (1_000, 60, 0))
    fact = charge(desk.tell(completed(1)))
    assert (fact.late, fact.charged, fact.released) == (False, 47, 13)
    assert the_run(desk).charged == 0


def test_an_open_run_vouches_for_an_operation_that_nobody_asked_for() -> None:
    desk = desk_with_run()

    fact = charge(desk.tell(completed(1, **OF_THE_RUN)))

    assert (fact.late, fact.charged) == (False, 47)
    assert numbers(desk) == (953, 253, 253)
    assert desk.tell(stage_done(1, done(1), is_done=False)) == []
    data = authorised(desk.tell(requested(1, **OF_THE_RUN)))
    assert (data.state, data.charged, data.held) == ("committed_late", 47, 0)


def test_what_a_run_vouches_for_is_logged_as_its_stage_would_have_reported_it() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested(site_id=uuid(7), user_id="ann"))

    logs = [
        logged(desk.tell(message))
        for message in (completed(1, **OF_THE_RUN), stage_done(1, done(2), is_done=False))
    ]

    for log in logs:
        assert (log.source, log.site_id, log.user_id) == ("automation", uuid(7), "ann")
    other = logged(desk.tell(completed(3, source="manual", user_id="bob", **OF_THE_RUN)))
    assert (other.source, other.site_id, other.user_id) == ("manual", uuid(7), "bob")


def test_what_a_run_lacks_in_all_can_be_read_however_much_it_is() -> None:
    desk = desk_with_run()
    endless = [done(n, tokens_input=MAX_INT, tokens_output=MAX_INT) for n in (1, 2)]

    facts = desk.tell(stage_done(1, *endless), run_completed())

    (stage,), (run,) = all_of(StageCharged, facts), all_of(RunClosed, facts)
    assert stage.shortfall == run.shortfall == 2 * MAX_CREDITS - 1_000
    for fact in all_of(Event, facts):
        assert decode(encode(fact), type=type(fact)) == fact


def test_the_reports_on_a_run_come_to_the_same_in_any_order() -> None:
    """But for what comes after the end, which is charged late."""
    reports = [
        stage_done(1, done(1, 40), done(2, 41), is_done=False),
        stage_done(1, done(2, 41), done(3, 42)),
        completed(3, tokens_input=0, tokens_output=4_200, **OF_THE_RUN),
        run_completed(),
    ]
    for order in permutations(reports):
        desk = desk_with_run()
        for report in order:
            desk.tell(report, report)
        assert numbers(desk) == (877, 0, 0), order


def test_work_of_a_run_that_nobody_let_begin_has_its_stages_type() -> None:
    desk = desk_with(100)
    desk.tell(now_is("suspended"), run_requested())
    desk.tell(run_completed(run=RUN + 1), run_requested(run=RUN + 1))

    said = desk.tell(stage_done(1, done(1)), stage_done(1, done(2), run=RUN + 1))

    assert [f.operation_type for f in all_of(CreditsCommitted, said)] == ["content_generation"] * 2
    assert {alert.kind for alert in all_of(AlertRaised, said)} >= {"credits.unauthorised"}


def test_an_operation_that_was_authorised_by_itself_needs_no_run() -> None:
    desk = desk_with(200)
    assert refused(desk.tell(run_requested())).code == "run.credits.insufficient"
    assert authorised(desk.tell(requested(1, **OF_THE_RUN))).held == 60

    said = desk.tell(completed(1))

    assert "credits.unauthorised" not in {alert.kind for alert in all_of(AlertRaised, said)}
