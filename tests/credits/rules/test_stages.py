"""What a run's work is charged: once, from the run's hold, then from what is free (P9, P16)."""

from datetime import timedelta
from uuid import UUID, uuid5

import pytest
from msgspec.structs import replace

from services.credits.domain import RunDue, Unpriced
from shared.contracts.catalogue import COST_CONFIGS
from shared.contracts.credits import (
    CreditsCommitted,
    Done,
    RunClosed,
    ShortfallRecorded,
    StageCharged,
    UsageRecorded,
)
from shared.contracts.message import Message
from tests.credits.rules.desk import charge, desk_with, repriced
from tests.credits.rules.runs import desk_with_run, numbers, the_run
from tests.hearing import all_of, only, refused, warning
from tests.making import ANN, completed, images, uuid
from tests.running import (
    RUN,
    S10,
    done,
    run_cancelled,
    run_completed,
    run_requested,
    stage_done,
    stage_failed,
    stage_in_sum,
)

CONFIGS = {row.operation_type: row for row in COST_CONFIGS}
DEARER = replace(CONFIGS["content_generation"], tokens_per_credit=80, version=2)
DUE = RunDue(ANN, uuid(RUN))
FOUR_HOURS = timedelta(seconds=14_401)


def test_each_operation_of_a_stage_is_charged_against_the_run() -> None:
    desk = desk_with_run()

    said = desk.tell(stage_done(1, done(1, 47), done(2, 60)))

    facts, stage = all_of(CreditsCommitted, said), only(StageCharged, said)
    assert [(f.charged, f.released, f.late, f.run_id, f.stage) for f in facts] == [
        (47, 0, False, uuid(RUN), 1),
        (60, 0, False, uuid(RUN), 1),
    ]
    assert (stage.credits, stage.operations, stage.shortfall, stage.run_remaining) == (
        107,
        2,
        0,
        193,
    )
    assert numbers(desk) == (893, 193, 193)


def test_its_usage_tells_run_stage_site_and_user() -> None:
    row = only(UsageRecorded, desk_with_run(site=7).tell(stage_done(1, done(1))))

    assert (row.run_id, row.stage, row.source, row.status) == (
        uuid(RUN),
        1,
        "automation",
        "success",
    )
    assert (row.site_id, row.user_id, row.operation_type) == (uuid(7), "ann", "content_generation")


def test_s10_the_whole_run_step_by_step() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested(*S10))
    costs = {1: [12], 2: [14], 3: [50, 51, 52, 53, 57], 4: [14, 14, 14, 14, 15]}
    per_credit = {1: 150, 2: 200, 3: 100, 4: 100}
    number, charged = 0, []

    for stage, credits in costs.items():
        numbered = enumerate(credits, number + 1)
        tokens = {n: c * per_credit[stage] for n, c in numbered}
        work = [done(n, tokens_output=t) for n, t in tokens.items()]
        charged.append(only(StageCharged, desk.tell(stage_done(stage, *work))).credits)
        number += len(credits)
    pictures = done(99, model_used=None, tokens_output=None, images=images(basic=15))
    charged.append(only(StageCharged, desk.tell(stage_done(5, pictures))).credits)
    closed = only(RunClosed, desk.tell(run_completed()))

    assert charged == [12, 14, 263, 71, 15]
    assert (closed.charged, closed.released, closed.shortfall) == (375, 69, 0)
    assert [(s.state, s.charged) for s in closed.stages] == [("done", c) for c in charged]
    assert closed.stages[4].items == 15
    assert numbers(desk) == (625, 0, 0)


def test_s10_what_was_done_before_a_failure_is_charged_first() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested(*S10))
    desk.tell(stage_done(1, done(1, tokens_output=12 * 150)))
    desk.tell(stage_done(2, done(2, tokens_output=14 * 200)))

    said = desk.tell(stage_failed(3, done(3, 55), done(4, 49)))

    closed = only(RunClosed, said)
    assert (closed.state, closed.reason, closed.charged) == ("stopped", "the writer gave up", 130)
    assert [s.state for s in closed.stages] == ["done", "done", "failed", "skipped", "skipped"]
    assert numbers(desk) == (870, 0, 0)
    late = charge(desk.tell(completed(5, run_id=uuid(RUN), stage=3)))
    assert (late.late, late.charged) == (True, 47)


def test_a_stage_may_be_reported_piece_by_piece() -> None:
    desk = desk_with_run()
    first = desk.tell(stage_done(1, done(1), is_done=False))
    second = desk.tell(stage_done(1, done(1), done(2), is_done=True))

    assert only(StageCharged, first).credits == only(StageCharged, second).credits == 47
    assert desk.tell(stage_done(1, done(1), done(2))) == []
    assert [s.state for s in only(RunClosed, desk.tell(run_completed())).stages] == ["done"]


def test_the_end_of_a_stage_is_told_even_where_nothing_was_charged() -> None:
    desk = desk_with_run()

    assert only(StageCharged, desk.tell(stage_done(1))).operations == 0
    assert desk.tell(stage_done(1)) == []


