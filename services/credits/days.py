"""Sums of days that are over: whoever asks about months reads a row a day, not each hour or entry.

Rows are added to the ledger and to the sums by hour at their own moment only, so a day that is over
is so for good, unless the clock goes back (`CLOCK_OFFSET`). It is closed an hour later: by then no
batch is left that began in it.
"""

from datetime import datetime, timedelta

import structlog

from services.credits.derived import OF_DAYS
from services.credits.partitions import FIRST_DAY
from shared.postgres import REFUSES_THE_DATA, Pool, Transaction, read_clock, transaction
from shared.service import Service
from shared.spans import midnight

CLOSE_EVERY_SECONDS = 600.0
DAY, AFTER = timedelta(days=1), timedelta(hours=1)
CLOSING_SECONDS = 600.0  # A day of many accounts takes longer than what a batch may take.

log = structlog.get_logger(__name__)

TURN = "SELECT closed_until FROM closed_days FOR UPDATE SKIP LOCKED"
BEGIN = f"""
    INSERT INTO closed_days (single, closed_until)
    SELECT true, least(
        ({FIRST_DAY}), (SELECT date_trunc('day', min(hour), 'UTC') FROM hourly_usage), $1)
    WHERE NOT EXISTS (SELECT FROM closed_days)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - Constants of these files.
CLOSE = "UPDATE closed_days SET closed_until = $1"
ADD = [one.add("", f"{one.written_at} >= $1 AND {one.written_at} < $2") for one in OF_DAYS]
FORGET = [f"DELETE FROM {one.table} WHERE day >= $1" for one in OF_DAYS]  # noqa: S608 - The same.


async def close_days(service: Service) -> None:
    """Close all days that are over, one a transaction, whichever worker comes first.

    A day that cannot be closed stays open: its hours answer for it.
    """
    for pool in service.database.pools():
        now = await read_clock(pool, service.settings.clock_offset)
        try:
            while await close_next(pool, now):
                continue
        except REFUSES_THE_DATA as error:
            log.error("a day cannot be closed", error=repr(error))  # noqa: TRY400 - Known.


async def close_next(pool: Pool, now: datetime) -> bool:
    """Close the oldest day that is open; whether there was one to be closed."""
    async with transaction(pool) as tx:
        await tx.execute(f"SET LOCAL statement_timeout = '{CLOSING_SECONDS:.0f}s'")
        since = await first_open(tx, now)
        if since is None or since + DAY + AFTER > now:
            return False
        for statement in ADD:
            await tx.execute(statement, since, since + DAY, timeout=CLOSING_SECONDS)
        await tx.execute(CLOSE, since + DAY)
    return True


async def first_open(tx: Transaction, now: datetime) -> datetime | None:
    """The day that is next; None while another worker closes one."""
    today = midnight(now)
    found: datetime | None = await tx.fetchval(TURN)
    if found is None:
        await tx.execute(BEGIN, today, timeout=CLOSING_SECONDS)
        found = await tx.fetchval(TURN)
    if found is not None and found > today:
        found = await reopen(tx, today)
    return found


async def reopen(tx: Transaction, today: datetime) -> datetime:
    """After a rehearsal in the future: what was closed there is not over yet."""
    for statement in (*FORGET, CLOSE):
        await tx.execute(statement, today)
    return today
