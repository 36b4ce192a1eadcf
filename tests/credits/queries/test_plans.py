"""What is asked about one account costs what the account has, however many others there are."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.credits.days import close_next
from shared import postgres
from shared.contracts.types import JsonObject
from tests.credits.queries.clerk import Clerk, question, token
from tests.databases import own_database
from tests.making import completed, paid, uuid

OTHERS = 3_000  # Rows of other accounts, in each table.
OWN = 3
# What another account has instead of what is copied.
ANOTHER = {
    "usage": "'usage_id', gen_random_uuid(), 'operation_id', gen_random_uuid()",
    "ledger": "'seq', n",
    "hourly_usage": "'site_id', gen_random_uuid()",
    "daily_usage": "'site_id', gen_random_uuid()",
    "daily_totals": "'day', timestamptz '2026-01-01' + n * interval '1 day'",
    "daily_ledger": "'day', timestamptz '2026-01-01' + n * interval '1 day'",
    "reservations": "'subject_id', gen_random_uuid()",
}
COPY = """
    INSERT INTO {0} SELECT (jsonb_populate_record(own, jsonb_build_object(
        'account_id', md5((n % 20)::text)::uuid, {1}))).*
    FROM (SELECT {0} AS own FROM {0} WHERE account_id = $1 LIMIT 1) AS one,
         generate_series(1, $2::int) AS n
"""
READ = """
    SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int FROM pg_stat_user_tables
    WHERE relname ~ '^(ledger|usage|hourly|daily|reservations|accounts)'
"""
PLANNED = """
    SELECT prepare_time FROM pg_prepared_statements
    WHERE statement ~ 'FROM accounts' AND generic_plans > 0
"""
KINDS: list[tuple[str, JsonObject]] = [
    ("credits.balance", {}),
    ("credits.transactions", {}),
    ("credits.transactions", {"type": ["deduction"], "preset": "7d"}),
    ("usage.log", {}),
    ("usage.log", {"sort": "oldest", "preset": "7d"}),
    ("usage.log", {"sort": "credits"}),
    ("usage.log", {"sort": "cost", "user_id": "nobody"}),
    ("credits.insights", {"dimension": "action"}),
    ("credits.insights", {"dimension": "timeline"}),
    ("credits.forecast", {}),
    ("credits.stats", {"month": "2026-01"}),
    ("usage.tips", {}),
    ("operation.detail", {"operation_id": completed(1).operation_id}),
    ("command.outcome", {"topic": "ai.operation.requested", "id": uuid(1)}),
]


@pytest.fixture(scope="module")
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """A database of its own: what others have here nobody has told of."""
    with own_database(home, environment, "credits", "plans") as url:
        yield url


async def rows_read(clerk: Clerk) -> int:
    """By the one connection that all questions of a test go through."""
    async with clerk.credits.service.database.reading().acquire() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        read: int = await connection.fetchval(READ)
        return read


async def test_no_row_of_another_account_is_read(clerk: Clerk, account: str) -> None:
    pool, owner = clerk.credits.service.database.pool_for(None), token("developer", account)
    mine = [completed(n, account, site_id=uuid(n)) for n in range(OWN)]
    await clerk.hears(paid(500, account), *mine)
    await close_next(pool, datetime.now(UTC) + timedelta(days=2))
    for table, values in ANOTHER.items():
        await pool.execute(COPY.format(table, values), account, OTHERS)
    await pool.execute("ANALYZE")

    read = list[int]()
    for query, params in KINDS:
        before = await rows_read(clerk)
        (reply,) = await clerk.answers(question(query, account, params, owner))
        assert reply["status"] == "ok"
        read.append(await rows_read(clerk) - before)

    assert max(read) < 20 * OWN
    assert min(read) >= 0


async def test_plans_are_made_anew_after_a_while(clerk: Clerk, url: str, account: str) -> None:
    """One that was made for a small table is no good for a large one."""
    async with postgres.connected(url, "short", 0.2) as clerk.credits.service.database:
        made: list[set[datetime]] = []
        for pause in (0, 0, 0.3):
            await asyncio.sleep(pause)
            await clerk.tells("credits.balance", account)
            async with clerk.credits.service.database.reading().acquire() as connection:
                made.append({row[0] for row in await connection.fetch(PLANNED)})

    assert made[0] == made[1]
    assert made[1].isdisjoint(made[2])
