"""A run ends once: what is left of its hold is free, and its stages are what they came to."""

from dataclasses import dataclass

from services.credits import run_outcomes
from services.credits.book import Account, Book, Run, RunState, Stage
from shared.asked import Asked
from shared.contracts.credits import RunCompleted
from shared.contracts.message import Message


@dataclass(frozen=True, slots=True)
class RunDue:
    """What the sweep says: nobody may have reported on this run for too long."""

    account_id: str
    run_id: str

    @property
    def subject(self) -> str:
        return self.run_id


def complete_run(book: Book, report: RunCompleted, _: Asked) -> list[Message]:
    """All is done; open operations of the run keep their own holds until they end."""
    return end(book, report.account_id, report.run_id, "completed", None)


def expire_run(book: Book, due: RunDue, _: Asked) -> list[Message]:
    """Free the hold of a run of which nobody heard in time, unless somebody just did."""
    run = book.runs[due.account_id, due.run_id]
    if not run.is_open or run.expires_at > book.now:
        return []
    account = book.accounts[due.account_id]
    close(book, account, run, "expired", None)
    return [run_outcomes.expired(book, account, run), run_outcomes.closed(run)]


def end(
    book: Book, account_id: str, run_id: str, state: RunState, reason: str | None
) -> list[Message]:
    """Close a run that is open; one that nobody asked for yet is remembered."""
    account, run = book.accounts[account_id], book.runs.get((account_id, run_id))
    if run is None:
        unheard = book.hear_of_run(account, run_id, state)
        unheard.closed_at, unheard.reason = book.now, reason
        return []
    if not run.is_open:
        return []
    close(book, account, run, state, reason)
    return [run_outcomes.released(book, account, run), run_outcomes.closed(run)]


def close(book: Book, account: Account, run: Run, state: RunState, reason: str | None) -> None:
    """Give back whatever the run still holds, and end each of its stages."""
    run.released, run.remaining = run.remaining, 0
    account.held -= run.released
    account.version += 1
    run.state, run.closed_at, run.reason, run.is_changed = state, book.now, reason, True
    for stage in run.stages:
        end_stage(stage, state)


def end_stage(stage: Stage, state: RunState) -> None:
    """What was begun is done when the run is, and else has failed; what was not is skipped."""
    if stage.state == "pending":
        stage.state = "skipped"
    elif stage.state == "running":
        stage.state = "done" if state == "completed" else "failed"
