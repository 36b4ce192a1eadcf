"""What operators are told of: work short of credits, work after a refusal, a missing price."""

from typing import NamedTuple

from services.credits.book import Account, Book, Reservation
from shared.contracts.operating import AlertKind, AlertRaised, Severity


class Words(NamedTuple):
    """What an alert says: about what, in which words, with which numbers."""

    about: str
    title: str
    message: str
    data: dict[str, str | int | None]


def shortfall(book: Book, account: Account, work: Reservation, *, is_third: bool) -> AlertRaised:
    """The third of an account within a day is an error: somebody works on without credits."""
    words = Words(
        work.subject_id,
        "Work Done Without Enough Credits",
        f"{work.shortfall} of {work.charged + work.shortfall} credits could not be charged.",
        {"charged": work.charged, "shortfall": work.shortfall, "type": work.operation_type},
    )
    severity: Severity = "error" if is_third else "warning"
    return alert(book, account, "credits.shortfall", severity, words)


def unauthorised(book: Book, account: Account, work: Reservation) -> AlertRaised:
    """Somebody did work that was refused."""
    words = Words(
        work.subject_id,
        "Work Done After A Refusal",
        f"An operation that was refused was completed; {work.charged} credits were charged late.",
        {"charged": work.charged, "type": work.operation_type},
    )
    return alert(book, account, "credits.unauthorised", "error", words)


def price_missing(book: Book, account: Account, work: Reservation, model: str) -> AlertRaised:
    """Credits were charged, but nobody knows what the provider took."""
    words = Words(
        model,
        "A Model Has No Price",
        f"The model {model} is in no price list; its cost in USD is unknown.",
        {"model": model, "operation_id": work.subject_id},
    )
    return alert(book, account, "price.missing", "warning", words)


def alert(
    book: Book, account: Account, kind: AlertKind, severity: Severity, words: Words
) -> AlertRaised:
    """One alert a mark: (account, kind, subject, window, threshold)."""
    return AlertRaised(
        account_id=account.account_id,
        alert_id=next(book.ids),
        source="credits",
        audience="ops",
        kind=kind,
        severity=severity,
        about=words.about,
        title=words.title,
        message=words.message,
        data=words.data,
        window=book.window,
        created_at=book.at,
    )
