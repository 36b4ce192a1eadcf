"""S10: an automation run as others see it: one request, reports of its stages, one end."""

from collections.abc import Mapping

from deploy.local import worker
from deploy.local.programs import Program
from shared.contracts.credits import (
    ApprovedRun,
    CreditsCommitted,
    CreditsExpired,
    CreditsGranted,
    CreditsReleased,
    CreditsReserved,
    ExtensionReplied,
    Outcome,
    RunApproved,
    RunClosed,
    RunReplied,
    StageCharged,
    StageCompleted,
    UsageRecorded,
)
from shared.contracts.credits.answers import Insights, Run
from shared.contracts.credits.queries import AskInsights, AskRun
from shared.contracts.operating import AskOutcome
from tests import making
from tests.journeys.traveller import Traveller
from tests.making import images, uuid
from tests.running import (
    RUN,
    S10,
    done,
    run_cancelled,
    run_completed,
    run_extension,
    run_requested,
    stage_done,
    stage_failed,
)

LATER = {"CLOCK_OFFSET": "15000"}  # Seconds: past the four hours of a run.


async def funded(traveller: Traveller, credits: int) -> None:
    await traveller.tell(making.paid(credits, traveller.account))
    await traveller.ears.hear(CreditsGranted)


async def asked(traveller: Traveller) -> RunReplied:
    reply = await traveller.client.request(run_requested(*S10, account=traveller.account))
    assert isinstance(reply, RunReplied)
    return reply


async def approved(traveller: Traveller) -> ApprovedRun:
    reply = await asked(traveller)
    assert reply.data is not None, reply.error
    return reply.data


async def the_run(traveller: Traveller) -> Run:
    reply = await traveller.client.ask(AskRun(run_id=uuid(RUN)), traveller.account)
    assert isinstance(reply.data, Run), reply.error
    return reply.data


def stages(account: str) -> list[StageCompleted]:
    """Five stages of 12, 14, 263, 71 and 15 credits."""
    articles = [done(number, credits) for number, credits in enumerate([50, 51, 52, 53, 57], 10)]
    prompts = [done(number, credits) for number, credits in enumerate([14, 14, 14, 14, 15], 20)]
    pictures = done(30, model_used=None, tokens_output=None, images=images(basic=15))
    return [
        stage_done(1, done(1, tokens_output=12 * 150), account=account),
        stage_done(2, done(2, tokens_output=14 * 200), account=account),
        stage_done(3, *articles, account=account),
        stage_done(4, *prompts, account=account),
        stage_done(5, pictures, account=account),
    ]


async def test_s10_a_run_is_held_once_and_settled_in_five_steps(traveller: Traveller) -> None:
    account = traveller.account
    await funded(traveller, 1_000)

    data = await approved(traveller)
    assert (data.estimated, data.held, data.available_after) == (370, 444, 556)
    assert [stage.estimated for stage in data.per_stage] == [10, 15, 250, 80, 15]
    (reserved,) = await traveller.ears.hear(CreditsReserved)
    assert (reserved.kind, reserved.held) == ("run", 444)
    await traveller.ears.hear(RunApproved)

    for number, report in enumerate(stages(account), 1):
        await traveller.tell(report, report)
        await traveller.ears.hear(StageCharged, number)
    assert (await the_run(traveller)).state == "running"
    await traveller.tell(run_completed(account=account), run_completed(account=account))
    (closed,) = await traveller.ears.hear(RunClosed)
    (released,) = await traveller.ears.hear(CreditsReleased)
    usage = await traveller.ears.hear(UsageRecorded, 13)
    await traveller.ears.silence()

    charged = traveller.ears.of(StageCharged)
    assert [fact.credits for fact in charged] == [12, 14, 263, 71, 15]
    assert (closed.state, closed.charged, closed.released) == ("completed", 375, 69)
    assert [stage.charged for stage in closed.stages] == [12, 14, 263, 71, 15]
    assert (released.released, released.reason, released.run_id) == (69, "run_closed", uuid(RUN))
    assert sum(row.credits_used for row in usage) == 375
    assert {(row.source, row.run_id) for row in usage} == {("automation", uuid(RUN))}
    standing = await traveller.balance()
    assert (standing.credits, standing.held) == (625, 0)
    assert len(traveller.ears.of(RunClosed)) == 1
    run = await the_run(traveller)
    assert (run.state, run.charged, run.released, run.held) == ("completed", 375, 69, 444)
    reply = await traveller.client.ask(AskInsights(dimension="automation"), account)
    assert isinstance(reply.data, Insights), reply.error
    assert {row.key: row.credits for row in reply.data.rows if row.credits} == {"automation": 375}


