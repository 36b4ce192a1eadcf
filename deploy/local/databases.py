"""One role and one schema a service in one database, each closed to the others."""

import asyncpg

from deploy.errors import OperatorError
from deploy.local.services import SERVICES

DATABASE = "igny8"
CONNECT_SECONDS = 10.0


def url_of(service: str, port: int) -> str:
    return f"postgresql://{service}@127.0.0.1:{port}/{DATABASE}"


async def make(superuser_url: str, database_url: str) -> None:
    """Make what is missing of the database, its roles and their schemas."""
    connection = await asyncpg.connect(superuser_url, timeout=CONNECT_SECONDS)
    try:
        await check_locale(connection)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS)
    try:
        await make_roles(connection)
    finally:
        await connection.close()


async def check_locale(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """With the wrong locale keywords that differ only in case would be different ones."""
    word = await connection.fetchval("SELECT lower('\u0421\u041a\u0410\u041d\u0415\u0420')")
    if word != "\u0441\u043a\u0430\u043d\u0435\u0440":
        raise OperatorError("PostgreSQL does not know Cyrillic letters: its locale is wrong")


async def make_roles(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    rows = await connection.fetch("SELECT rolname FROM pg_roles")
    existing = {row["rolname"] for row in rows}
    for service in SERVICES:
        if service not in existing:
            await connection.execute(f"CREATE ROLE {service} LOGIN")
        await connection.execute(
            f"CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {service};"
            f"ALTER ROLE {service} IN DATABASE {DATABASE} SET search_path = {service}"
        )
