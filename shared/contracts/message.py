"""What every message has in common, and the one definition it has: a msgspec struct.

From the struct come the decoder (`shared.kafka`), the field paths of what is invalid
(`shared.contracts.canonical`), the topic with its settings (`shared.contracts.topics`) and the
AsyncAPI document (`shared.contracts.asyncapi`), so no second definition exists that could differ.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self, TypeAlias

import msgspec

from shared.contracts.access import SERVICE, Who
from shared.contracts.errors import Error
from shared.contracts.types import Json, Uuid

KeyedBy: TypeAlias = Literal["account", "code", "source", "service", "event"]
Status: TypeAlias = Literal["ok", "partial", "accepted", "error"]

MAX_SUBJECT_LENGTH = 200

encode = msgspec.json.Encoder().encode


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A piece of a message; unknown fields are ignored, and what may be absent has a default."""


class Message(Part, frozen=True, kw_only=True):
    """A record's value, and what is fixed about its topic."""

    topic: ClassVar[str]
    keyed_by: ClassVar[KeyedBy] = "account"
    is_compacted: ClassVar[bool] = False
    is_kept_for_ever: ClassVar[bool] = False
    who: ClassVar[Who] = SERVICE
    # Several may have one natural key: then each is named after its cause as well.
    comes_in_parts: ClassVar[bool] = False

    @property
    def account_id(self) -> str | None:
        """Whose it is; catalogues are nobody's."""
        return None

    @property
    def subject(self) -> str:
        """The natural key: what makes a command idempotent and names what it causes."""
        return ""

    @property
    def own_key(self) -> str | None:
        """The row of a catalogue that it tells of: its key, whatever led to it."""
        return None


class Tenant(Message, frozen=True, kw_only=True):
    """What is about one account, whose id is the record's key."""

    account_id: Uuid


class Event(Tenant, frozen=True, kw_only=True):
    """Something that happened; nobody waits for an answer."""


class Request(Message, frozen=True, kw_only=True):
    """What is always answered."""

    answer: ClassVar[type["Reply"]]
    natural_key: ClassVar[str]

    @classmethod
    def subject_in(cls, said: Mapping[str, Json]) -> str:
        """The natural key in a value that is not valid as a whole; empty where there is none."""
        return text_in(said, cls.natural_key)

    @property
    def content(self) -> Self:
        """As it is compared with another of the same natural key."""
        return self

    def is_as_kept(self, kept: bytes | None) -> bool:
        """Whether this was said before: its fields are equal after defaults (`contract.md` 1).

        Mostly even the bytes are; a default that is spelt out makes them differ. What was kept
        before its fields became what they are may not be readable: then it is something else.
        """
        if kept is None or kept == encode(self):
            return kept is not None
        try:
            return msgspec.json.decode(kept, type=type(self)).content == self.content
        except msgspec.DecodeError:
            return False

    def refused(self, error: Error) -> "Reply":
        """Say no, and keep nothing."""
        return self.answer(
            account_id=self.account_id,
            command=self.topic,
            id=self.subject,
            status="error",
            error=error,
        )


def text_in(said: Mapping[str, Json], field: str) -> str:
    """A text that may name something: what is longer names nothing."""
    text = said.get(field)
    return text if isinstance(text, str) and len(text) <= MAX_SUBJECT_LENGTH else ""


class Command(Request, Tenant, frozen=True, kw_only=True):
    """A request about one account."""


class Reply(Message, frozen=True, kw_only=True):
    """The answer to a request: `data` when it is ok, `error` when it is not."""

    command: str = msgspec.field(name="topic")
    id: str
    status: Status
    account_id: Uuid | None = None
    data: Json = None
    error: Error | None = None
    replayed: bool = False

    @property
    def subject(self) -> str:
        return self.id
