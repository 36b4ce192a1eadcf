"""A service without a consumer: it applies what it is given, and keeps what it sends."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiokafka import TopicPartition as Place

from shared import postgres
from shared.postgres import Database
from shared.service import Service
from shared.settings import Settings
from tests.making import PARTITIONS
from tests.recorder import Recorder


@asynccontextmanager
async def alone(
    name: str,
    url: str,
    recorder: Recorder,
    wrap: Callable[[Database], Database] = lambda database: database,
    clock_offset: float = 0,
) -> AsyncIterator[Service]:
    """Have a process of a service; `wrap` may stand between it and its database."""
    said = {"kafka_bootstrap_servers": "nowhere:0", f"{name}_database_url": url}
    settings = Settings.model_validate(
        said | {"clock_offset": clock_offset, "environment": "development"}
    )
    service = Service(name, settings)
    async with postgres.connected(url, "handlers") as database:
        service.database = wrap(database)
        service.speak_through(recorder)
        yield service


def own_everything(service: Service) -> None:
    """All partitions are this worker's, once it has said what it listens to."""
    own = service.pollers[0].assignment
    own.places = frozenset(Place("", number) for number in range(PARTITIONS))
    own.is_complete = True


async def recover(service: Service) -> None:
    """Do what a worker does when it is given partitions, and what it does when it is idle."""
    pool = service.database.pool_for(None)
    while await service.outbox.recover(pool, range(PARTITIONS)):
        continue
    await service.outbox.tidy(pool)