def test_an_operation_that_is_named_twice_is_charged_once() -> None:
    desk = desk_with_run()

    said = desk.tell(stage_done(1, done(1, 40), done(1, 90)), stage_failed(1, done(1, 70)))

    assert [fact.charged for fact in all_of(CreditsCommitted, said)] == [40]
    assert numbers(desk) == (960, 0, 0)


def test_totals_are_one_operation_and_rounded_once() -> None:
    """P10: 3 x 1,550 tokens are 46.5, and so 47, not 48."""
    desk = desk_with_run()
    totals = Done(model_used="gpt-5.1", tokens_input=3_000, tokens_output=1_650)

    fact = charge(desk.tell(stage_in_sum(1, totals)))

    assert fact.charged == 47
    assert fact.operation_id == str(uuid5(UUID(uuid(RUN)), "1"))
    assert desk.tell(stage_in_sum(1, totals)) == []


def test_what_the_run_has_no_credits_for_is_taken_from_what_is_free_and_then_short() -> None:
    desk = desk_with_run(320)

    said = desk.tell(stage_done(1, done(1, 310), done(2, 25)))

    assert [f.charged for f in all_of(CreditsCommitted, said)] == [310, 10]
    assert [f.shortfall for f in all_of(ShortfallRecorded, said)] == [15]
    assert warning(said).kind == "credits.shortfall"
    stage = only(StageCharged, said)
    assert (stage.credits, stage.shortfall, stage.run_remaining) == (320, 15, 0)
    closed = only(RunClosed, desk.tell(run_completed()))
    assert (closed.charged, closed.shortfall, closed.released) == (320, 15, 0)


def test_without_a_type_of_its_own_an_operation_has_its_stages() -> None:
    desk = desk_with(1_000)
    desk.tell(run_requested(*S10))

    said = desk.tell(stage_done(1, done(1), done(2, operation_type="idea_generation")))

    kinds = [fact.operation_type for fact in all_of(CreditsCommitted, said)]
    assert kinds == ["clustering", "idea_generation"]


def test_where_the_provider_is_silent_the_stages_own_estimate_counts() -> None:
    silent = done(1, model_used=None, tokens_input=None, tokens_output=None)

    assert charge(desk_with_run().tell(stage_done(1, silent))).charged == 50


@pytest.mark.parametrize(
    "report",
    [
        stage_done(7, done(1), done(2, operation_type="clustering")),
        stage_failed(7, done(2, operation_type="clustering"), done(1)),
        run_cancelled(done(2, operation_type="clustering"), done(1)),
        stage_done(7, done(2, operation_type="clustering"), done(1, operation_type="telepathy")),
    ],
)
def test_an_operation_without_a_price_makes_the_whole_report_a_dead_letter(report: Message) -> None:
    desk = desk_with_run()

    (said,) = desk.tell(report)

    assert isinstance(said, Unpriced)
    assert numbers(desk) == (1_000, 300, 300)
    assert desk.book.operations == {}


def test_a_report_on_a_run_that_nobody_knows_is_charged_late() -> None:
    desk = desk_with(100)

    said = desk.tell(stage_done(1, done(1, operation_type="content_generation")))

    fact, row = charge(said), only(UsageRecorded, said)
    assert (fact.late, fact.charged, row.status, row.run_id) == (True, 47, "late", uuid(RUN))
    assert only(StageCharged, said).run_remaining == 0
    assert refused(desk.tell(run_requested())).code == "run.credits.insufficient"


@pytest.mark.parametrize("end", [run_completed(), run_cancelled(), stage_failed(1), DUE])
def test_what_is_reported_after_the_end_is_charged_late(end: Message | RunDue) -> None:
    desk = desk_with_run()
    desk.end_batch(FOUR_HOURS)
    desk.tell(end)

    said = desk.tell(stage_done(1, done(1)), stage_failed(1, done(2)), run_cancelled())

    assert [(f.late, f.charged) for f in all_of(CreditsCommitted, said)] == [(True, 47)] * 2
    assert all_of(RunClosed, said) == []
    assert numbers(desk) == (906, 0, 0)
    assert the_run(desk).charged == 0


def test_work_of_a_refused_run_is_charged_late_and_operators_are_told() -> None:
    desk = desk_with(100)
    desk.tell(run_requested())

    said = desk.tell(stage_done(1, done(1, operation_type="content_generation")))

    assert charge(said).late
    assert warning(said).kind == "credits.unauthorised"


def test_a_run_is_charged_by_the_prices_of_its_hold() -> None:
    """P11: late work by those of its moment."""
    desk = desk_with_run()
    desk.reprice(repriced(DEARER))

    assert charge(desk.tell(stage_done(1, done(1)))).charged == 47
    desk.tell(run_completed())
    assert charge(desk.tell(stage_done(1, done(2)))).charged == 59
