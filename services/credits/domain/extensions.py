"""A hold may live longer: counted from its start, never shorter, the same twice is one."""

from datetime import timedelta

from services.credits import outcomes, refusals, run_outcomes
from services.credits.book import Book, Change
from services.credits.domain.asked import Asked
from shared.contracts.credits import ExtensionRequested
from shared.contracts.errors import not_found
from shared.contracts.message import Message


def extend(book: Book, request: ExtensionRequested, _: Asked) -> list[Message]:
    """Let the hold of an operation or of a run live longer."""
    if request.operation_id is None:
        return [extend_run(book, request)]
    return [extend_operation(book, request)]


def extend_operation(book: Book, request: ExtensionRequested) -> Message:
    known = book.operations.get((request.account_id, request.operation_id or ""))
    if known is None or known.requested_at is None:
        return outcomes.rejected(request, not_found("operation"))
    until = known.requested_at + timedelta(seconds=request.extend_s)
    is_repeat = until == known.expires_at != known.first_expiry
    if known.state != "held" and not is_repeat:
        return outcomes.rejected(request, refusals.closed(known.state))
    if until > known.expires_at:
        known.expires_at = until
        known.touch(Change.EXTENDED)
    return outcomes.extended(request, known, replayed=is_repeat)


def extend_run(book: Book, request: ExtensionRequested) -> Message:
    """Every report of a stage renews a run's life as well: so the extension is kept apart."""
    run = book.runs.get((request.account_id, request.run_id or ""))
    if run is None or run.requested_at is None:
        return outcomes.rejected(request, not_found("run"))
    until = run.requested_at + timedelta(seconds=request.extend_s)
    if until == run.extended_until:
        return run_outcomes.extended(request, run, until, replayed=True)
    if not run.is_open:
        return outcomes.rejected(request, refusals.closed_run(run.state))
    if until > run.expires_at:
        run.expires_at = run.extended_until = until
        run.is_changed = True
    return run_outcomes.extended(request, run, run.expires_at)
