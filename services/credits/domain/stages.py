"""Reports on a stage: the operations that they name are charged, once each, before all else."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID, uuid5

from msgspec.structs import asdict

from services.credits import run_outcomes
from services.credits.book import Book, Run, Stage
from services.credits.domain.charges import chargeable, take
from services.credits.domain.run_endings import end
from services.credits.outcomes import Unpriced
from services.credits.run_outcomes import StageSum
from shared.asked import Asked
from shared.contracts.credits import (
    CHARGED,
    Done,
    OperationCompleted,
    RunCancelled,
    StageCompleted,
    StageFailed,
    StageOperation,
)
from shared.contracts.message import Message

StageReport: TypeAlias = StageCompleted | StageFailed | RunCancelled
Said: TypeAlias = list[Message | Unpriced]


def complete_stage(book: Book, report: StageCompleted, _: Asked) -> Said:
    """Charge the work of a stage; the run lives on for as long as it was asked for."""
    work = work_in(book, report)
    if dead := unpriced(book, work):
        return [dead]
    run = book.open_run(report.account_id, report.run_id)
    is_news = run is not None and ends_its_stage(run, report)
    said, total = charge_all(book, work)
    if run is not None:
        renew(book, run, report)
    if total.operations or is_news:
        said.append(charged(book, report, report.stage, total))
    return [*said]


def fail_stage(book: Book, report: StageFailed, _: Asked) -> Said:
    """Charge what was done before, then stop the run."""
    work = work_in(book, report)
    if dead := unpriced(book, work):
        return [dead]
    said, total = charge_all(book, work)
    if total.operations:
        said.append(charged(book, report, report.stage, total))
    if (run := book.open_run(report.account_id, report.run_id)) and (
        stage := run.stage(report.stage)
    ):
        stage.state = "failed"
    return [*said, *end(book, report.account_id, report.run_id, "stopped", report.reason)]


def cancel_run(book: Book, report: RunCancelled, _: Asked) -> Said:
    """Charge what was done before, then stop the run."""
    work = work_in(book, report)
    if dead := unpriced(book, work):
        return [dead]
    said, total = charge_all(book, work)
    if total.operations and report.stage is not None:
        said.append(charged(book, report, report.stage, total))
    return [*said, *end(book, report.account_id, report.run_id, "stopped", report.reason)]


def ends_its_stage(run: Run, report: StageCompleted) -> bool:
    """Whether this report is the one that ends it, even where nothing was charged."""
    stage = run.stage(report.stage)
    return report.done and stage is not None and stage.state in ("pending", "running")


def renew(book: Book, run: Run, report: StageCompleted) -> None:
    """Every report of a stage is a sign of life; an extension is never shortened."""
    stage = run.begin(report.stage)
    if stage is not None and report.done:
        stage.state = "done"
    until = book.now + timedelta(seconds=run.said.hold_ttl_s)
    run.expires_at = max(run.expires_at, until)


def charged(book: Book, report: StageReport, stage: int, total: StageSum) -> Message:
    account = book.accounts[report.account_id]
    run = book.runs.get((report.account_id, report.run_id))
    remaining = 0 if run is None else run.remaining
    return run_outcomes.stage_charged(account, report.run_id, stage, total, remaining)


def charge_all(book: Book, work: Sequence[OperationCompleted]) -> tuple[list[Message], StageSum]:
    """Charge those that were not charged before, in their order, and sum them up."""
    said, taken = list[Message](), list[tuple[int, int]]()
    for report in work:
        operation_type = type_of(book, report)
        if operation_type is None:
            continue
        said += take(book, report, operation_type)
        row = book.operations[report.account_id, report.operation_id]
        taken.append((row.charged, row.shortfall))
    return said, StageSum(sum(c for c, _ in taken), len(taken), sum(s for _, s in taken))


def unpriced(book: Book, work: Sequence[OperationCompleted]) -> Unpriced | None:
    """One operation without a price, and the whole record is a dead letter: nothing is charged."""
    for report in work:
        if not is_charged(book, report) and type_of(book, report) is None:
            return Unpriced(report.operation_type)
    return None


def is_charged(book: Book, report: OperationCompleted) -> bool:
    known = book.operations.get((report.account_id, report.operation_id))
    return known is not None and known.state in CHARGED


def type_of(book: Book, report: OperationCompleted) -> str | None:
    """The type that counts; of what was charged before there is nothing more to price."""
    if is_charged(book, report):
        return None
    known = book.operations.get((report.account_id, report.operation_id))
    return chargeable(known, report, book.catalogue.prices.latest)


def work_in(book: Book, report: StageReport) -> list[OperationCompleted]:
    """The operations that a report names, as if each of them had been reported by itself."""
    run = book.runs.get((report.account_id, report.run_id))
    return [as_report(book, run, report, name, done) for name, done in named_in(report)]


def named_in(report: StageReport) -> Iterator[tuple[str, Done | StageOperation]]:
    """Each operation under its id; totals are one operation, priced as one (P10)."""
    for operation in report.operations or ():
        yield operation.operation_id, operation
    if isinstance(report, StageCompleted) and report.totals is not None:
        yield id_of_totals(report.run_id, report.stage), report.totals


def id_of_totals(run_id: str, stage: int) -> str:
    return str(uuid5(UUID(run_id), str(stage)))


def as_report(
    book: Book, run: Run | None, report: StageReport, operation_id: str, done: Done
) -> OperationCompleted:
    """What the run's request said of site and user counts for its operations too."""
    stage = run.stage(report.stage) if run else None
    said = run.said if run else None
    fields = asdict(done) | {
        "account_id": report.account_id,
        "operation_id": operation_id,
        "operation_type": type_in(book, done, stage),
        "source": "automation",
        "run_id": report.run_id,
        "stage": report.stage,
        "site_id": said.site_id if said else None,
        "user_id": said.user_id if said else None,
    }
    return OperationCompleted(**fields)


def type_in(book: Book, done: Done, stage: Stage | None) -> str:
    """What is said of the operation, else its stage's; an empty one has no price."""
    planned = stage.operation_type if stage else None
    known = book.catalogue.prices.latest.configs
    named = [name for name in (done.operation_type, planned) if name]
    return next((name for name in named if name in known), next(iter(named), ""))
