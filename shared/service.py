"""What every service is made of: pollers, a database, an outbox, jobs and probes, in order.

Start: database, producer, jobs, groups (each at its own offsets), probes. Stop at SIGTERM: finish
the batch, publish what it sends, ack, leave the groups, then close producer and database; within
25 s.
"""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import asyncpg
import structlog
import uvloop

from shared import jobs, logs, metrics, offsets, postgres, tracing
from shared.access import Gate
from shared.actor import Verifier
from shared.assignment import Offsets
from shared.contracts.message import Message
from shared.courier import Courier
from shared.health.pulse import Behind, Pulse, together
from shared.jobs import Job
from shared.kafka import Reader
from shared.outbox import Outbox
from shared.poller import Handler, Poller
from shared.postgres import Database
from shared.probes import Probes
from shared.publisher import Publisher
from shared.settings import Settings, database_variable

RECOVER_EVERY_SECONDS = 1.0
TIDY_EVERY_SECONDS = 1.0
MEASURE_EVERY_SECONDS = 5.0
END_FROZEN_EVERY_SECONDS = 2.0
LISTEN_EVERY_SECONDS = 10.0
STOP_SECONDS = 25.0
FINISH_SECONDS = 15.0  # Of these, for the batch at hand.
CANNOT_BE_USED = (*jobs.MAY_PASS, asyncpg.PostgresError)
GARBAGE_OBJECTS = 100_000  # A poll makes this many and frees them by itself.

log = structlog.get_logger(__name__)


class StartError(Exception):
    """A server that a process cannot do without is not there, or does not let it in."""


