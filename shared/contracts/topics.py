"""Every topic there is, with what the broker must know about it: made from the messages."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.contracts.message import KeyedBy, Message, Reply
from shared.contracts.replies import REPLY_TOPICS
from shared.contracts.services import SERVICES, Service

LOCAL_PARTITIONS = 4  # In production 16 to 64, fixed before the first record.
DAY_MS = 24 * 60 * 60 * 1000
RETENTION_MS = 30 * DAY_MS
REPLY_RETENTION_MS = DAY_MS
FOR_EVER = -1
MAX_RECORD_BYTES = 5 * 1024 * 1024  # An import's command, with room to spare.
# A dead letter leaves uncompressed, and has more headers than the record had.
MAX_DEAD_BYTES = 32 * 1024 * 1024
DEAD_LETTERS = ".dlq"


class Topic(NamedTuple):
    """A topic as the broker makes it; -1 ms keeps for ever, None where it is compacted."""

    name: str
    key: KeyedBy
    is_compacted: bool
    retention_ms: int | None


def of(message: type[Message]) -> Topic:
    if message.is_compacted:
        return Topic(message.topic, message.keyed_by, is_compacted=True, retention_ms=None)
    kept = FOR_EVER if message.is_kept_for_ever else RETENTION_MS
    kept = REPLY_RETENTION_MS if issubclass(message, Reply) else kept
    return Topic(message.topic, message.keyed_by, is_compacted=False, retention_ms=kept)


def dead_letters_of(topic: Topic) -> Topic:
    name = topic.name + DEAD_LETTERS
    return Topic(name, topic.key, is_compacted=False, retention_ms=FOR_EVER)


def is_dead_letters(topic: Topic) -> bool:
    return topic.name.endswith(DEAD_LETTERS)


def topics_of(service: Service) -> set[Topic]:
    """What a service reads, what it writes, and the dead letters of what it reads."""
    read = {of(message) for message in service.read}
    written = {of(message) for message in service.announced}
    return read | written | {dead_letters_of(topic) for topic in read}


def reply_topics() -> set[Topic]:
    return {
        Topic(name, "account", is_compacted=False, retention_ms=REPLY_RETENTION_MS)
        for name in REPLY_TOPICS
    }


def all_topics(services: Iterable[Service]) -> tuple[Topic, ...]:
    found = reply_topics().union(*(topics_of(service) for service in services))
    return tuple(sorted(found, key=lambda topic: topic.name))


TOPICS = all_topics(SERVICES)


def most_bytes(topic: str) -> int:
    """How large a batch of records this topic takes, as we make topics."""
    return MAX_DEAD_BYTES if topic.endswith(DEAD_LETTERS) else MAX_RECORD_BYTES


def config(topic: Topic) -> dict[str, str]:
    """The broker's clock stamps every record: causes have lower timestamps than their effects."""
    settings = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(most_bytes(topic.name)),
        "cleanup.policy": "compact" if topic.is_compacted else "delete",
    }
    if topic.retention_ms is not None:
        settings["retention.ms"] = str(topic.retention_ms)
    return settings
