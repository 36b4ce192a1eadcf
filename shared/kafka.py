"""How every service reads Kafka: records become letters, and an unreadable one is data."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
from aiokafka import TopicPartition as Place

from shared import breaking, fetching  # noqa: F401 - `breaking` mends every connection.
from shared.access import Gate
from shared.contracts import canonical
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.message import Message, Request
from shared.contracts.types import HEX_GROUPS, Json, Role
from shared.fetching import Misnamed
from shared.lanes import lane_of

Record: TypeAlias = fetching.Record
Headers: TypeAlias = Mapping[str, bytes | None]
Reason: TypeAlias = Literal["undecodable", "too_large", "invalid", "database"]

MAX_VALUE_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 200
NOT_ITS_KEY = "Expected the account's id as key, in the partition of its lane"
MISPLACED = [Problem(path="account_id", reason=NOT_ITS_KEY)]
NO_HEADERS: Headers = {}
IS_UUID = re.compile(HEX_GROUPS)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that nobody can be told about: it goes to the dead letters."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that is answered before any rule sees it: nothing is written, its id stays free."""

    command: type[Request]
    account_id: str | None
    id: str
    error: Error


Content: TypeAlias = Message | Refused | Unreadable


@dataclass(slots=True)
class Letter:
    """One record, what it says, and the person who says it with his role (None: a service)."""

    record: Record
    headers: Headers
    content: Content
    role: Role | None = None
    user_id: str | None = None

    @property
    def place(self) -> Place:
        return Place(self.record.topic, self.record.partition)


@dataclass(frozen=True, slots=True)
class Form:
    """How one topic is read."""

    message: type[Message]
    decode: Callable[[bytes], Message]
    most_bytes: int


class Reader:
    """Decode the topics of some message types; total, whatever the bytes are."""

    def __init__(self, types: Sequence[type[Message]], partitions: int, gate: Gate) -> None:
        self._partitions, self._gate = partitions, gate
        self._forms = {message.topic: form_of(message) for message in types}

    def read_all(self, records: Sequence[Record]) -> list[Letter]:
        """Decode record by record, so that one bad record cannot fail its neighbours."""
        return [self.read(record) for record in records]

    def read(self, record: Record) -> Letter:
        """The letter in a record, with what is wrong about it in place of what it says."""
        headers = dict(record.headers) if record.headers else NO_HEADERS
        if isinstance(record, Misnamed):
            return Letter(record, headers, Unreadable("undecodable"))
        form = self._forms[record.topic]
        if "actor" in headers or not form.message.who.is_service:
            return self._read_with_actor(record, headers, form)
        return Letter(record, headers, self._content(record, form))

    def _content(self, record: Record, form: Form) -> Content:
        value = record.value or b""
        if len(value) > form.most_bytes:
            return Unreadable("too_large")
        if value.isascii() and b"\\u" not in value and not canonical.may_be_deep(value):
            try:
                return self._in_its_lane(record, form.decode(value), form)
            except msgspec.ValidationError:
                pass  # The slow way mends what can be mended, and names the fields.
            except (ValueError, RecursionError):
                return Unreadable("undecodable")
        return self._mended(record, value, form)

    def _mended(self, record: Record, value: bytes, form: Form) -> Content:
        try:
            said = canonical.read(value)
        except (ValueError, RecursionError):
            return Unreadable("undecodable")
        converted = canonical.convert(said, form.message)
        if isinstance(converted, Message):
            return self._in_its_lane(record, converted, form)
        return refuse(form.message, said, invalid(converted))

    def _in_its_lane(self, record: Record, message: Message, form: Form) -> Content:
        """A record of an account is where the account's other records are, under its key."""
        account_id = message.account_id
        if account_id is None or (
            record.key == account_id.encode()
            and record.partition == lane_of(account_id) % self._partitions
        ):
            return message
        return refuse(form.message, named_in(message, form), invalid(MISPLACED))

    def _read_with_actor(self, record: Record, headers: Headers, form: Form) -> Letter:
        """Who asks comes before what is asked: a viewer with a typo is forbidden."""
        content = self._content(record, form)
        if isinstance(content, Unreadable):
            return Letter(record, headers, content)
        actor = self._gate.admit(form.message.who, record, content.account_id)
        if isinstance(actor, Error):
            return Letter(record, headers, refuse(form.message, named_in(content, form), actor))
        if isinstance(content, Message) and actor and hasattr(content, "user_id"):
            content = msgspec.structs.replace(content, user_id=actor.sub)
        said_by = (actor.role, actor.sub) if actor else (None, None)
        return Letter(record, headers, content, *said_by)


def form_of(message: type[Message]) -> Form:
    return Form(message, msgspec.json.Decoder(message).decode, MAX_VALUE_BYTES)


def named_in(content: Message | Refused, form: Form) -> dict[str, Json]:
    """What a refusal of it must name: the account and the natural key."""
    subject = content.id if isinstance(content, Refused) else content.subject
    natural_key = getattr(form.message, "natural_key", "")
    return {"account_id": content.account_id, natural_key: subject}


def refuse(message: type[Message], said: Json, error: Error) -> Refused | Unreadable:
    """Answer whoever asked; nobody waits for an answer to an event."""
    if not issubclass(message, Request):
        return Unreadable("invalid")
    known = said if isinstance(said, dict) else {}
    return Refused(message, account_in(known), message.subject_in(known), error)


def account_in(said: dict[str, Json]) -> str | None:
    """The account that a value names, where it is an id at all."""
    named = said.get("account_id")
    if isinstance(named, str) and IS_UUID.fullmatch(named.lower()):
        return named.lower()
    return None


def readable(value: bytes | None) -> bytes | None:
    """A header that is null or not UTF-8 is no header; nor is an empty one, or a very long one.

    We echo what we read of a header in each record that follows from it.
    """
    if value is None or len(value) > MAX_HEADER_BYTES:
        return None
    try:
        return value if value.decode() else None
    except UnicodeDecodeError:
        return None