@dataclass
class Service:
    """One process of a service; what speaks to the database and to Kafka exists while it runs."""

    name: str
    settings: Settings
    database: Database = field(init=False)
    publisher: Publisher = field(init=False)
    outbox: Outbox = field(init=False)
    courier: Courier = field(init=False)  # Of answers.
    pollers: list[Poller] = field(default_factory=list)
    jobs: list[tuple[float, Job]] = field(default_factory=list)
    pulse: Pulse = field(default_factory=Pulse)

    def __post_init__(self) -> None:
        verifier = Verifier.of_file(self.settings.actor_public_key_file)
        self.gate = Gate(verifier, self.settings.clock_offset)

    @property
    def obeys(self) -> bool:
        """Whether this process reads commands and facts."""
        return self.settings.reads != "questions"

    @property
    def answers(self) -> bool:
        """Whether this process reads questions."""
        return self.settings.reads != "commands"

    def on_commands(self, types: Sequence[type[Message]], handler: Handler) -> None:
        """Read these in the service's own group, from where its own offsets say."""

        async def applied() -> Offsets:
            return await offsets.applied(self.database.pool_for(None), self.name)

        async def arrive(partitions: Collection[int]) -> None:
            """What the last owner left behind goes first."""
            while await self.outbox.recover(self.database.pool_for(None), partitions):
                continue

        async def leave() -> None:
            await self.outbox.settled()

        poller = self._poller(self.name, types, handler, applied)
        poller.arrive, poller.leave = arrive, leave
        self.pollers.append(poller)

    def on_queries(self, types: Sequence[type[Message]], handler: Handler) -> None:
        """Read questions in a group of their own: they never wait behind money."""

        async def acked() -> Offsets:
            return await poller.acked()

        async def settled() -> None:
            await self.courier.settled()

        poller = self._poller(f"{self.name}.queries", types, handler, acked)
        poller.leave = poller.before_ack = settled
        self.pollers.append(poller)

    def _poller(
        self,
        group: str,
        types: Sequence[type[Message]],
        handler: Handler,
        applied: Callable[[], Awaitable[Offsets]],
    ) -> Poller:
        topics = [message.topic for message in types]
        reader = Reader(types, self.settings.kafka_partitions, self.gate)
        poller = Poller(group, topics, reader, handler, self.settings, applied)
        poller.pulse = self.pulse
        return poller

    def every(self, seconds: float, job: Job) -> None:
        self.jobs.append((seconds, job))

    @property
    def behind(self) -> Behind:
        """What was not applied yet, of all that this process reads."""
        return together(poller.behind for poller in self.pollers)

    @property
    def partitions(self) -> Collection[int]:
        """The partitions whose accounts this worker serves now."""
        own = self.pollers[0].assignment
        return {place.partition for place in own.places} if own.is_complete else set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Between two batches: a sweep neither overtakes one nor works on partitions given away."""
        async with self.pollers[0].assignment.turn:
            yield

    async def run(self) -> None:
        """Serve until SIGTERM; then finish what was begun."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.connected())
            await stack.enter_async_context(Probes(self).served())
            polling = [jobs.watched(poller.run()) for poller in self.pollers]
            await stopping.wait()
            log.info("stopping")
            loop.call_later(STOP_SECONDS, os._exit, 1)  # Kafka's client may hang without a broker.
            await self._finish(polling)

    async def _finish(self, polling: "Sequence[asyncio.Task[None]]") -> None:
        for poller in self.pollers:
            await poller.stop()
        _, late = await asyncio.wait(polling, timeout=FINISH_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)  # What they had in hand is put back.
        await self.outbox.settled()
        for poller in self.pollers:
            await poller.leave_group()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Hold what the handlers need, from before the first poll until after the last."""
        settings = self.settings
        name = settings.worker_id or self.name
        async with AsyncExitStack() as stack:
            with needed(database_variable(self.name)):
                pools = postgres.connected(settings.database_url(self.name), name)
                self.database = await stack.enter_async_context(pools)
            with needed("KAFKA_BOOTSTRAP_SERVERS"):
                self.speak_through(Publisher(settings.kafka_bootstrap_servers, name))
                stack.push_async_callback(self.publisher.stop)
                await self.publisher.start()
            await stack.enter_async_context(self._at_work())
            gc.freeze()  # What is imported stays: no collection need ever look at it again.
            gc.set_threshold(GARBAGE_OBJECTS)
            yield

    def speak_through(self, publisher: Publisher) -> None:
        """Facts and replies go one way, answers to questions another: neither waits for both."""
        self.publisher = publisher
        self.outbox, self.courier = Outbox(publisher), Courier(publisher)

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        """Have jobs and groups running; when they have ended, nothing is left in the outbox."""
        running = [jobs.watched(jobs.repeat(s, job)) for s, job in self._all_jobs()]
        try:
            with needed("KAFKA_BOOTSTRAP_SERVERS"):
                for poller in self.pollers:
                    await poller.start()
            yield
        finally:
            for job in running:
                job.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await self._tidy_up()

    async def _tidy_up(self) -> None:
        """Forget what has arrived; where the database is away, whoever works next will do so."""
        try:
            await self.outbox.tidy(self.database.pool_for(None))
        except jobs.MAY_PASS as error:
            log.warning("the outbox is not tidied", error=repr(error))

    def _all_jobs(self) -> list[tuple[float, Job]]:
        pool = self.database.pool_for(None)
        return [
            *self.jobs,
            *(self._outbox_jobs() if self.obeys else ()),
            (MEASURE_EVERY_SECONDS, self._measure),
            (END_FROZEN_EVERY_SECONDS, lambda: postgres.end_frozen(pool)),
            *((LISTEN_EVERY_SECONDS, poller.listen) for poller in self.pollers),
        ]

    def _outbox_jobs(self) -> list[tuple[float, Job]]:
        pool = self.database.pool_for(None)
        return [
            (RECOVER_EVERY_SECONDS, lambda: self.outbox.recover(pool)),
            (TIDY_EVERY_SECONDS, lambda: self.outbox.tidy(pool)),
            (MEASURE_EVERY_SECONDS, lambda: self.outbox.measure(pool)),
        ]

    async def _measure(self) -> None:
        """How late the loop wakes, and how far the clocks are apart."""
        asleep = time.perf_counter()
        await asyncio.sleep(0)
        metrics.LOOP_LAG.set(time.perf_counter() - asleep)
        now = await postgres.read_clock(self.database.pool_for(None))
        metrics.CLOCK_OFFSET.set(now.timestamp() - time.time())
        for pool, connections in self.database.in_use().items():
            metrics.POOL_IN_USE.labels(pool).set(connections)


@contextmanager
def needed(variable: str) -> Iterator[None]:
    """Say which server it was; what cannot be read of an address may hold a password."""
    try:
        yield
    except ValueError as error:
        raise StartError(f"{variable}: it is no address") from error
    except CANNOT_BE_USED as error:
        raise StartError(f"{variable}: {error!r}") from error


def run(name: str, subscribe: Callable[[Service], None]) -> None:
    """Make a service of what it subscribes to, and run it to its end."""
    settings = Settings.read(name)
    logs.configure(name, settings.log_level, settings.worker_id)
    tracing.configure(name, settings.otel_exporter_otlp_endpoint)
    service = Service(name, settings)
    subscribe(service)
    try:
        uvloop.run(service.run())
    except StartError as error:
        log.critical("could not start", reason=str(error))
        raise SystemExit(1) from None
    raise SystemExit(bool(jobs.failures))
