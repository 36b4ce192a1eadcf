"""Migrations run once, in order, in the schema of their service, whoever starts them."""

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from deploy.errors import OperatorError
from deploy.local.postgres import superuser_url
from deploy.migrate import upgrade

ENV = """
from sqlalchemy import MetaData
from shared import migrations
migrations.run(MetaData())
"""
FIRST = """
from alembic import op
revision, down_revision = "1", None
def upgrade():
    op.execute("CREATE TABLE parcel (id int)")
"""
CREATE = "CREATE TABLE parcel (id int)"
SECOND = """
from alembic import op
revision, down_revision = "2", "1"
def upgrade():
    op.execute("INSERT INTO parcel SELECT 7")
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY parcel_id ON parcel (id)")
"""
START = """
import asyncio, pathlib, sys
from deploy.migrate import upgrade
asyncio.run(upgrade(pathlib.Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The migrations of a service that exists in this test only."""
    folder = tmp_path / "parcels" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    (folder / "versions" / "first.py").write_text(FIRST)
    (folder / "versions" / "second.py").write_text(SECOND)
    return folder


async def test_migrations_started_by_several_processes_at_once_run_once(
    environment: dict[str, str], folder: Path
) -> None:
    url = environment["KEYWORD_RESEARCH_DATABASE_URL"]
    arguments = (sys.executable, "-c", START, str(folder), url)
    processes = [await asyncio.create_subprocess_exec(*arguments) for _ in range(3)]
    assert [await process.wait() for process in processes] == [0, 0, 0]

    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT array_agg(id) FROM keyword_research.parcel") == [7]
    assert await connection.fetchval("SELECT array_agg(version_num) FROM schema_version") == ["2"]
    assert (
        await connection.fetchval("SELECT to_regclass('keyword_research.parcel_id')") == "parcel_id"
    )
    await connection.close()


async def test_a_migration_gives_up_on_a_lock_before_everybody_waits_for_it(
    environment: dict[str, str], folder: Path
) -> None:
    url = environment["INVOICING_DATABASE_URL"]
    reader = await asyncpg.connect(url)
    await reader.execute("CREATE TABLE busy (id int)")
    await reader.execute("BEGIN; SELECT FROM busy")
    (folder / "versions" / "first.py").write_text(FIRST.replace(CREATE, "DROP TABLE busy"))
    with pytest.raises(DBAPIError, match="lock timeout"):
        await upgrade(folder, url)
    await reader.close()


async def test_a_role_without_a_schema_is_told_so(
    environment: dict[str, str], folder: Path
) -> None:
    url = superuser_url(Path(environment["IGNY8_DATA"]), "igny8?search_path=nowhere")
    with pytest.raises(OperatorError, match="parcels: the search path of its role names no schema"):
        await upgrade(folder, url)
