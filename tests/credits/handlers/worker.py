"""A worker of credits without a consumer: it applies what it is given, keeps what it sends."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from services.credits import domain
from services.credits.handlers import Credits, obey, sweep
from shared.actor import Verifier
from shared.kafka import Reader, Record
from shared.postgres import Database
from shared.service import Service
from tests.alone import alone, own_everything, recover
from tests.making import reader
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
        await recover(self.service)


@asynccontextmanager
async def working(
    url: str,
    recorder: Recorder | None = None,
    wrap: Callable[[Database], Database] = lambda database: database,
    clock_offset: float = 0,
    verifier: Verifier | None = None,
) -> AsyncIterator[Worker]:
    """Have a worker; `wrap` may stand between it and its database."""
    recorder = recorder or Recorder()
    async with alone("credits", url, recorder, wrap, clock_offset) as service:
        credits = Credits(service)
        service.on_commands(domain.OBEYED, partial(obey, credits))
        own_everything(service)
        yield Worker(credits, recorder, reader(*domain.OBEYED, verifier=verifier))
