"""A worker of credits without a consumer: it applies what it is given, keeps what it sends."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from aiokafka import TopicPartition as Place

from services.credits import domain
from services.credits.handlers import Credits, obey, sweep
from shared import postgres
from shared.actor import Verifier
from shared.kafka import Reader, Record
from shared.outbox import Outbox
from shared.postgres import Database
from shared.service import Service
from shared.settings import Settings
from tests.making import PARTITIONS, reader
from tests.recorder import Recorder


@dataclass
class Worker:
    """A service whose partitions are all its own."""

    credits: Credits
    recorder: Recorder
    reader: Reader

    @property
    def service(self) -> Service:
        return self.credits.service

    async def obey(self, records: Sequence[Record]) -> None:
        """Apply a poll, and wait until what it sends has arrived."""
        await obey(self.credits, self.reader.read_all(records))
        await self.service.outbox.settled()

    async def sweep(self) -> None:
        await sweep(self.credits)
        await self.service.outbox.settled()

    async def recover(self) -> None:
        """Do what a worker does when it is given partitions, and what it does when it is idle."""
        pool = self.service.database.pool_for(None)
        while await self.service.outbox.recover(pool, range(PARTITIONS)):
            continue
        await self.service.outbox.tidy(pool)


@asynccontextmanager
async def working(
    url: str,
    recorder: Recorder | None = None,
    wrap: Callable[[Database], Database] = lambda database: database,
    clock_offset: float = 0,
    verifier: Verifier | None = None,
) -> AsyncIterator[Worker]:
    """Have a worker; `wrap` may stand between it and its database."""
    settings = Settings(
        kafka_bootstrap_servers="nowhere:0",
        credits_database_url=url,
        clock_offset=clock_offset,
        environment="development",
    )
    service = Service("credits", settings)
    recorder = recorder or Recorder()
    async with postgres.connected(url, "handlers") as database:
        service.database = wrap(database)
        service.publisher, service.outbox = recorder, Outbox(recorder)
        credits = Credits(service)
        service.on_commands(domain.OBEYED, partial(obey, credits))
        own = service.pollers[0].assignment
        own.places = frozenset(Place("", number) for number in range(PARTITIONS))
        own.is_complete = True
        yield Worker(credits, recorder, reader(*domain.OBEYED, verifier=verifier))
