"""Sums of days that are over: whoever asks about months reads a row a day, not each hour or entry.

Rows are added to the ledger and to the sums by hour at their own moment only, so a day that is over
is so for good, unless the clock goes back (`CLOCK_OFFSET`). It is closed an hour later: by then no
batch is left that began in it.
"""

from datetime import UTC, datetime, timedelta

import structlog

from services.credits.partitions import FIRST_DAY
from shared.postgres import REFUSES_THE_DATA, Pool, Transaction, read_clock, transaction
from shared.service import Service

CLOSE_EVERY_SECONDS = 600.0
DAY, AFTER = timedelta(days=1), timedelta(hours=1)
CLOSING_SECONDS = 600.0  # A day of many accounts takes longer than what a batch may take.

log = structlog.get_logger(__name__)

# Until when days are closed, in a statement.
CLOSED_UNTIL = "coalesce((SELECT closed_until FROM closed_days), '-infinity')"
TURN = "SELECT closed_until FROM closed_days FOR UPDATE SKIP LOCKED"
BEGIN = f"""
    INSERT INTO closed_days (single, closed_until)
    SELECT true, least(
        ({FIRST_DAY}), (SELECT date_trunc('day', min(hour), 'UTC') FROM hourly_usage), $1)
    WHERE NOT EXISTS (SELECT FROM closed_days)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - Constants of these files.
TABLES = ("daily_usage", "daily_totals", "daily_ledger")
CLOSE = "UPDATE closed_days SET closed_until = $1"

KIND = "site_id, operation_type, model, provider, image_quality, item_kind, source, status"
NUMBERS = (
    "actions, credits, shortfall, cost_usd, tokens_input, tokens_output, items, response_ms, "
    "responses"
)
SUMMED = ", ".join(f"sum({name}) AS {name}" for name in NUMBERS.split(", "))
USED = f"""
    SELECT lane, account_id, date_trunc('day', hour, 'UTC') AS day, {KIND},
           {SUMMED}
    FROM hourly_usage
"""  # noqa: S608 - The same.
BY_KIND = "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
# Of whatever kind: what is most often asked for. One kind of items is the first and the last.
TOTAL_NUMBERS = f"{NUMBERS}, failures, first_kind, last_kind"
TOTALS = f"""
    SELECT lane, account_id, date_trunc('day', hour, 'UTC') AS day, {SUMMED},
           coalesce(sum(actions) FILTER (WHERE status = 'failed'), 0) AS failures,
           min(item_kind) AS first_kind, max(item_kind) AS last_kind
    FROM hourly_usage
"""  # noqa: S608 - The same.
BY_DAY = "GROUP BY 1, 2, 3"
ENTRIES = "entries, came, moved, last_seq"
DAY_OF_ENTRY = "date_trunc('day', created_at, 'UTC')"
# The last number is that of the account's day, whatever moved last.
MOVED = f"""
    SELECT lane, account_id, {DAY_OF_ENTRY} AS day, type,
           count(*) AS entries, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS came,
           sum(amount) AS moved,
           max(max(seq)) OVER (PARTITION BY lane, account_id, {DAY_OF_ENTRY}) AS last_seq
    FROM (SELECT *, plan_delta + purchased_delta AS amount FROM ledger) AS ledger
"""  # noqa: S608 - The same.
BY_TYPE = "GROUP BY 1, 2, 3, 4"

ADD_USED = f"""
    INSERT INTO daily_usage (lane, account_id, day, {KIND}, {NUMBERS})
    {USED} WHERE hour >= $1 AND hour < $2 {BY_KIND}
"""
ADD_TOTALS = f"""
    INSERT INTO daily_totals (lane, account_id, day, {TOTAL_NUMBERS})
    {TOTALS} WHERE hour >= $1 AND hour < $2 {BY_DAY}
"""
ADD_MOVED = f"""
    INSERT INTO daily_ledger (lane, account_id, day, type, {ENTRIES})
    {MOVED} WHERE created_at >= $1 AND created_at < $2 {BY_TYPE}
"""


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
        for statement in (ADD_USED, ADD_TOTALS, ADD_MOVED):
            await tx.execute(statement, since, since + DAY, timeout=CLOSING_SECONDS)
        await tx.execute(CLOSE, since + DAY)
    return True


async def first_open(tx: Transaction, now: datetime) -> datetime | None:
    """The day that is next; None while another worker closes one."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found: datetime | None = await tx.fetchval(TURN)
    if found is None:
        await tx.execute(BEGIN, today, timeout=CLOSING_SECONDS)
        found = await tx.fetchval(TURN)
    if found is not None and found > today:
        found = await reopen(tx, today)
    return found


async def reopen(tx: Transaction, today: datetime) -> datetime:
    """After a rehearsal in the future: what was closed there is not over yet."""
    for table in TABLES:
        await tx.execute(f"DELETE FROM {table} WHERE day >= $1", today)  # noqa: S608 - Ours.
    await tx.execute(CLOSE, today)
    return today
