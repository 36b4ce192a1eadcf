"""What is said of automation runs: their replies and facts, with the numbers after them."""

from typing import NamedTuple

import msgspec

from services.credits.after import after
from services.credits.book import Account, Book, Run, Stage
from shared.contracts.credits import (
    ApprovedRun,
    ClosedStage,
    CreditsExpired,
    CreditsReleased,
    CreditsReserved,
    RunApproved,
    RunClosed,
    RunReplied,
    RunRequested,
    StageCharged,
)
from shared.contracts.errors import Error, StageEstimate
from shared.contracts.moments import in_milliseconds


class StageSum(NamedTuple):
    """What the operations that one report names were charged; those charged before are not."""

    credits: int
    operations: int
    shortfall: int


def first_answer(run: Run, *, replayed: bool = False) -> RunReplied:
    """Say what was decided when the run was requested; the row remembers all of it."""
    error = None if run.refusal is None else msgspec.json.decode(run.refusal, type=Error)
    return RunReplied(
        account_id=run.account_id,
        command=RunRequested.topic,
        id=run.run_id,
        status="ok" if error is None else "error",
        data=approved_run(run) if error is None else None,
        error=error,
        replayed=replayed,
    )


def approved_run(run: Run) -> ApprovedRun:
    """The numbers of the decision; nothing that happened since has changed them."""
    return ApprovedRun(
        run_id=run.run_id,
        reservation_id=run.reservation_id,
        estimated=run.estimated,
        held=run.held,
        available_after=run.available_after,
        expires_at=in_milliseconds(run.first_expiry),
        price_version=run.price_version,
        per_stage=[estimate(stage) for stage in run.stages],
    )


def estimate(stage: Stage) -> StageEstimate:
    return StageEstimate(
        stage=stage.stage,
        operation_type=stage.operation_type,
        count=stage.count,
        estimated=stage.estimated,
    )


def reserved(book: Book, account: Account, run: Run) -> CreditsReserved:
    return CreditsReserved(
        **after(book, account),
        run_id=run.run_id,
        reservation_id=run.reservation_id,
        kind="run",
        estimated=run.estimated,
        held=run.held,
        expires_at=in_milliseconds(run.expires_at),
        price_version=run.price_version,
    )


def approved(run: Run) -> RunApproved:
    return RunApproved(
        account_id=run.account_id,
        run_id=run.run_id,
        reservation_id=run.reservation_id,
        estimated=run.estimated,
        held=run.held,
        expires_at=in_milliseconds(run.expires_at),
    )


def released(book: Book, account: Account, run: Run) -> CreditsReleased:
    return CreditsReleased(
        **after(book, account),
        run_id=run.run_id,
        reservation_id=run.reservation_id,
        kind="run",
        released=run.released,
        reason="run_closed",
    )


def expired(book: Book, account: Account, run: Run) -> CreditsExpired:
    return CreditsExpired(
        **after(book, account),
        run_id=run.run_id,
        reservation_id=run.reservation_id,
        kind="run",
        released=run.released,
        expires_at=in_milliseconds(run.expires_at),
    )


def closed(run: Run) -> RunClosed:
    assert run.state in ("completed", "stopped", "expired"), "the others have not ended"
    return RunClosed(
        account_id=run.account_id,
        run_id=run.run_id,
        state=run.state,
        reason=run.reason,
        estimated=run.estimated,
        charged=run.charged,
        released=run.released,
        shortfall=run.shortfall,
        stages=[closed_stage(stage) for stage in run.stages],
    )


def closed_stage(stage: Stage) -> ClosedStage:
    assert stage.state in ("done", "failed", "skipped"), "a stage ends with its run at the latest"
    return ClosedStage(
        stage=stage.stage,
        operation_type=stage.operation_type,
        state=stage.state,
        estimated=stage.estimated,
        charged=stage.charged,
        items=stage.items,
    )


def stage_charged(
    account: Account, run_id: str, stage: int, done: StageSum, run_remaining: int
) -> StageCharged:
    return StageCharged(
        account_id=account.account_id,
        run_id=run_id,
        stage=stage,
        credits=done.credits,
        operations=done.operations,
        shortfall=done.shortfall,
        run_remaining=run_remaining,
    )
