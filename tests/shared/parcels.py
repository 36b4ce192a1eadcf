"""A command of more than one step, made up for tests: the scales answer some time later."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from shared import steps
from shared.contracts.errors import Error, ErrorCode
from shared.contracts.message import Command, Event, Part, Reply
from shared.contracts.operating import StoredReply
from shared.contracts.types import Uuid
from shared.steps import Address, DeadlineDue, Final, RequestRow, Requests
from tests.making import ANN, uuid

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SECONDS = 10


class Weight(Part, frozen=True, kw_only=True):
    """What the scales said."""

    grams: int


class WeighReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "parcel.weigh.replied"

    data: Weight | None = None


class WeighRequested(Command, frozen=True, kw_only=True):
    """Asks what a parcel weighs; nobody knows before it was on the scales."""

    topic: ClassVar[str] = "parcel.weigh.requested"
    answer: ClassVar[type[Reply]] = WeighReplied
    natural_key: ClassVar[str] = "parcel_id"

    parcel_id: Uuid
    label: str = ""

    @property
    def subject(self) -> str:
        return self.parcel_id


class ScalesAsked(Event, frozen=True, kw_only=True):
    """What the first step sends; the scales answer under the same ticket."""

    topic: ClassVar[str] = "scales.asked"

    ticket: Uuid

    @property
    def subject(self) -> str:
        return self.ticket


class ScalesSaid(ScalesAsked, frozen=True, kw_only=True):
    topic: ClassVar[str] = "scales.said"

    grams: int | None = None  # None: there is no such parcel.
    is_broken: bool = False


def weigh(number: int, account: str = ANN, label: str = "") -> WeighRequested:
    return WeighRequested(account_id=account, parcel_id=uuid(number), label=label)


def asker(name: str) -> Address:
    return Address(correlation_id=name, causation_id=name)


@dataclass
class Office:
    """Weighs parcels by the rules alone; its rows are kept in memory."""

    now: datetime = NOW
    requests: Requests = field(init=False)

    def __post_init__(self) -> None:
        self.requests = Requests.of(self.now, [WeighRequested], [])

    def asks(self, command: WeighRequested, name: str) -> RequestRow | Reply | None:
        return steps.begin(self.requests, command, asker(name), "asking", SECONDS)

    def says(self, row: RequestRow, said: StoredReply) -> list[Final]:
        return steps.finish(self.requests, row, "done", said)

    def waits(self, seconds: float) -> None:
        self.requests.now += timedelta(seconds=seconds)

    def sweeps(self, row: RequestRow) -> list[Final]:
        return steps.expire(self.requests, DeadlineDue(*row.key))

    def begins(self, command: WeighRequested, name: str) -> RequestRow:
        row = self.asks(command, name)
        assert isinstance(row, RequestRow)
        return row


def grams(number: int) -> StoredReply:
    return StoredReply(status="ok", data=Weight(grams=number))


def no(code: ErrorCode) -> StoredReply:
    error = Error(
        code=code,
        http_status=402,
        title="No",
        message="No.",
        retryable=False,
        suggestions=(),
        actions=(),
    )
    return StoredReply(status="error", error=error)
