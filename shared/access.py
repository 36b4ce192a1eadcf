"""The one place where role, tenant and signature are checked, by the Who of each message."""

from typing import TypeAlias

from aiokafka import ConsumerRecord

from shared.actor import Actor, Verifier
from shared.contracts.access import Who
from shared.contracts.errors import Error, forbidden

Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"

ACTOR, REPLAYED_FROM = "actor", "dlq_timestamp"
MILLISECONDS = 1000
MAX_DIGITS = 20  # Of a time in milliseconds; Python refuses to read what has thousands of them.


class Gate:
    """Lets a record through with its actor, with none (a service's), or says what is forbidden."""

    def __init__(self, verifier: Verifier, clock_offset_seconds: float = 0) -> None:
        self._verifier, self._offset = verifier, clock_offset_seconds

    def admit(self, who: Who, record: Record, account_id: str | None) -> Actor | Error | None:
        """Judge the actor by the moment of sending: waiting in a queue makes nobody forbidden."""
        tokens = [value for name, value in record.headers if name == ACTOR]
        if not tokens:
            return None if who.is_service else forbidden(who.roles)
        actor = self._actor(tokens, record)
        if actor is None or actor.role not in who.roles:
            return forbidden(who.roles)
        if actor.role != "developer" and actor.account_id != account_id:
            return forbidden(who.roles)
        return actor

    def _actor(self, tokens: list[bytes | None], record: Record) -> Actor | None:
        """Two tokens are none: nobody can tell which of them was checked upstream."""
        if len(tokens) != 1 or not tokens[0]:
            return None
        return self._verifier.verified(tokens[0], sent_at(record) + self._offset)


def sent_at(record: Record) -> float:
    """When the broker took it, in Unix seconds; a dead letter that is replayed, at first."""
    return sent_at_first(record) / MILLISECONDS


def sent_at_first(record: Record) -> int:
    """The broker's timestamp, of the first time that the record was sent."""
    first = next((v for name, v in record.headers if name == REPLAYED_FROM), None)
    if first and first.isdigit() and len(first) <= MAX_DIGITS:
        return min(int(first), int(record.timestamp))
    return int(record.timestamp)