async def test_s10_a_run_that_is_too_much_names_the_stages_that_fit(traveller: Traveller) -> None:
    await funded(traveller, 300)

    first, again = await asked(traveller), await asked(traveller)

    assert first.error is not None
    assert (first.error.code, first.error.required) == ("run.credits.insufficient", 370)
    assert (first.error.available, first.error.fitting_stages) == (300, [1, 2, 3])
    assert (again.error, again.replayed) == (first.error, True)
    assert (await traveller.balance()).held == 0
    question = AskOutcome(topic="automation.run.requested", id=uuid(RUN))
    known = (await traveller.client.ask(question, traveller.account)).data
    assert isinstance(known, Outcome)
    assert known.known
    assert known.reply is not None
    assert known.reply.status == "error"


async def test_s10_a_failed_stage_stops_the_run_and_what_was_done_is_charged(
    traveller: Traveller,
) -> None:
    account = traveller.account
    await funded(traveller, 1_000)
    await approved(traveller)
    clusters, ideas, *_ = stages(account)
    await traveller.tell(clusters, ideas)
    await traveller.ears.hear(StageCharged, 2)

    await traveller.tell(stage_failed(3, done(10, 55), done(11, 49), account=account))
    (closed,) = await traveller.ears.hear(RunClosed)
    assert (closed.state, closed.charged, closed.released) == ("stopped", 130, 314)
    states = [stage.state for stage in closed.stages]
    assert states == ["done", "done", "failed", "skipped", "skipped"]
    assert (await traveller.balance()).credits == 870

    await traveller.tell(making.completed(12, account, run_id=uuid(RUN), stage=3))
    *_, late = await traveller.ears.hear(CreditsCommitted, 5)
    assert (late.late, late.charged, late.run_id) == (True, 47, uuid(RUN))
    assert (await traveller.balance()).credits == 823


async def test_s10_nothing_is_held_twice_for_an_operation_of_a_run(traveller: Traveller) -> None:
    account = traveller.account
    await funded(traveller, 1_000)
    await approved(traveller)

    child = making.requested(10, account, run_id=uuid(RUN), stage=3, source="automation")
    reply = await traveller.ask(child)
    assert reply.data is not None
    assert (reply.data.held, reply.data.available_after) == (60, 556)
    assert (await traveller.balance()).held == 444

    await traveller.tell(run_cancelled(account=account))
    (closed,) = await traveller.ears.hear(RunClosed)
    assert (closed.released, (await traveller.balance()).held) == (384, 60)
    await traveller.tell(making.completed(10, account))
    (fact,) = await traveller.ears.hear(CreditsCommitted)
    assert (fact.charged, fact.released, fact.late) == (47, 13, False)


async def test_s10_a_run_of_which_nobody_hears_expires(
    traveller: Traveller, credits_worker: Program, environment: Mapping[str, str]
) -> None:
    account = traveller.account
    await funded(traveller, 1_000)
    await approved(traveller)
    again = await traveller.client.request(run_extension(14_700, account=account))
    assert isinstance(again, ExtensionReplied)
    assert again.data is not None
    assert again.data.run_id == uuid(RUN)

    credits_worker.stop()
    try:
        with worker.running("credits", {**environment, **LATER}):
            (expired,) = await traveller.ears.hear(CreditsExpired)
            (closed,) = await traveller.ears.hear(RunClosed)
            clusters, *_ = stages(account)
            await traveller.tell(clusters)
            (late,) = await traveller.ears.hear(CreditsCommitted)
    finally:
        credits_worker.start()
        credits_worker.wait_until_ready()

    assert (expired.kind, expired.released, closed.state) == ("run", 444, "expired")
    assert (late.late, late.charged) == (True, 12)
    assert (await the_run(traveller)).state == "expired"
