"""Runs on a real PostgreSQL: each poll acts once, and nothing is lost between two of them."""

from collections.abc import Mapping

import asyncpg
import pytest

from shared.contracts.credits import Done, RunClosed, RunReplied, StageCharged
from shared.contracts.message import Message
from tests import making
from tests.credits.handlers.asking import Ids, rows_of
from tests.credits.handlers.worker import Worker, working
from tests.making import record
from tests.running import (
    RUN,
    done,
    run_cancelled,
    run_completed,
    run_extension,
    run_requested,
    stage_done,
    stage_failed,
    stage_in_sum,
)

LATER_SECONDS = 15_000.0  # Past the four hours of a run.
ENDED = "UPDATE runs SET state = 'running', closed_at = NULL WHERE account_id = $1"
HELD_BEYOND = "UPDATE runs SET remaining = held + 1 WHERE account_id = $1"


async def tell(worker: Worker, *messages: Message) -> None:
    """A poll for each message, and each of them delivered twice."""
    for message in messages:
        twice = [record(message)]
        await worker.obey(twice)
        await worker.obey(twice)


async def funded(worker: Worker, ids: Ids, credits: int = 1_000) -> None:
    await tell(worker, making.paid(credits, ids.account, invoice=ids.number))
    worker.recorder.sent.clear()


async def run_row(worker: Worker, ids: Ids) -> Mapping[str, object]:
    row = await worker.service.database.pool_for(None).fetchrow(
        "SELECT state, held, remaining, charged, shortfall, released FROM runs"
        " WHERE account_id = $1",
        ids.account,
    )
    assert row is not None
    return dict(row)


async def standing(worker: Worker, ids: Ids) -> tuple[int, int]:
    """Balance and held."""
    row = await worker.service.database.pool_for(None).fetchrow(
        "SELECT plan_bucket + purchased_bucket, held FROM accounts WHERE account_id = $1",
        ids.account,
    )
    assert row is not None
    return row[0], row[1]


async def test_a_run_lives_from_poll_to_poll(worker: Worker, ids: Ids) -> None:
    account, n = ids
    await funded(worker, ids)
    await tell(
        worker,
        run_requested(account=account),
        making.requested(n + 1, account, run_id=making.uuid(RUN), stage=1),
        stage_done(1, done(n + 2), account=account, is_done=False),
        making.completed(n + 1, account),
        stage_done(1, done(n + 2), done(n + 3, 50), account=account),
    )
    assert await run_row(worker, ids) == {
        "state": "running",
        "held": 300,
        "remaining": 143,
        "charged": 144,
        "shortfall": 0,
        "released": 0,
    }
    assert await standing(worker, ids) == (856, 143)

    await tell(worker, run_completed(account=account))

    (closed,) = worker.recorder.messages(RunClosed)
    assert (closed.charged, closed.released, closed.stages[0].charged) == (144, 143, 144)
    assert await standing(worker, ids) == (856, 0)
    assert await rows_of(worker, ids) == [
        ("committed", 60, 47),
        ("committed", 0, 47),
        ("committed", 0, 50),
    ]


async def test_a_whole_run_in_one_poll(worker: Worker, ids: Ids) -> None:
    account, n = ids
    await funded(worker, ids)
    totals = Done(model_used="gpt-5.1", tokens_input=2_000, tokens_output=2_700)
    poll = [
        run_requested(account=account),
        stage_in_sum(1, totals, account),
        stage_failed(1, done(n + 1), account=account),
        run_cancelled(account=account),
    ]

    await worker.obey([record(message) for message in poll])

    assert (await run_row(worker, ids))["state"] == "stopped"
    assert await standing(worker, ids) == (906, 0)
    assert worker.recorder.topics().count("automation.run.closed") == 1


async def test_what_is_charged_of_one_stage_has_a_name_for_each_report(
    worker: Worker, ids: Ids
) -> None:
    account, n = ids
    await funded(worker, ids)
    pieces = [stage_done(1, done(n + i), account=account, is_done=False) for i in range(3)]

    await tell(worker, run_requested(account=account), *pieces)

    names = [one.header("ce_id") for one in worker.recorder.of(StageCharged.topic)]
    assert len(set(names)) == len(names) == 3


async def test_a_run_expires_and_is_charged_late_afterwards(
    url: str, worker: Worker, ids: Ids
) -> None:
    account, n = ids
    await funded(worker, ids)
    await tell(worker, run_requested(account=account))
    async with working(url, worker.recorder, clock_offset=LATER_SECONDS) as later:
        await later.sweep()
        await later.sweep()
    await tell(worker, stage_done(1, done(n + 1), account=account))

    told = [one.topic for one in worker.recorder.sent if one.key == account.encode()]
    assert (told.count("credits.expired"), told.count("automation.run.closed")) == (1, 1)
    assert (await run_row(worker, ids))["state"] == "expired"
    assert await rows_of(worker, ids) == [("committed_late", 0, 47)]
    assert await standing(worker, ids) == (953, 0)


async def test_an_extension_outlives_the_sweep(url: str, worker: Worker, ids: Ids) -> None:
    await funded(worker, ids)
    account = ids.account
    await tell(worker, run_requested(account=account), run_extension(86_400, account=account))
    async with working(url, worker.recorder, clock_offset=LATER_SECONDS) as later:
        await later.sweep()

    assert (await run_row(worker, ids))["state"] == "approved"


async def test_what_ended_before_it_was_requested_is_remembered(worker: Worker, ids: Ids) -> None:
    account = ids.account
    await funded(worker, ids)
    await tell(worker, run_cancelled(account=account))
    await tell(worker, run_requested(account=account))

    (reply,) = worker.recorder.messages(RunReplied)
    assert reply.error is not None
    assert (reply.error.code, reply.error.state) == ("conflict", "stopped")
    assert await standing(worker, ids) == (1_000, 0)


async def test_a_report_that_nobody_can_price_is_set_aside_whole(worker: Worker, ids: Ids) -> None:
    account, n = ids
    await funded(worker, ids)
    report = stage_done(1, done(n + 1, operation_type="clustering"), done(n + 2), account=account)

    await worker.obey([record(report)])

    (dead,) = worker.recorder.sent
    assert dead.topic == "automation.stage.completed.dlq"
    assert dead.header("dlq_reason") == b"invalid"
    assert await rows_of(worker, ids) == []


async def test_another_accounts_run_gives_nothing(worker: Worker, ids: Ids) -> None:
    account, n = ids
    stranger = making.uuid(n + 500)
    await funded(worker, ids)
    await tell(worker, run_requested(account=account))
    await tell(worker, making.paid(70, stranger, invoice=n + 501))
    strange = making.requested(n + 1, stranger, run_id=making.uuid(RUN))
    await tell(worker, strange, run_completed(account=stranger))

    assert (await run_row(worker, ids))["remaining"] == 300
    assert await standing(worker, ids) == (1_000, 300)


@pytest.mark.parametrize("change", [ENDED, HELD_BEYOND])
async def test_the_database_refuses_what_may_never_happen(
    worker: Worker, ids: Ids, change: str
) -> None:
    await funded(worker, ids)
    await tell(worker, run_requested(account=ids.account), run_completed(account=ids.account))

    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await worker.service.database.pool_for(None).execute(change, ids.account)
