"""What every service forgets when its time is over: months of the audit, and old alerts.

A table of a month goes as a whole, with all that lies in it; alerts go so many at once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

from shared.months import MAKERS, months_from
from shared.postgres import Pool, Transaction, transaction
from shared.settings import Settings

ALERTS_AT_ONCE = 10_000  # That one transaction forgets.
BEFORE_EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)

MONTHS = r"""
    SELECT inhparent::regclass::text, relname,
           to_date(right(relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' AS start
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass($1) AND relname ~ '_\d\d\d\d_\d\d$' ORDER BY relname
"""
OLD_ALERTS = "SELECT count(*) FROM alerts WHERE created_at < $1"
FORGET_ALERTS = """
    DELETE FROM alerts WHERE (lane, account_id, alert_id) IN (
        SELECT lane, account_id, alert_id FROM alerts WHERE created_at < $1 LIMIT $2)
"""


@dataclass(frozen=True, slots=True)
class Old:
    """Something whose time is over: the table of a month, or alerts up to a moment."""

    table: str
    name: str
    until: datetime
    rows: int
    kept_because: str | None = None  # What has to be mended before it may go.


class Month(NamedTuple):
    """A table of a month, as PostgreSQL knows it."""

    table: str
    name: str
    start: datetime

    @property
    def end(self) -> datetime:
        return months_from(self.start, 1)[1]


# Everything whose time is over, the oldest first; what must stay for now says why.
FindOld: TypeAlias = Callable[[Transaction, Settings, datetime], Awaitable[list[Old]]]


async def find_old(tx: Transaction, settings: Settings, now: datetime) -> list[Old]:
    """What no service keeps for ever."""
    return [
        *await old_audits(tx, limit(now, settings.audit_kept_days)),
        *await old_alerts(tx, limit(now, settings.alerts_kept_days), now),
    ]


def limit(now: datetime, days: int) -> datetime:
    """Before which nothing is kept; 0 days are for ever."""
    return now - timedelta(days=days) if days else BEFORE_EVERYTHING


async def old_audits(tx: Transaction, until: datetime) -> list[Old]:
    known = await months(tx, "audit", until)
    return [Old(month.table, month.name, month.end, await count(tx, month)) for month in known]


async def old_alerts(tx: Transaction, until: datetime, now: datetime) -> list[Old]:
    """Never those of this month: their marks tell that they were raised."""
    before = min(until, months_from(now, 0)[0])
    rows = await tx.fetchval(OLD_ALERTS, before)
    return [Old("alerts", "alerts", before, rows)] if rows else []


async def months(tx: Transaction, table: str, until: datetime) -> list[Month]:
    found = [Month(*row) for row in await tx.fetch(MONTHS, table)]
    return [month for month in found if month.end <= until]


async def count(tx: Transaction, month: Month) -> int:
    rows: int = await tx.fetchval(f"SELECT count(*) FROM {month.name}")  # noqa: S608 - Ours.
    return rows


async def forget(pool: Pool, old: Old) -> None:
    """Let it go: a month with its table, alerts so many at once."""
    if old.table != "alerts":
        async with transaction(pool) as tx:
            await tx.execute("SELECT pg_advisory_xact_lock($1)", MAKERS)
            await tx.execute(f"DROP TABLE IF EXISTS {old.name}")
        return
    while await pool.execute(FORGET_ALERTS, old.until, ALERTS_AT_ONCE) != "DELETE 0":
        continue
