"""How what we send is addressed: topic, partition, and the CloudEvents headers of the contract."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import blake2b, sha1
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from shared.access import sent_at_first
from shared.contracts.message import Message, Reply, encode
from shared.contracts.moments import in_milliseconds
from shared.contracts.replies import REPLY_TOPICS
from shared.kafka import Headers, Letter, Reason, Refused, readable
from shared.lanes import lane_of, partition_of
from shared.wire import Header, header, sized, stamped, varint

ALLOWED: dict[bytes | None, str] = {name.encode(): name for name in REPLY_TOPICS}
CORRELATION, CAUSATION = sized(b"correlation_id"), sized(b"causation_id")
TRACEPARENT, CE_ID, CE_SUBJECT = sized(b"traceparent"), sized(b"ce_id"), sized(b"ce_subject")
UUID_SIZE = varint(36)
# 32 lower-case hexadecimal digits of which neither half is all zeros, as both ids need.
IS_TRACE = re.compile(rb"(?!0{16})[0-9a-f]{16}(?!0{16})[0-9a-f]{16}").fullmatch
# ce_id, ce_subject, and the trail: correlation_id, causation_id and traceparent.
OWN_HEADERS = 5
MAX_DEAD_VALUE_BYTES = 16 * 1024 * 1024  # Half of what a topic of dead letters takes.


class Outgoing(NamedTuple):
    """One record on its way to Kafka, as its bytes will be."""

    topic: str
    partition: int
    record: bytes


@dataclass(slots=True)
class Postmark:
    """What all that one batch sends has in common, and for each topic how its headers begin."""

    source: str
    now: datetime
    partitions: int
    _begun: dict[str, bytes] = field(default_factory=dict)

    def begun(self, topic: str) -> bytes:
        """The number of headers, and those that are the same for a topic and batch."""
        known = self._begun.get(topic)
        if known is None:
            constant = (
                header("ce_specversion", b"1.0"),
                header("content-type", b"application/json"),
                header("ce_source", f"/igny8/{self.source}".encode()),
                header("ce_time", in_milliseconds(self.now).encode()),
                header("ce_type", topic.encode()),
            )
            known = varint(len(constant) + OWN_HEADERS) + b"".join(constant) + CE_ID
            self._begun[topic] = known
        return known


@dataclass(slots=True)
class Cause:
    """Whose account it is about, what led to it, and who waits for it."""

    key: bytes  # Of the account, or the code of a catalogue's row; empty where there is neither.
    partition: int
    correlation_id: bytes
    trail: bytes
    reply_to: str | None = None
    reply_partition: int | None = None


def cause(letter: Letter, account_id: str | None, subject: str, partitions: int) -> Cause:
    """Read from a letter's headers what the headers of its answers must say."""
    record, headers = letter.record, letter.headers
    place = f"{record.topic}:{record.partition}:{record.offset}".encode()
    # Not where the record was: it may have been astray.
    if account_id is None:
        key, home = place_in_a_catalogue(letter, subject, partitions)
    else:
        key, home = account_id.encode(), lane_of(account_id) % partitions
    if not headers:
        named = subject.encode() or place
        return Cause(key, home, named, trail_of(named, place, None))
    named = readable(headers.get("correlation_id")) or subject.encode() or place
    caused_by = readable(headers.get("ce_id")) or place
    return Cause(
        key,
        home,
        named,
        trail_of(named, caused_by, headers.get("traceparent")),
        ALLOWED.get(headers.get("reply_to")),
        within(headers.get("reply_partition"), partitions),
    )


def place_in_a_catalogue(letter: Letter, subject: str, partitions: int) -> tuple[bytes, int]:
    """The code of a row is the key of all that is said of it; what is of nobody else has none."""
    content = letter.content
    about = content.command if isinstance(content, Refused) else type(content)
    if not subject or getattr(about, "keyed_by", None) != "code":
        return b"", letter.record.partition
    key = subject.encode()
    return key, partition_of(key, partitions)


def cause_of_itself(account_id: str, subject: str, partition: int) -> Cause:
    """Of what nobody asked for: a hold that is due follows from itself."""
    named = subject.encode()
    return Cause(account_id.encode(), partition, named, trail_of(named, named, None))


def trail_of(correlation_id: bytes, causation_id: bytes, traceparent: bytes | None) -> bytes:
    """Carry on the identifiers by which a request is followed through the system."""
    trail = b"".join((CORRELATION, sized(correlation_id), CAUSATION, sized(causation_id)))
    carried = readable(traceparent) if traceparent else None
    return trail + TRACEPARENT + sized(carried or trace_of(correlation_id))


