"""The stack without services: PostgreSQL and Kafka, or yours, with topics, roles and tables."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from deploy import topics
from deploy.errors import OperatorError
from deploy.local import databases, environment, kafka, postgres, programs
from deploy.local.interrupts import orderly
from deploy.local.programs import Program
from deploy.migrate import has_migrations, migrate

PARTITIONS, REPLICATION = 4, 1
NO_ENTRY = (
    OSError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

log = logging.getLogger(__name__)


def servers(home: Path) -> list[Program]:
    """Our own of what the surroundings do not name; Kafka first, it takes longer to start."""
    own = [] if environment.is_kafka_given() else [kafka.program(home)]
    return own + ([] if environment.given_databases() else [postgres.program(home)])


@contextmanager
def running(home: Path) -> Iterator[dict[str, str]]:
    """Start a stack on what its data folder holds; give the environment of the services.

    It ends with the block, also by Ctrl-C or SIGTERM. Its servers can be killed and started again
    in between: `kafka.program(home)` and `postgres.program(home)` are how.
    """
    home = make_home(home)
    with orderly(), programs.running(servers(home)):
        settings = environment.make(home)
        prepare(home, settings)
        environment.write(home, settings)
        yield settings


def make_home(home: Path) -> Path:
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o755)
    return home.resolve()


def prepare(home: Path, settings: Mapping[str, str]) -> None:
    """Make what is missing inside the servers."""
    if not environment.given_databases():
        make = databases.make(
            postgres.superuser_url(home, "postgres"),
            postgres.superuser_url(home, databases.DATABASE),
        )
        asyncio.run(make)
    log.info("Making topics")
    asyncio.run(
        topics.make_missing(
            settings[environment.KAFKA],
            int(settings.get("KAFKA_PARTITIONS", PARTITIONS)),
            int(settings.get("KAFKA_REPLICATION", REPLICATION)),
        )
    )
    for service in databases.SERVICES:
        url = settings.get(environment.database_variable(service))
        if url and has_migrations(service):
            log.info("Migrating %s", service)
            asyncio.run(migrate_or_say(service, url))


async def migrate_or_say(service: str, url: str) -> None:
    try:
        await migrate(service, url)
    except NO_ENTRY as error:
        raise OperatorError(f"the database of {service} does not let us in: {error}") from error
