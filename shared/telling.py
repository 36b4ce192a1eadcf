"""From a letter to what is sent because of it: the same for every service and every rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from shared import metrics
from shared.access import sent_at
from shared.contracts.errors import Error, unavailable
from shared.contracts.message import Message, Reply, Request
from shared.envelope import (
    Cause,
    Outgoing,
    Postmark,
    announce,
    cause,
    dead_letter,
    names_an_unknown_topic,
)
from shared.kafka import Letter, Refused, Unreadable, account_in, readable
from shared.offsets import Became

MAX_TTL_MILLISECONDS = 86_400_000
MAX_DIGITS = 20  # Python refuses to read a number that has thousands of them.
MAX_LOGGED = 100  # Characters of what a sender chose.
TOO_LATE = "This was read too late to be done; nothing was done."

log = structlog.get_logger(__name__)

# What a rule gives: messages, or a word that the record belongs to the dead letters.
Said: TypeAlias = Sequence[object]
Decide: TypeAlias = Callable[[Message], Said]


@dataclass(slots=True)
class Told:
    """What a batch sends so far, and for each account the last record that changed it."""

    postmark: Postmark
    clock_offset: float = 0  # Seconds that our clock is ahead of the broker's, on purpose.
    records: list[Outgoing] = field(default_factory=list)
    causes: dict[str, Cause] = field(default_factory=dict)


def tell(told: Told, letter: Letter, now: datetime, decide: Decide) -> Became:
    """Decide one letter and add what it makes us send, in order; say what became of it."""
    content = letter.content
    if isinstance(content, Unreadable):
        return set_aside(told, letter, content, now)
    if isinstance(content, Refused):
        return refuse(told, letter, content)
    account_id = content.account_id
    because = cause(letter, account_id, content.subject, told.postmark.partitions)
    if isinstance(content, Request):
        count_reply_topic(letter)
        if is_too_late(letter, now, told.clock_offset):
            return reject(told, content, because, unavailable(TOO_LATE))
    said = decide(content)
    if account_id is not None:
        told.causes[account_id] = because
    for message in said:
        if not isinstance(message, Message):
            return set_aside(told, letter, Unreadable("invalid"), now)
        told.records.append(announce(message, because, told.postmark))
    return became(said)


def became(said: Said) -> Became:
    """Tell a repeat and a refusal by the answer; what says nothing seems to be a repeat."""
    first = said[0] if said else None
    if first is None or (isinstance(first, Reply) and first.replayed):
        return "duplicate"
    return "refused" if isinstance(first, Reply) and first.error else "applied"


def set_aside(told: Told, letter: Letter, unreadable: Unreadable, now: datetime) -> Became:
    metrics.DEAD_LETTERS.labels(letter.record.topic, unreadable.reason).inc()
    log.warning("set aside", reason=unreadable.reason, **position_of(letter))
    letter.content = unreadable  # For whoever counts how much of a partition is set aside.
    told.records.append(dead_letter(letter, unreadable.reason, now))
    return "dead_lettered"


def position_of(letter: Letter) -> dict[str, str | int | None]:
    """By which a record is found again: where it lies, whose it is, what it belongs to."""
    record, correlation_id = letter.record, readable(letter.headers.get("correlation_id"))
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "account_id": account_of(letter),
        "correlation_id": correlation_id.decode()[:MAX_LOGGED] if correlation_id else None,
    }


def account_of(letter: Letter) -> str | None:
    """Whose it is, or under whose key it came."""
    said = getattr(letter.content, "account_id", None)
    return said or account_in({"account_id": (letter.record.key or b"").decode(errors="replace")})


def refuse(told: Told, letter: Letter, refused: Refused) -> Became:
    """Tell the sender which field to mend, or who may do this."""
    count_reply_topic(letter)
    log.info("refused", code=refused.error.code, **position_of(letter))
    because = cause(letter, refused.account_id, refused.id, told.postmark.partitions)
    reply = refused.command.answer(
        account_id=refused.account_id,
        command=refused.command.topic,
        id=refused.id,
        status="error",
        error=refused.error,
    )
    told.records.append(announce(reply, because, told.postmark))
    return "invalid" if refused.error.code == "invalid" else "refused"


def reject(told: Told, command: Request, because: Cause, error: Error) -> Became:
    told.records.append(announce(command.refused(error), because, told.postmark))
    return "refused"


def is_too_late(letter: Letter, now: datetime, clock_offset: float) -> bool:
    """Whether a command with `ttl_ms` is read later than that after the broker took it at first."""
    ttl = letter.headers.get("ttl_ms")
    if ttl is None or not ttl.isdigit() or len(ttl) > MAX_DIGITS:
        return False
    if not 1 <= int(ttl) <= MAX_TTL_MILLISECONDS:
        return False
    sent = datetime.fromtimestamp(sent_at(letter.record) + clock_offset, now.tzinfo)
    return now - sent > timedelta(milliseconds=int(ttl))


def count_reply_topic(letter: Letter) -> None:
    if names_an_unknown_topic(letter.headers):
        metrics.UNKNOWN_REPLY_TOPICS.inc()
