"""A hold may live longer: counted from its start, never shorter, the same twice is one."""

from datetime import datetime, timedelta

from services.credits import outcomes, refusals
from services.credits.book import Book, Change, Extension
from shared.asked import Asked
from shared.contracts.credits import ExtensionRequested
from shared.contracts.errors import Error, not_found
from shared.contracts.message import Message


def extend(book: Book, request: ExtensionRequested, _: Asked) -> list[Message]:
    """Let the hold of an operation or of a run live longer."""
    key = (request.account_id, request.subject, request.extend_s)
    if (given := book.extensions.get(key)) is not None:
        return [outcomes.extended(given, replayed=True)]
    is_run = request.operation_id is None
    until = extended_run(book, request) if is_run else extended_operation(book, request)
    if isinstance(until, Error):
        return [request.refused(until)]
    new = Extension(
        book.accounts[request.account_id].lane,
        request.subject,
        request.account_id,
        "run" if is_run else "operation",
        request.extend_s,
        until,
        book.now,
    )
    book.extensions[key] = new
    book.new_extensions.append(new)
    return [outcomes.extended(new, replayed=False)]


def extended_operation(book: Book, request: ExtensionRequested) -> datetime | Error:
    known = book.operations.get((request.account_id, request.subject))
    if known is None or known.requested_at is None:
        return not_found("operation")
    if known.state != "held":
        return refusals.closed(known.state)
    until = known.requested_at + timedelta(seconds=request.extend_s)
    if until > known.expires_at:
        known.expires_at = until
        known.touch(Change.EXTENDED)
    return known.expires_at


def extended_run(book: Book, request: ExtensionRequested) -> datetime | Error:
    """Every report of a stage renews a run's life as well."""
    run = book.runs.get((request.account_id, request.subject))
    if run is None or run.requested_at is None:
        return not_found("run")
    if not run.is_open:
        return refusals.closed_run(run.state)
    until = run.requested_at + timedelta(seconds=request.extend_s)
    if until > run.expires_at:
        run.expires_at, run.is_changed = until, True
    return run.expires_at
