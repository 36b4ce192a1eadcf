"""A record that only PostgreSQL or Kafka refuses is found by halving its poll, and set aside."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import asyncpg
import structlog

from shared import metrics, offsets
from shared.envelope import dead_letter
from shared.kafka import Letter, Reason, Unreadable
from shared.outbox import Parcel
from shared.postgres import REFUSES_THE_DATA, read_clock, transaction
from shared.publisher import TooLargeError
from shared.service import Service
from shared.telling import position_of

log = structlog.get_logger(__name__)

Apply: TypeAlias = Callable[[Sequence[Letter]], Awaitable[Parcel | None]]


async def by_halves(service: Service, letters: Sequence[Letter], apply: Apply) -> None:
    """Apply a poll in one transaction; only when that is refused, in more and smaller ones."""
    try:
        parcel = await apply(letters)
    except (*REFUSES_THE_DATA, TooLargeError) as refusal:
        metrics.BISECTS.labels(service.name).inc()
        if len(letters) > 1:
            middle = len(letters) // 2
            await by_halves(service, letters[:middle], apply)
            await by_halves(service, letters[middle:], apply)
            return
        log.warning("set aside", reason=type(refusal).__name__, **position_of(letters[0]))
        reason: Reason = "too_large" if isinstance(refusal, TooLargeError) else "database"
        parcel = await set_aside(service, letters[0], reason)
    except asyncpg.DeadlockDetectedError:
        metrics.DEADLOCKS.inc()
        raise
    await service.outbox.send(parcel)


async def set_aside(service: Service, letter: Letter, reason: Reason) -> Parcel | None:
    """Move past a record, and send it to the dead letters as it came."""
    async with transaction(service.database.pool_for(None)) as tx:
        fresh = await offsets.advance(tx, service.name, [letter])
        now = await read_clock(tx, service.settings.clock_offset)
        fates = [offsets.Fate(x.record.topic, x.record.partition, "dead_lettered") for x in fresh]
        await offsets.count(tx, service.name, fates)
        metrics.DEAD_LETTERS.labels(letter.record.topic, reason).inc(len(fresh))
        letter.content = Unreadable(reason)
        return await service.outbox.add(tx, [dead_letter(x, reason, now) for x in fresh])
