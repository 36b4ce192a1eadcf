"""A request row: one command under way, its attempts, and the addresses that wait for its reply."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from shared.contracts.message import Command

State: TypeAlias = Literal["waiting", "answered", "abandoned"]
# An account, a command's topic and its natural key: what makes it idempotent for ever.
Key: TypeAlias = tuple[str, str, str]
# An account, and the id under which an answer to one attempt of a command of its comes back.
Ticket: TypeAlias = tuple[str, str]

MOST_ADDRESSES = 8


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who waits for the final reply, and by what he will know it."""

    correlation_id: str
    causation_id: str
    reply_to: str | None = None
    reply_partition: int | None = None
    traceparent: str | None = None

    def is_the_same_as(self, other: "Address") -> bool:
        """Whether one reply reaches both: a command that was sent twice has one sender."""
        return (self.correlation_id, self.reply_to, self.reply_partition) == (
            other.correlation_id,
            other.reply_to,
            other.reply_partition,
        )


@dataclass(slots=True)
class RequestRow:
    """What was asked, how far it is, and by when an answer must be there."""

    lane: int
    account_id: str
    topic: str
    natural_key: str
    content: bytes
    state: State
    step: str  # In the service's own words: holding, running, asking.
    attempt: int
    ticket: str  # What comes back names it: the attempt that it belongs to.
    deadline: datetime
    created_at: datetime
    addresses: list[Address] = field(default_factory=list)
    outcome: bytes | None = None
    is_changed: bool = False

    @property
    def key(self) -> Key:
        return self.account_id, self.topic, self.natural_key


@dataclass(slots=True)
class Requests:
    """The rows that a batch is about, locked, at the batch's moment."""

    now: datetime
    commands: Mapping[str, type[Command]]
    rows: dict[Key, RequestRow]
    tickets: dict[Ticket, RequestRow]

    @classmethod
    def of(
        cls, now: datetime, commands: Iterable[type[Command]], rows: Iterable[RequestRow]
    ) -> "Requests":
        """`commands` are all that take more than one step in a service."""
        requests = cls(now, {command.topic: command for command in commands}, {}, {})
        for row in rows:
            requests.rows[row.key] = requests.tickets[row.account_id, row.ticket] = row
        return requests

    @property
    def changed(self) -> list[RequestRow]:
        return [row for row in self.rows.values() if row.is_changed]

    def command_of(self, row: RequestRow) -> Command:
        """What was asked, for whoever takes a later step."""
        return msgspec.json.decode(row.content, type=self.commands[row.topic])

    def waiting_for(self, account_id: str, ticket: str) -> RequestRow | None:
        """The row whose attempt under way has this ticket.

        None: it was abandoned, or answered. What came back is of no use any more, and whatever it
        holds is to be released.
        """
        row = self.tickets.get((account_id, ticket))
        is_under_way = row is not None and (row.state, row.ticket) == ("waiting", ticket)
        return row if is_under_way else None


def ticket_of(natural_key: str, attempt: int) -> str:
    """uuid5(natural key, attempt): an attempt that is begun twice asks under the same id."""
    try:
        namespace = UUID(natural_key)
    except ValueError:  # An idempotency key may be any text.
        namespace = uuid5(NAMESPACE_URL, natural_key)
    return str(uuid5(namespace, str(attempt)))
