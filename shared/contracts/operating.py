"""What every service says and answers: alerts, audit records, health, and stored outcomes."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta, field

from shared.contracts.access import MEMBER, Who
from shared.contracts.asking import (
    ADMIN_OR_SERVICE,
    MEMBER_OR_SERVICE,
    Page,
    Params,
    Range,
    Words,
)
from shared.contracts.errors import Error
from shared.contracts.message import Command, Event, KeyedBy, Message, Part, Reply, Request
from shared.contracts.types import (
    Code,
    Dec,
    Json,
    JsonObject,
    Role,
    Text100,
    Text200,
    Time,
    Uuid,
    Window,
)

Service: TypeAlias = Literal["credits", "limits", "invoicing", "keyword_research"]
Audience: TypeAlias = Literal["customer", "ops"]
Severity: TypeAlias = Literal["info", "warning", "error"]
HealthStatus: TypeAlias = Literal["healthy", "warning", "critical"]
AlertKind: TypeAlias = Literal[
    "credits.threshold",
    "credits.empty",
    "credits.shortfall",
    "credits.unauthorised",
    "price.missing",
    "limits.threshold",
    "limits.overage",
    "payment.failed",
    "payment.mismatch",
    "payment.unmatched",
    "payment.disputed",
    "refund.by.hand",
    "subscription.past_due",
    "subscription.canceled",
    "provider.exhausted",
    "books.drift",
]


class AlertRow(Event, frozen=True, kw_only=True):
    """Something that somebody should know, once."""

    alert_id: Uuid
    source: Service
    audience: Audience
    kind: AlertKind
    severity: Severity
    about: str = field(name="subject")
    title: str
    message: str
    data: JsonObject
    window: Window
    created_at: Time
    threshold: int | None = None

    @property
    def subject(self) -> str:
        return self.alert_id


class AlertRaised(AlertRow, frozen=True, kw_only=True):
    """An alert was raised."""

    topic: ClassVar[str] = "alert.raised"

    @property
    def mark(self) -> str:
        """What it is about, so far as it is raised once: of another limit it is raised again."""
        if self.kind == "limits.threshold":
            return f"{self.about}:{self.data['limit']}"
        return self.about


class Alert(AlertRow, frozen=True, kw_only=True):
    """An alert as it is listed."""

    read_at: Time | None = None


class AlertsRead(Part, frozen=True, kw_only=True):
    """How many of them are read now, and how many are left."""

    read: int
    missing: int
    unread_count: int


class AlertReadReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "alert.read.replied"

    data: AlertsRead | None = None


class AlertReadRequested(Command, frozen=True, kw_only=True):
    """Mark alerts as read; only the service that is named acts and answers."""

    topic: ClassVar[str] = "alert.read.requested"
    who: ClassVar[Who] = MEMBER
    answer: ClassVar[type[Reply]] = AlertReadReplied
    natural_key: ClassVar[str] = "source"

    source: Service
    alert_ids: Annotated[Sequence[Uuid], Meta(min_length=1, max_length=100)]

    @property
    def subject(self) -> str:
        return self.source


class AuditActor(Part, frozen=True, kw_only=True):
    """Who did it."""

    kind: Literal["user", "service", "ops"]
    user_id: str | None = None
    role: Role | None = None


class AuditObject(Part, frozen=True, kw_only=True):
    """What it was done to."""

    type: str
    id: str


class AuditRecorded(Message, frozen=True, kw_only=True):
    """Who changed what, before and after; never secrets, personal data only as ids."""

    topic: ClassVar[str] = "audit.recorded"

    audit_id: Uuid
    actor: AuditActor
    action: str  # The command's topic.
    object: AuditObject
    correlation_id: str
    at: Time
    account_id: Uuid | None = None
    before: JsonObject | None = None
    after: JsonObject | None = None

    @property
    def subject(self) -> str:
        return self.audit_id

    @property
    def own_key(self) -> str | None:
        return self.object.id if self.account_id is None else None


class HealthReported(Message, frozen=True, kw_only=True):
    """How a process is doing; the latest counts."""

    topic: ClassVar[str] = "service.health.reported"
    keyed_by: ClassVar[KeyedBy] = "service"

    service: Service
    instance: str
    status: HealthStatus
    lag_records: int
    oldest_age_s: int
    error_rate: Dec
    p95_ms: int
    at: Time

    @property
    def subject(self) -> str:
        return f"{self.instance}:{self.at}"


class Alerts(Part, frozen=True, kw_only=True):
    """The latest alerts, the newest first."""

    rows: Sequence[Alert]
    unread_count: int


class AskAlerts(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "alerts.list"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = Alerts

    unread: bool = False
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    audience: Audience | None = None  # Those for ops are a developer's.


class AuditRows(Part, frozen=True, kw_only=True):
    """A page of who changed what."""

    rows: Sequence[AuditRecorded]
    next_cursor: str | None = None


class AskAudit(Range, Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "audit.list"
    who: ClassVar[Who] = ADMIN_OR_SERVICE
    answer: ClassVar[type[Part]] = AuditRows
    is_for_all_accounts: ClassVar[bool] = True

    action: Words | None = None
    object_id: Text100 | None = None
    actor: Text100 | None = None
    page: Page = Page()


class Health(Part, frozen=True, kw_only=True):
    """How a service is doing, all of its processes together."""

    service: Service
    status: HealthStatus
    instances: int
    lag_records: int
    oldest_age_s: int
    error_rate: Dec
    p95_ms: int
    at: Time


class AskHealth(Params, frozen=True, kw_only=True):
    query: ClassVar[str] = "system.health"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = Health

    minutes: Annotated[int, Meta(ge=1, le=60)] = 5


def fingerprint(content: bytes) -> str:
    """By which a command, as `encode` writes it, is told from another of the same id."""
    return blake2b(content, digest_size=16).hexdigest()


class StoredReply(Part, frozen=True, kw_only=True):
    """What was answered."""

    status: Literal["ok", "partial", "error"]
    data: Json = None
    error: Error | None = None


def reply_of(
    said: StoredReply,
    command: type[Request],
    account_id: str,
    natural_key: str,
    *,
    replayed: bool = False,
) -> Reply:
    """What was answered to a command, as its reply."""
    return command.answer(
        account_id=account_id,
        command=command.topic,
        id=natural_key,
        status=said.status,
        data=said.data,
        error=said.error,
        replayed=replayed,
    )


class Outcome(Part, frozen=True, kw_only=True):
    """Whether a command is known, and the final answer it got."""

    known: bool
    state: Literal["waiting", "answered"] | None = None
    reply: StoredReply | None = None
    # Of what was asked, where it is kept: the answer to other content is no answer.
    fingerprint: str | None = None


class AskOutcome(Params, frozen=True, kw_only=True):
    """The stored reply of a command; never starts anything."""

    query: ClassVar[str] = "command.outcome"
    who: ClassVar[Who] = MEMBER_OR_SERVICE
    answer: ClassVar[type[Part]] = Outcome

    topic: Code
    id: Text200


ASKED: tuple[type[Params], ...] = (AskAlerts, AskAudit, AskHealth, AskOutcome)
