"""The table of who changed what comes and goes on a database that has been worked with."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from deploy.migrate import folder_of, upgrade, with_config
from tests.credits.handlers.test_price_changes import VERIFIER, by
from tests.credits.handlers.worker import working
from tests.credits.rules.pricing import config_update
from tests.databases import own_database
from tests.making import ANN, paid, record, requested

FOLDER = folder_of("credits")
BALANCE = "SELECT plan_bucket, held FROM accounts WHERE account_id = $1"


@pytest.fixture
def url(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "audit_table") as url:
        yield url


async def test_without_the_record_prices_and_balances_stay_what_they_are(url: str) -> None:
    async with working(url, verifier=VERIFIER) as worker:
        change = by("developer", config_update(tokens_per_credit=80))
        await worker.obey([record(paid(1_000)), change, record(requested(1))])
    await with_config(FOLDER, url, partial(command.downgrade, revision="0003"))
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT to_regclass('audit')") is None
    await upgrade(FOLDER, url)

    assert await connection.fetchval("SELECT count(*) FROM audit") == 0
    assert await connection.fetchval("SELECT max(price_version) FROM cost_configs") == 2
    assert tuple(await connection.fetchrow(BALANCE, ANN) or ()) == (1_000, 76)
    await connection.close()
    async with working(url, verifier=VERIFIER) as worker:
        await worker.obey([by("developer", config_update(expected=2))])
        pool = worker.service.database.pool_for(None)
        assert await pool.fetchval("SELECT after ->> 'version' FROM audit") == "3"
