"""The migration that adds sums by hour goes forward on a database with data, and back."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic import command

from deploy.migrate import folder_of, with_config
from services.credits.derived import HOURS
from tests.credits.handlers.worker import working
from tests.credits.queries.workshop import TOTAL, s23
from tests.databases import own_database
from tests.making import record

BEFORE, WITH = "0004", "0005"


@pytest.fixture
def own(home: Path, environment: dict[str, str]) -> Iterator[str]:
    with own_database(home, environment, "credits", "rollups") as url:
        yield url


async def test_sums_of_what_is_there_are_made_and_forgotten(own: str) -> None:
    account = str(uuid4())
    async with working(own) as worker:
        await worker.obey([record(message) for message in s23(account)])
    connection = await asyncpg.connect(own)
    kept, anew = (
        f"SELECT {HOURS.key}, {HOURS.numbers} FROM hourly_usage",
        f"{HOURS.computed} {HOURS.grouped}",
    )
    right = set(map(tuple, await connection.fetch(anew)))
    migrate = partial(with_config, folder_of("credits"), own)

    await migrate(partial(command.downgrade, revision=BEFORE))
    gone = await connection.fetchval("SELECT to_regclass('hourly_usage')")
    used = await connection.fetchval("SELECT sum(credits_used) FROM usage")
    await migrate(partial(command.upgrade, revision=WITH))

    assert (gone, used) == (None, TOTAL)
    assert set(map(tuple, await connection.fetch(kept))) == right
    await connection.close()
