"""What Kafka still holds of one operation: what was reported of it, and what everybody was told."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from aiokafka import TopicPartition as Place

from services.credits.book import Reservation
from shared.contracts.message import Reply
from shared.contracts.moments import in_milliseconds
from shared.contracts.replies import REPLY_TOPICS
from shared.contracts.services import CREDITS
from shared.contracts.topics import DEAD_LETTERS
from shared.contracts.types import JsonObject
from shared.kafka import Record, readable
from shared.retained import Retained

# Clocks of broker and database differ a little; what follows later than this is about repeats.
BEFORE, AFTER = timedelta(minutes=1), timedelta(hours=1)
# Topics whose records may name an operation; of others an equal id is another thing's.
MAY_NAME_IT = (
    *("ai.operation.", "automation.", "usage.recorded", "alert.raised"),
    *("credits.reserved", "credits.committed", "credits.released", "credits.expired"),
    "credits.shortfall.recorded",
)
OURS = b"/igny8/"


class Heard(NamedTuple):
    """A record about the operation."""

    at: str
    topic: str
    partition: int
    offset: int
    is_ours: bool  # Said by credits, not to it.
    kind: str  # What it is, wherever it lies: a reply lies in the topic of whoever asked.
    said: JsonObject

    @property
    def where(self) -> str:
        return f"{self.topic} {self.partition} {self.offset}"


class Window(NamedTuple):
    """From when to when the topics are read, by the broker's clock; None: from or to their end."""

    since: datetime | None
    until: datetime | None


def window_of(operation: Reservation, clock_offset: float) -> Window:
    """Around the life of an operation; with a clock that was moved nobody knows when that was."""
    if clock_offset:
        return Window(None, None)
    ended = operation.closed_at
    return Window(operation.created_at - BEFORE, None if ended is None else ended + AFTER)


async def listen(topics: Retained, operation: Reservation, window: Window) -> list[Heard]:
    """Every record that names it, under its account's key, in the order of time.

    What the outbox published twice, after a crash, was said once.
    """
    places = await places_of(topics, operation.lane)
    begin = await (topics.since(places, window.since) if window.since else topics.begin(places))
    end = await (topics.since(places, window.until) if window.until else topics.end(places))
    heard = dict[object, Heard]()
    for place in places:
        async for records in topics.read(place, begin[place], end[place]):
            for record in records:
                if is_about(record, operation):
                    heard.setdefault(identity_of(record), heard_in(record))
    return sorted(heard.values(), key=lambda one: (one.at, one.is_ours, one.topic, one.offset))


async def places_of(topics: Retained, lane: int) -> list[Place]:
    """The partition of the account in each topic; of replies all, for the asker chooses one."""
    said = {m.topic for m in CREDITS.obeyed if m.topic.startswith(MAY_NAME_IT)}
    told = {m.topic for m in CREDITS.announced if m.topic.startswith(MAY_NAME_IT)}
    replies = {m.topic for m in CREDITS.announced if issubclass(m, Reply)} & told
    replies |= {*REPLY_TOPICS}
    names = said | {name + DEAD_LETTERS for name in said} | told
    places = await topics.places(names | replies)
    count = 1 + max((place.partition for place in places), default=0)
    return [p for p in places if p.topic in replies or p.partition == lane % count]


def is_about(record: Record, operation: Reservation) -> bool:
    named = operation.subject_id.encode()
    return record.key == operation.account_id.encode() and named in (record.value or b"")


def identity_of(record: Record) -> object:
    """The same for a repeat of what credits said; what others say is another record each time."""
    headers = dict(record.headers)
    if (readable(headers.get("ce_source")) or b"").startswith(OURS):
        return record.topic, headers.get("ce_id"), record.value
    return record.topic, record.partition, record.offset


def heard_in(record: Record) -> Heard:
    headers = dict(record.headers)
    source = readable(headers.get("ce_source")) or b""
    is_ours = source.startswith(OURS)
    kind = (readable(headers.get("ce_type")) or b"").decode() if is_ours else record.topic
    time = (readable(headers.get("ce_time")) or b"").decode() if is_ours else ""
    return Heard(
        time or in_milliseconds(datetime.fromtimestamp(record.timestamp / 1000, UTC)),
        record.topic,
        record.partition,
        record.offset,
        is_ours,
        kind or record.topic,
        said_in(record.value or b""),
    )


def said_in(value: bytes) -> JsonObject:
    """Dead letters may hold anything."""
    try:
        said = msgspec.json.decode(value)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
