"""Sums by hour are the usage log, grouped: after whatever history, and again after a rebuild."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import TypeAlias
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.rebuild import leave_alone, rebuilt
from services.credits.derived import HOURS
from shared.contracts.message import Message
from shared.contracts.types import Json
from tests import making
from tests.credits.handlers.worker import Worker, working
from tests.making import record, uuid

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

THEIRS = "WHERE account_id = ANY($1::uuid[])"
KEPT = f"SELECT {HOURS.key}, {HOURS.numbers} FROM hourly_usage {THEIRS}"
ANEW = f"SELECT {HOURS.key}, {HOURS.numbers} FROM ({HOURS.computed} {THEIRS} {HOURS.grouped})"
SITES = [None, uuid(0x51), uuid(0x52)]
MODELS = ["gpt-5.1", "gpt-4o-mini", "nobody's"]
TYPES = ["content_generation", "clustering", "site_page_generation"]


def report(random: Random, account: str) -> list[Message]:
    """One operation, with whatever is said of it."""
    number = random.getrandbits(40)
    said: dict[str, Json] = {"site_id": random.choice(SITES), "user_id": "me"}
    if random.random() < 0.2:
        failure = making.failed(number, account, tokens_input=random.randrange(9_999))
        return [making.requested(number, account, **said), failure]
    if random.random() < 0.2:
        return [making.images_completed(number, account, basic=random.randint(1, 3), premium=2)]
    said |= {
        "operation_type": random.choice(TYPES),
        "model_used": random.choice(MODELS),
        "tokens_input": random.choice([None, random.randrange(2**53)]),
        "items": random.choice([None, {"kind": "cluster", "count": random.randrange(2**53)}]),
        "source": random.choice(["manual", "automation"]),
        "response_time_ms": random.choice([None, random.randrange(9_999)]),
    }
    return [making.completed(number, account, **said)]


async def apply(worker: Worker, polls: Sequence[Sequence[Message]]) -> None:
    for messages in polls:
        await worker.obey([record(message) for message in messages])


async def rows(pool: Pool, statement: str, accounts: Sequence[str]) -> set[tuple[object, ...]]:
    return {tuple(row) for row in await pool.fetch(statement, accounts)}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
async def test_the_sums_are_those_of_the_rows(worker: Worker, seed: int) -> None:
    random, accounts = Random(seed), [str(uuid4()) for _ in range(3)]
    pool = worker.service.database.pool_for(None)
    polls: list[list[Message]] = [[making.paid(5_000, a, random.getrandbits(40)) for a in accounts]]
    polls += [
        [
            one
            for _ in range(random.randint(1, 30))
            for one in report(random, random.choice(accounts))
        ]
        for _ in range(4)
    ]

    await apply(worker, polls)

    kept, anew = [await rows(pool, statement, accounts) for statement in (KEPT, ANEW)]
    assert kept == anew
    assert kept


async def test_sums_of_numbers_that_no_column_holds_are_written(worker: Worker) -> None:
    """Each is at most 2^53 - 1; together they are more than 2^63."""
    account = str(uuid4())
    largest = 2**53 - 1
    said: dict[str, Json] = {"operation_type": "site_page_generation", "tokens_input": largest}
    many = [making.completed(n, account, **said) for n in range(1_100)]

    await apply(worker, [many[start : start + 100] for start in range(0, 1_100, 100)])

    pool = worker.service.database.pool_for(None)
    found = await pool.fetchval(
        "SELECT tokens_input FROM hourly_usage WHERE account_id=$1", account
    )
    assert found == 1_100 * largest


@pytest.fixture
async def busy(worker: Worker) -> tuple[Worker, str, Pool]:
    account = str(uuid4())
    messages = [making.completed(n, account, site_id=SITES[n % 3]) for n in range(9)]
    await apply(worker, [[making.paid(5_000, account, 7), *messages]])
    return worker, account, worker.service.database.pool_for(None)


WRONGS = [
    "UPDATE hourly_usage SET credits = credits + 1 WHERE account_id = $1 AND site_id IS NULL",
    "DELETE FROM hourly_usage WHERE account_id = $1 AND site_id IS NULL",
    "UPDATE hourly_usage SET model = 'another' WHERE account_id = $1",
    "UPDATE hourly_usage SET hour = hour - interval '1 hour' WHERE account_id = $1",
    "DELETE FROM hourly_usage WHERE account_id = $1",
]


@pytest.mark.parametrize("wrong", WRONGS)
async def test_a_rebuild_says_what_differs_and_repairs_it(
    busy: tuple[Worker, str, Pool], url: str, wrong: str
) -> None:
    _, account, pool = busy
    environment = {"CREDITS_DATABASE_URL": url}
    await rebuilt(environment, "credits")
    right = await rows(pool, KEPT, [account])
    await pool.execute(wrong, account)

    seen = await rebuilt(environment, "credits", leave_alone)
    still = await rows(pool, KEPT, [account])
    mended = await rebuilt(environment, "credits")
    after = await rebuilt(environment, "credits", leave_alone)

    assert all(account in day.words for day in seen.shown)
    assert still != right
    assert mended.wrong == seen.wrong >= 1
    assert after.wrong == 0
    assert await rows(pool, KEPT, [account]) == right


async def test_a_rebuild_leaves_sums_alone_whose_rows_are_gone(
    busy: tuple[Worker, str, Pool], url: str
) -> None:
    _, account, pool = busy
    await pool.execute(
        "UPDATE hourly_usage SET hour = hour - interval '500 days' WHERE account_id = $1", account
    )

    await rebuilt({"CREDITS_DATABASE_URL": url}, "credits")

    sums = await pool.fetch("SELECT credits FROM hourly_usage WHERE account_id = $1", account)
    assert sum(row[0] for row in sums) == 2 * 9 * 47


async def test_a_rebuild_loses_nothing_while_the_service_works(url: str) -> None:
    account = str(uuid4())
    async with working(url) as worker:
        pool = worker.service.database.pool_for(None)
        await apply(worker, [[making.paid(50_000, account, 7)]])
        for start in range(0, 100, 10):
            await pool.execute("DELETE FROM hourly_usage WHERE account_id = $1", account)
            batch = [making.completed(n, account) for n in range(start, start + 10)]
            await together(worker, batch, url)
        await rebuilt({"CREDITS_DATABASE_URL": url}, "credits")

        kept, anew = [await rows(pool, statement, [account]) for statement in (KEPT, ANEW)]
        assert kept == anew


async def together(worker: Worker, messages: Sequence[Message], url: str) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(apply(worker, [messages]))
        group.create_task(rebuilt({"CREDITS_DATABASE_URL": url}, "credits"))
