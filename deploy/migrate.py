"""Tables up to date: the migrations of a service, safe when several processes start at once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from zlib import crc32

import asyncpg
import typer
from alembic.command import upgrade as upgrade_to
from alembic.config import Config
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.errors import OperatorError
from deploy.local import environment
from deploy.local.cache import ROOT
from deploy.local.services import SERVICES
from deploy.options import DATA, Data

NO_ENTRY = (
    OSError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
# Waiting longer for a lock would make everybody else wait behind us.
SETTINGS = {"lock_timeout": "5000", "application_name": "migrations"}
TRY_LOCK = "SELECT WHERE pg_try_advisory_xact_lock(16888, {})"
LOCKED = "SELECT 1"  # One row: we have it.
LOOK_EVERY_SECONDS = 0.1
CONNECT_SECONDS = 10.0

app = typer.Typer()
log = logging.getLogger(__name__)


def folder_of(service: str) -> Path:
    return ROOT / "services" / service / "migrations"


def has_migrations(service: str) -> bool:
    return any((folder_of(service) / "versions").glob("*.py"))


@app.command(name="migrate")
def command(data: Data = DATA) -> None:
    """Bring the tables of every service up to date whose *_DATABASE_URL is known."""
    asyncio.run(migrate_all(environment.known(data)))


async def migrate_all(settings: Mapping[str, str]) -> None:
    """Bring every service up to date whose database the settings name."""
    for service in SERVICES:
        url = settings.get(f"{service.upper()}_DATABASE_URL")
        if url and has_migrations(service):
            log.info("Migrating %s", service)
            await migrate(service, url)


async def migrate(service: str, url: str) -> None:
    """Bring the tables of a service up to date; `url` is a plain `postgresql://`."""
    try:
        await upgrade(folder_of(service), url)
    except NO_ENTRY as error:
        raise OperatorError(f"the database of {service} does not let us in: {error}") from error


async def upgrade(folder: Path, url: str) -> None:
    """Run what is missing of the migrations in a folder, one process after the other."""
    async with alone(folder.parent.name, url):
        await with_config(folder, url, partial(upgrade_to, revision="head"))


async def with_config(folder: Path, url: str, act: Callable[[Config], object]) -> None:
    """Call a command of Alembic on the migrations of a folder and a database."""

    def call(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        act(config)

    connect = partial(connected_to, url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(call)


async def connected_to(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=SETTINGS)


@asynccontextmanager
async def alone(service: str, url: str) -> AsyncIterator[None]:
    """Hold the block back until nobody else migrates this service in this database.

    The lock is a transaction's on a connection of its own: a pooler in between does not lose it,
    and a migration may commit as often as it likes.
    """
    connection = await connected_to(url)
    try:
        if not await connection.fetchval("SELECT current_schema()"):
            raise OperatorError(f"{service}: the search path of its role names no schema")
        async with connection.transaction():
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            # No statement waits, and none has parameters: either would keep a snapshot, for which
            # an index that is made concurrently by whoever has the lock would wait in turn.
            try_lock = TRY_LOCK.format(crc32(service.encode()) >> 1)
            while await connection.execute(try_lock) != LOCKED:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            yield
    finally:
        await connection.close()
