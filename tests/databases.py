"""Databases of tests that make records up: their offsets must not meet those of a real log."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from deploy.local import environment as surroundings
from deploy.local import postgres
from deploy.migrate import migrate


@contextmanager
def own_database(
    home: Path, environment: Mapping[str, str], service: str, about: str
) -> Iterator[str]:
    """Give the address of a new database with the tables of a service; it ends with the block."""
    with empty_database(home, environment, service, about) as url:
        asyncio.run(migrate(service, url))
        yield url


@contextmanager
def empty_database(
    home: Path, environment: Mapping[str, str], service: str, about: str
) -> Iterator[str]:
    """Give the address of a new database that the role of a service owns."""
    given = environment[surroundings.database_variable(service)]
    own = not surroundings.given_databases()
    administrator = postgres.superuser_url(home, "postgres") if own else given
    name = f"{about}_{os.getpid()}"
    url = urlsplit(given)._replace(path=f"/{name}").geturl()
    asyncio.run(make(administrator, url, name, urlsplit(given).username or "postgres"))
    try:
        yield url
    finally:
        asyncio.run(execute(administrator, f"DROP DATABASE {name} WITH (FORCE)"))


async def make(administrator: str, url: str, name: str, owner: str) -> None:
    try:
        await execute(administrator, f'CREATE DATABASE {name} OWNER "{owner}"')
    except asyncpg.InsufficientPrivilegeError:
        pytest.skip(f"{owner} may not make databases")
    # Its name is the role's: where PostgreSQL looks first.
    await execute(url, f'CREATE SCHEMA "{owner}"')


async def execute(url: str, command: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(command)
    finally:
        await connection.close()
