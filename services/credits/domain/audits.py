"""What a person changes by hand is written down: who, what, before and after."""

from services.credits.book import Book
from services.credits.domain.asked import Asked
from shared.contracts.message import Message
from shared.contracts.operating import AuditActor, AuditObject, AuditRecorded
from shared.contracts.types import JsonObject


def audited(
    book: Book,
    said: Message,
    asked: Asked,
    about: AuditObject,
    before: JsonObject | None,
    after: JsonObject | None,
) -> AuditRecorded:
    """Keep a record with the change, to be said to everybody after its other facts.

    `before` is None where nothing was there, `after` where nothing is left.
    """
    record = AuditRecorded(
        audit_id=next(book.ids),
        account_id=said.account_id,
        actor=actor_of(asked),
        action=said.topic,
        object=about,
        before=before,
        after=after,
        correlation_id=asked.correlation_id,
        at=book.at,
    )
    book.audits.append(record)
    return record


def actor_of(asked: Asked) -> AuditActor:
    if asked.role is None:
        return AuditActor(kind="service")
    return AuditActor(kind="user", user_id=asked.user_id, role=asked.role)
