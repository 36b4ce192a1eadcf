"""Days that are over are summed up once: every answer stays the same, and every sum is right."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, get_args, get_type_hints
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from alembic import command

from deploy.migrate import folder_of, with_config
from deploy.rebuild import leave_alone, rebuilt
from services.credits.days import AFTER, DAY, close_days, close_next
from services.credits.verify import days as entries
from services.credits.verify import usage
from shared.contracts.credits.queries import AskInsights
from shared.contracts.message import Message
from shared.contracts.types import JsonObject
from shared.spans import ending_today, span_of
from shared.verifying import BUSY, NO_KEYS, Snapshot, one_moment
from tests.correcting import refunded
from tests.credits.handlers.test_rollups import SITES, report
from tests.credits.handlers.worker import working
from tests.credits.queries.clerk import Clerk, token
from tests.databases import own_database
from tests.making import completed, paid, record

HOURS_APART = 11  # So on the day before yesterday at 6 and 17, on the one before at 8 and 19.
DAYS = 5
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
# A batch may be at work when midnight comes: nothing of today is looked at too closely.
NOON = (TODAY + timedelta(hours=12) - datetime.now(UTC)).total_seconds()
SPANS: list[JsonObject] = [
    {},
    {"preset": "7d"},
    {"preset": "30d"},
    {"from": str((TODAY - 3 * DAY).date())},
    {"from": str((TODAY - 3 * DAY).date()), "to": str((TODAY - DAY).date())},
    {"from": f"{(TODAY - 3 * DAY).date()}T10:00:00Z", "to": f"{(TODAY - DAY).date()}T13:00:00Z"},
    {
        "from": f"{(TODAY - 2 * DAY).date()}T07:30:00Z",
        "to": f"{(TODAY - 2 * DAY).date()}T23:10:00Z",
    },
    {"from": str((TODAY - DAY).date()), "to": str((TODAY - 3 * DAY).date())},
    {"to": str((TODAY - 2 * DAY).date())},
]
DIMENSIONS: Sequence[str] = get_args(get_type_hints(AskInsights)["dimension"])


@pytest.fixture
def own(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", f"days_{uuid4().hex[:8]}") as url:
        yield url


@pytest.fixture
async def clerk(own: str) -> AsyncIterator[Clerk]:
    """One who asks at noon, of a service with a past of some days."""
    async with working(own, clock_offset=NOON) as worker:
        yield Clerk(worker.credits, worker.recorder)


@pytest.fixture
async def account(own: str) -> str:
    """What happened at eleven hours' distance, from days ago until today."""
    account, random = str(uuid4()), Random(7)
    for hours in range(DAYS * 24, -1, -HOURS_APART):
        async with working(own, clock_offset=NOON - 3600 * hours) as worker:
            messages: list[Message] = [paid(500, account, random.getrandbits(40))]
            messages += [one for _ in range(6) for one in report(random, account)]
            await worker.obey([record(message) for message in messages])
            await worker.obey([record(refunded(random.getrandbits(40), 7, account, forced=True))])
    return account


async def close_all(clerk: Clerk) -> None:
    await close_days(clerk.credits.service)


async def answers(clerk: Clerk, account: str) -> list[JsonObject]:
    """To everything that is read by the day, whoever of the sites and kinds is looked at."""
    owner, everybody = token("owner", account), token("developer", None)
    found = []
    for span in SPANS:
        for site in (None, SITES[1]):
            of_site: JsonObject = {} if site is None else {"site_id": site}
            for dimension in DIMENSIONS:
                params = {"dimension": dimension, **span, **of_site}
                found.append(await clerk.tells("credits.insights", account, owner, **params))
            found.append(await clerk.tells("usage.log", account, owner, **span, **of_site))
        for kind in (None, ["deduction"], ["subscription", "refund"]):
            params = span if kind is None else {"type": kind, **span}
            found.append(await clerk.tells("credits.transactions", account, owner, **params))
        by_model = await clerk.tells("usage.log", account, owner, model="gpt-5.1", **span)
        found += [by_model, await clerk.tells("usage.log", None, everybody, **span)]
    found.append(await clerk.tells("credits.forecast", account, owner))
    found.append(await clerk.tells("usage.tips", account, owner))
    return found


