"""From a letter to the address that waits, and from the last words to records."""

from collections.abc import Iterable

from shared.envelope import Cause, announce, trail_of
from shared.kafka import Letter, readable
from shared.lanes import lane_of
from shared.steps.rows import Address
from shared.steps.rules import Final
from shared.telling import Told


def address_of(letter: Letter, because: Cause) -> Address:
    """Where the final reply to a letter goes, whichever batch sends it."""
    record, headers = letter.record, letter.headers
    place = f"{record.topic}:{record.partition}:{record.offset}".encode()
    traceparent = readable(headers.get("traceparent"))
    return Address(
        correlation_id=because.correlation_id.decode(),
        causation_id=(readable(headers.get("ce_id")) or place).decode(),
        reply_to=because.reply_to,
        reply_partition=because.reply_partition,
        traceparent=None if traceparent is None else traceparent.decode(),
    )


def post(told: Told, finals: Iterable[Final]) -> None:
    """Add the last words to what a batch sends: each as if it answered the command itself."""
    for account_id, address, reply in finals:
        because = cause_at(account_id, address, told.postmark.partitions)
        told.records.append(announce(reply, because, told.postmark))


def cause_at(account_id: str, address: Address, partitions: int) -> Cause:
    traceparent = None if address.traceparent is None else address.traceparent.encode()
    named = address.correlation_id.encode()
    return Cause(
        account_id.encode(),
        lane_of(account_id) % partitions,
        named,
        trail_of(named, address.causation_id.encode(), traceparent),
        address.reply_to,
        address.reply_partition,
    )
