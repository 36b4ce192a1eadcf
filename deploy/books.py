"""How an operator's command gets at the tables of a service; what keeps it out is one line."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from deploy import surroundings
from deploy.errors import OperatorError
from shared.postgres import CONNECT_TIMEOUT_SECONDS, Pool, Transaction
from shared.verifying import one_moment

# A database without our tables, or one that does not let us in.
NOT_OURS = (
    asyncpg.UndefinedTableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


@contextmanager
def open_to_us(service: str, *errors: type[Exception]) -> Iterator[None]:
    """Name the database that is not ours, or that fails in one of these ways besides."""
    kinds: tuple[type[Exception], ...] = (*NOT_OURS, *errors)
    try:
        yield
    except kinds as error:
        raise OperatorError(f"the database of {service}: {error}") from error


@asynccontextmanager
async def as_of_now(settings: Mapping[str, str], service: str) -> AsyncIterator[Transaction]:
    """One moment of a service's tables, read-only."""
    with open_to_us(service):
        async with one_moment(surroundings.database_url(settings, service)) as tx:
            yield tx


@asynccontextmanager
async def one_connection(url: str, session: Mapping[str, str]) -> AsyncIterator[Pool]:
    """For work that takes longer than a batch may."""
    async with asyncpg.create_pool(
        url,
        min_size=1,
        max_size=1,
        timeout=CONNECT_TIMEOUT_SECONDS,
        server_settings=dict(session),
    ) as pool:
        yield pool