async def test_every_answer_is_the_same_once_days_are_closed(clerk: Clerk, account: str) -> None:
    before = await answers(clerk, account)

    await close_all(clerk)

    pool = clerk.credits.service.database.pool_for(None)
    assert await pool.fetchval("SELECT count(DISTINCT day) FROM daily_usage") == DAYS
    assert await answers(clerk, account) == before


USED = """
    SELECT count(*), coalesce(sum(credits_used), 0)::bigint FROM usage
    WHERE account_id = $1 AND date_trunc('hour', created_at, 'UTC') >= $2
      AND date_trunc('hour', created_at, 'UTC') < $3
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


DAMAGES = [
    "UPDATE daily_usage SET credits = credits + 1 WHERE day = $1",
    "UPDATE daily_usage SET account_id = gen_random_uuid() WHERE day = $1",
    "DELETE FROM daily_totals WHERE day = $1",
    "UPDATE daily_ledger SET moved = moved - 1 WHERE day = $1 AND type = 'deduction'",
    "DELETE FROM daily_ledger WHERE day = $1 AND type = 'deduction'",
]


async def findings(url: str) -> int:
    """In how many lanes something is found by what `igny8 verify` looks at."""
    async with one_moment(url) as tx:
        topics: Any = None  # Rows alone are looked at.
        snapshot = Snapshot(tx, topics, {}, {}, {}, BUSY, 0, NO_KEYS)
        found = [await check.find(snapshot) for check in (*usage.CHECKS, *entries.CHECKS)]
    return sum(finding.broken for one in found for finding in one.values())


# What only a rebuild finds: it looks at every kind.
SMALL_DAMAGES = [
    "UPDATE daily_totals SET failures = failures + 1 WHERE day = $1 AND failures < actions",
    "UPDATE daily_usage SET source = 'automation', model = model || '!' WHERE day = $1",
    "UPDATE daily_ledger SET came = came + 1 WHERE day = $1 AND type = 'subscription'",
    "UPDATE daily_ledger SET last_seq = last_seq + 1 WHERE day = $1",
]


@pytest.mark.parametrize("damage", [*DAMAGES, *SMALL_DAMAGES])
async def test_what_is_damaged_is_found_and_repaired(
    clerk: Clerk, account: str, own: str, damage: str
) -> None:
    await close_all(clerk)
    environment, pool = {"CREDITS_DATABASE_URL": own}, clerk.credits.service.database.pool_for(None)
    right, sound = await answers(clerk, account), await findings(own)

    await pool.execute(damage, TODAY - 2 * DAY)
    found = await findings(own)
    seen = await rebuilt(environment, "credits", leave_alone)
    mended = await rebuilt(environment, "credits")
    after = await rebuilt(environment, "credits", leave_alone)

    assert (sound, after.wrong) == (0, 0)
    assert (found > 0) == (damage in DAMAGES)
    assert mended.wrong == seen.wrong > 0
    assert await answers(clerk, account) == right
    assert await findings(own) == 0


async def test_hours_that_are_repaired_repair_their_day(
    clerk: Clerk, account: str, own: str
) -> None:
    await close_all(clerk)
    pool = clerk.credits.service.database.pool_for(None)
    right = await answers(clerk, account)
    damage = "UPDATE {} SET credits = credits + 1 WHERE {} < $1"
    for table, moment in (
        ("hourly_usage", "hour"),
        ("daily_usage", "day"),
        ("daily_totals", "day"),
    ):
        await pool.execute(damage.format(table, moment), TODAY - DAY)

    await rebuilt({"CREDITS_DATABASE_URL": own}, "credits")

    assert await answers(clerk, account) == right
    assert await findings(own) == 0


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
