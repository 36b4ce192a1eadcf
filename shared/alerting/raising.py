"""How an alert is made: what it says, and the mark at which it is raised once."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from shared.contracts.operating import AlertKind, AlertRaised, Audience, Service, Severity


class Words(NamedTuple):
    """What an alert says: about what, in which words, with which numbers."""

    about: str
    title: str
    message: str
    data: dict[str, str | int | None]


class Mark(NamedTuple):
    """What is raised once: for whom, how urgent, and at which share where its kind has any."""

    kind: AlertKind
    severity: Severity
    audience: Audience = "ops"
    threshold: int | None = None


class Raising(Protocol):
    """The book of a service, at whose moment an alert is raised."""

    at: str
    window: str
    ids: Iterator[str]


def alert(book: Raising, source: Service, account_id: str, mark: Mark, words: Words) -> AlertRaised:
    """One alert a mark: (account, kind, subject, window, threshold)."""
    return AlertRaised(
        account_id=account_id,
        alert_id=next(book.ids),
        source=source,
        audience=mark.audience,
        kind=mark.kind,
        severity=mark.severity,
        about=words.about,
        title=words.title,
        message=words.message,
        data=words.data,
        window=book.window,
        created_at=book.at,
        threshold=mark.threshold,
    )
