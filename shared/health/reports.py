"""Every 15 seconds a process writes down how it has been doing, and says so.

Telemetry, not a fact of the books: what is lost is said again, so it needs no outbox.
"""

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from shared.contracts.moments import in_milliseconds
from shared.contracts.operating import HealthReported
from shared.contracts.operating import Service as Name
from shared.envelope import Postmark, announce, cause_of_itself
from shared.health.pulse import Pulse, error_rate, p95_milliseconds, status_of
from shared.lanes import partition_of
from shared.postgres import Transaction, read_clock, transaction
from shared.publisher import packed
from shared.service import Service

REPORT_EVERY_SECONDS = 15.0
KEPT_MINUTES = 60

WRITE = """
    WITH forgotten AS (
        -- Those of the future are left from a rehearsal of it.
        DELETE FROM health WHERE at NOT BETWEEN $2::timestamptz - make_interval(mins => $8)
                                            AND $2::timestamptz + make_interval(mins => $8)
    )
    INSERT INTO health (instance, at, records, failed, lag_records, oldest_age_s, times)
    VALUES ($1, $2::timestamptz, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
NAMES: dict[str, Name] = {name: name for name in get_args(Name)}


@dataclass(frozen=True, slots=True)
class Reporter:
    """A job of one process."""

    service: Service
    instance: str

    async def report(self) -> None:
        """Write down what was counted since the last time, then tell everybody."""
        service = self.service
        async with transaction(service.database.pool_for(None)) as tx:
            now = await read_clock(tx, service.settings.clock_offset)
            counted = service.pulse.so_far()
            await self.write(tx, now, counted)
        service.pulse.forget(counted)
        said = self.said(now, counted)
        partitions = service.settings.kafka_partitions
        home = partition_of(service.name.encode(), partitions)
        because = cause_of_itself(service.name, said.subject, home)
        await service.publisher.deliver(
            packed([announce(said, because, Postmark(service.name, now, partitions))])
        )

    async def write(self, tx: Transaction, now: datetime, counted: Pulse) -> None:
        behind = self.service.behind
        await tx.execute(
            WRITE,
            self.instance,
            now,
            counted.records,
            counted.failed,
            behind.records,
            behind.oldest_age_s,
            counted.times,
            KEPT_MINUTES,
        )

    def said(self, now: datetime, counted: Pulse) -> HealthReported:
        rate, behind = error_rate(counted.records, counted.failed), self.service.behind
        return HealthReported(
            service=NAMES[self.service.name],
            instance=self.instance,
            status=status_of(rate),
            lag_records=behind.records,
            oldest_age_s=behind.oldest_age_s,
            error_rate=str(rate),
            p95_ms=p95_milliseconds(counted.times),
            at=in_milliseconds(now),
        )


def name_of_this_process(service: Service) -> str:
    """The stable name of a worker where it has one; else where it runs, and as what."""
    return service.settings.worker_id or f"{service.name}-{socket.gethostname()}-{os.getpid()}"


def report_health(service: Service) -> None:
    """Have a service report for as long as it runs."""
    reporter = Reporter(service, name_of_this_process(service))
    service.every(REPORT_EVERY_SECONDS, reporter.report)
