"""On whose word something is done: a service's, or a person's, which is then written down."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from shared.contracts.message import Message
from shared.contracts.operating import AuditActor, AuditObject, AuditRecorded
from shared.contracts.types import JsonObject, Role


class Asked(NamedTuple):
    """A service's estimate counts as given; what a person does is kept with his name."""

    role: Role | None = None  # None: a service.
    user_id: str | None = None
    correlation_id: str = ""

    @property
    def is_by_a_person(self) -> bool:
        return self.role is not None

    @property
    def actor(self) -> AuditActor:
        if self.role is None:
            return AuditActor(kind="service")
        return AuditActor(kind="user", user_id=self.user_id, role=self.role)


BY_A_SERVICE = Asked()


class Audited(Protocol):
    """The book of a service in which changes by hand are written down."""

    at: str
    ids: Iterator[str]
    audits: list[AuditRecorded]


def audited(
    book: Audited,
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
        actor=asked.actor,
        action=said.topic,
        object=about,
        before=before,
        after=after,
        correlation_id=asked.correlation_id,
        at=book.at,
    )
    book.audits.append(record)
    return record
