"""Days that are over are summed up once: every answer stays the same, and every sum is right."""

import asyncio
from datetime import timedelta

import asyncpg
import msgspec
import pytest
from alembic import command

from deploy.migrate import folder_of, with_config
from services.credits.days import AFTER, DAY, close_days, close_next
from shared.contracts.credits.queries import AskInsights
from shared.spans import ending_today, span_of
from tests.credits.days.past import DAYS, NOON, SPANS, TODAY, answers, close_all, findings
from tests.credits.handlers.worker import working
from tests.credits.queries.clerk import Clerk, token
from tests.making import completed, paid


async def test_every_answer_is_the_same_once_days_are_closed(clerk: Clerk, account: str) -> None:
    before = await answers(clerk, account)

    await close_all(clerk)

    pool = clerk.credits.service.database.pool_for(None)
    assert await pool.fetchval("SELECT count(DISTINCT day) FROM daily_usage") == DAYS
    assert await answers(clerk, account) == before


USED = """
    SELECT count(*), coalesce(sum(credits_used), 0)::bigint FROM usage
    WHERE account_id = $1 AND created_at >= $2 AND created_at < $3
"""
MOVED = """
    SELECT coalesce(sum(greatest(moved, 0)), 0)::bigint, coalesce(sum(-least(moved, 0)), 0)::bigint
    FROM (SELECT *, plan_delta + purchased_delta AS moved FROM ledger) AS ledger
    WHERE account_id = $1 AND created_at >= $2 AND created_at < $3
"""


@pytest.mark.parametrize("is_closed", [False, True])
async def test_an_answer_is_of_what_happened_in_its_span(
    clerk: Clerk, account: str, *, is_closed: bool
) -> None:
    if is_closed:
        await close_all(clerk)
    pool, owner = clerk.credits.service.database.pool_for(None), token("owner", account)
    for span in SPANS:
        asked = msgspec.convert({"dimension": "action", **span}, AskInsights)
        since, until = span_of(asked, TODAY) if span else ending_today(30, "d", TODAY)
        everything = span_of(asked, TODAY)

        used = await clerk.tells("credits.insights", account, owner, dimension="action", **span)
        moved = await clerk.tells("credits.transactions", account, owner, **span)

        totals = used["totals"]["actions"], used["totals"]["credits"]
        assert totals == tuple(await pool.fetchrow(USED, account, since, until) or ())
        came_and_went = moved["totals"]["in"], moved["totals"]["out"]
        assert came_and_went == tuple(await pool.fetchrow(MOVED, account, *everything) or ())


async def test_days_that_are_closed_are_what_is_read(clerk: Clerk, account: str) -> None:
    """Else the other tests would compare hours with hours."""
    await close_all(clerk)
    pool = clerk.credits.service.database.pool_for(None)
    before = await answers(clerk, account)

    for table, moment in (
        ("hourly_usage", "hour"),
        ("daily_usage", "day"),
        ("daily_totals", "day"),
    ):
        await pool.execute(f"DELETE FROM {table} WHERE {moment} = $1::timestamptz", TODAY - 3 * DAY)
    untouched = await answers(clerk, account)
    await pool.execute("DELETE FROM daily_ledger")

    assert untouched != before
    assert await answers(clerk, account) != untouched


async def test_a_day_is_closed_an_hour_after_its_end(clerk: Clerk, account: str) -> None:
    del account
    pool = clerk.credits.service.database.pool_for(None)
    await close_all(clerk)
    until = "SELECT closed_until FROM closed_days"
    assert await pool.fetchval(until) == TODAY

    assert not await close_next(pool, TODAY + DAY + AFTER - timedelta(milliseconds=1))
    assert await pool.fetchval(until) == TODAY
    assert await close_next(pool, TODAY + DAY + AFTER)
    assert await pool.fetchval(until) == TODAY + DAY


async def test_days_that_were_closed_ahead_of_time_are_open_again(
    clerk: Clerk, account: str, own: str
) -> None:
    """After a rehearsal with a clock that was ahead."""
    owner = token("owner", account)
    used = await clerk.tells("credits.insights", account, owner, dimension="site")
    ledger = await clerk.tells("credits.transactions", account, owner)
    async with working(own, clock_offset=NOON + 3 * DAY.total_seconds()) as ahead:
        await close_days(ahead.credits.service)
    pool = clerk.credits.service.database.pool_for(None)
    assert await pool.fetchval("SELECT closed_until FROM closed_days") == TODAY + 3 * DAY

    await close_all(clerk)
    await clerk.hears(paid(500, account, 4_712), completed(4_711, account))

    last = await pool.fetchval("SELECT max(day) FROM daily_usage")
    assert (await pool.fetchval("SELECT closed_until FROM closed_days"), last) == (
        TODAY,
        TODAY - DAY,
    )
    assert await findings(own) == 0
    used_now = await clerk.tells("credits.insights", account, owner, dimension="site")
    ledger_now = await clerk.tells("credits.transactions", account, owner)
    assert used_now["totals"]["actions"] == used["totals"]["actions"] + 1
    assert ledger_now["totals"]["out"] == ledger["totals"]["out"] + 47


async def test_a_day_that_cannot_be_closed_stays_open(clerk: Clerk, account: str) -> None:
    pool, before = clerk.credits.service.database.pool_for(None), await answers(clerk, account)
    await pool.execute(
        "INSERT INTO daily_ledger SELECT lane, account_id, date_trunc('day', created_at, 'UTC'), "
        "type, 1, 1, 1, 1 FROM ledger ORDER BY created_at LIMIT 1"
    )

    await close_all(clerk)

    assert await pool.fetchval("SELECT closed_until FROM closed_days") is None
    assert await answers(clerk, account) == before


async def test_two_workers_close_each_day_once(clerk: Clerk, account: str, own: str) -> None:
    async with working(own, clock_offset=NOON) as other, asyncio.TaskGroup() as group:
        for credits in (clerk.credits, other.credits):
            group.create_task(close_days(credits.service))

    pool = clerk.credits.service.database.pool_for(None)
    actions = await pool.fetchval(
        "SELECT sum(actions) FROM daily_totals WHERE account_id=$1", account
    )
    rows = await pool.fetchval("SELECT count(*) FROM usage WHERE created_at < $1", TODAY)
    assert actions == rows > 0


async def test_tables_of_days_come_and_go_with_their_migration(
    clerk: Clerk, account: str, own: str
) -> None:
    before = await answers(clerk, account)
    connection = await asyncpg.connect(own)

    await with_config(folder_of("credits"), own, lambda config: command.downgrade(config, "0008"))
    gone = await connection.fetchval("SELECT to_regclass('daily_usage')")
    await with_config(folder_of("credits"), own, lambda config: command.upgrade(config, "0009"))
    await connection.close()
    await close_all(clerk)

    assert gone is None
    assert await answers(clerk, account) == before