def trace_of(correlation_id: bytes) -> bytes:
    """A W3C trace context for what came without one: all that one request leads to is one trace.

    A UUID is a trace id as it stands; anything else is hashed. Nobody sampled it (flags 00).
    """
    trace = correlation_id.replace(b"-", b"").lower()
    if not IS_TRACE(trace):
        trace = blake2b(correlation_id, digest_size=16).hexdigest().encode()
    return b"00-%b-%b-00" % (trace, trace[16:])


def within(value: bytes | None, partitions: int) -> int | None:
    """A partition that exists, as text; anything else is as if absent."""
    if value is not None and value.isdigit() and len(value) < len(b"1000000"):
        return int(value) if int(value) < partitions else None
    return None


def names_an_unknown_topic(headers: Headers) -> bool:
    """Whether a sender wants its answer where we do not write."""
    asked = headers.get("reply_to")
    return asked is not None and asked not in ALLOWED


def announce(message: Message, cause: Cause, postmark: Postmark) -> Outgoing:
    """Address a fact to everyone, or a reply to whoever asked."""
    topic, partition, subject = message.topic, cause.partition, message.subject.encode()
    key, own_key, begun = cause.key, message.own_key, postmark.begun(topic)
    if own_key is not None:
        key = own_key.encode()
        partition = partition_of(key, postmark.partitions)
    if isinstance(message, Reply):
        identity = stable_id(topic, cause.correlation_id)
        if cause.reply_to:
            topic = cause.reply_to
            partition = partition if cause.reply_partition is None else cause.reply_partition
    elif message.comes_in_parts:
        identity = stable_id(topic, key + b":" + subject + cause.trail)
    else:
        identity = stable_id(topic, key + b":" + subject)
    value = encode(message)
    record = (
        sized(key or None),
        varint(len(value)),
        value,
        begun,
        UUID_SIZE,
        identity,
        CE_SUBJECT,
        sized(subject),
        cause.trail,
    )
    return Outgoing(topic, partition, b"".join(record))


@cache
def namespace(topic: str) -> bytes:
    return uuid5(NAMESPACE_URL, topic).bytes


def stable_id(topic: str, named_after: bytes) -> bytes:
    """Name a message after its cause, so that a repeat is recognisable.

    This is `uuid5(uuid5(NAMESPACE_URL, topic), named_after)`, spelled out because it runs for every
    record sent and `uuid.UUID` takes five times as long.
    """
    digest = sha1(namespace(topic) + named_after, usedforsecurity=False).hexdigest()
    variant = VARIANTS[digest[16]]
    return (
        f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
    ).encode()


VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


# With the value less than a topic of dead letters takes; and more than comes uncompressed.
MAX_DEAD_HEADERS_BYTES = 8 * 1024 * 1024
MAX_DEAD_KEY_BYTES = 6 * 1024 * 1024


def dead_letter(letter: Letter, reason: Reason, now: datetime) -> Outgoing:
    """Send a record aside as it came, with its position and what is wrong with it."""
    record = letter.record
    position: list[Header] = [
        ("dlq_reason", reason.encode()),
        ("dlq_topic", record.topic.encode()),
        ("dlq_partition", b"%d" % record.partition),
        ("dlq_offset", b"%d" % record.offset),
        ("dlq_at", in_milliseconds(now).encode()),
        ("dlq_timestamp", b"%d" % sent_at_first(record)),
    ]
    came = [pair for pair in record.headers if not pair[0].startswith("dlq_")]
    kept = such_as_fit(came)
    key = begun_of(record.key, MAX_DEAD_KEY_BYTES)
    value = begun_of(record.value, MAX_DEAD_VALUE_BYTES)
    if (key, value, len(kept)) != (record.key, record.value, len(came)):  # It came compressed.
        position.append(("dlq_cut_from", b"%d" % len(record.value or b"")))
    headers = [header(name, content) for name, content in (*kept, *position)]
    written = stamped(key, value, headers, len(headers))
    return Outgoing(f"{record.topic}.dlq", record.partition, written)


def begun_of(content: bytes | None, most_bytes: int) -> bytes | None:
    return None if content is None else content[:most_bytes]


def such_as_fit(headers: list[Header]) -> list[Header]:
    """The first of some headers, as many as a dead letter has room for."""
    room, kept = MAX_DEAD_HEADERS_BYTES, list[Header]()
    for name, value in headers:
        room -= len(header(name, value))
        if room < 0:
            break
        kept.append((name, value))
    return kept
