"""The stack without services: PostgreSQL and Kafka, or yours, with topics, roles and tables."""

import asyncio
import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import migrate, topics
from deploy.errors import OperatorError
from deploy.local import databases, environment, postgres, programs, wanted
from deploy.local.interrupts import orderly
from deploy.progress import DONE

log = logging.getLogger(__name__)


class BusyError(OperatorError):
    """Another program looks after this data folder."""


@contextmanager
def running(home: Path) -> Iterator[dict[str, str]]:
    """Start a stack on what its data folder holds; give the environment of the services.

    It ends with the block, also by Ctrl-C or SIGTERM. Its servers can be killed and started again
    in between: `kafka.program(home)` and `postgres.program(home)` are how.
    """
    home = make_home(home)
    servers = wanted.programs(home, wanted.servers(), {})
    with sole(home), orderly(), programs.running(servers):
        settings = prepare(home)
        log.info("Kafka and PostgreSQL are ready", extra=DONE)
        yield settings


def make_home(home: Path) -> Path:
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o755)
    return home.resolve()


@contextmanager
def sole(home: Path) -> Iterator[None]:
    """Be the one program that starts and stops what runs on a data folder."""
    lock = home / "run" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"another program runs a stack on {home}") from error
        yield


def prepare(home: Path) -> dict[str, str]:
    """Make what is missing inside the servers; give the environment of the services."""
    settings = environment.make(home)
    if not environment.given_databases():
        make = databases.make(
            postgres.superuser_url(home, "postgres"),
            postgres.superuser_url(home, databases.DATABASE),
        )
        asyncio.run(make)
    asyncio.run(topics.make_for(settings))
    asyncio.run(migrate.migrate_all(settings))
    environment.write(home, settings)
    return settings
