"""A stack to measure: a way to fill its topics and tables, and a ruler for how long they are."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place

from deploy.bench.load import Life, Load, Pipeline
from deploy.bench.machine import Servers
from deploy.bench.subjects import CREDITS, Subject
from deploy.errors import OperatorError
from deploy.local import databases, environment, kafka, ports, postgres, worker
from deploy.local.programs import Launch, Program
from deploy.local.worker import Post
from shared.contracts.topics import LOCAL_PARTITIONS
from shared.publisher import Publisher

APPLIED = """
    SELECT coalesce(sum(next_offset), 0)::bigint FROM {schema}.kafka_offsets
    WHERE consumer_group = $1 AND topic = $2
"""
STATES = "SELECT state, count(*) FROM {schema}.{table} GROUP BY state"
LOOK_EVERY_SECONDS = 0.02
CATCH_UP_SECONDS = 60.0


@dataclass(frozen=True)
class Rig:
    """Everything that a measurement needs; one at a time."""

    home: Path
    environment: Mapping[str, str]
    servers: Servers
    publisher: Publisher
    ruler: AIOKafkaConsumer
    database: "asyncpg.Connection[asyncpg.Record]"
    pipeline: Pipeline
    partitions: int
    subject: Subject = CREDITS

    def of(self, subject: Subject) -> Self:
        """The same stack, to measure another service."""
        return replace(self, subject=subject)

    def lives(self, count: int, accounts: Sequence[str]) -> list[Life]:
        """Operations as the service knows them, of accounts drawn by chance."""
        return self.subject.drawn(self.pipeline, count, accounts)

    def workers(self, count: int) -> list[Program]:
        """So many processes that obey, as an operator would start them."""
        posts = [Post(self.subject.name, number, "commands") for number in range(1, count + 1)]
        return [worker.program(post, self.home, self.environment) for post in posts]

    def answerer(self) -> Program:
        """The process that answers questions."""
        post = Post(self.subject.name, reads="questions")
        return worker.program(post, self.home, self.environment)

    def program(self, name: str, arguments: Sequence[str]) -> Program:
        """A program of the benchmark's own, which listens on its port when it is ready."""
        port = ports.port_of(self.home, name)
        own = {"HTTP_PORT": str(port), "SUPERUSER_URL": superuser_url(self.home)}
        surroundings = os.environ | self.environment | own
        command = [sys.executable, "-m", *arguments]
        return Program(
            name=name,
            title=name,
            home=self.home,
            launch=lambda: Launch(command=command, environment=surroundings),
            is_ready=lambda: ports.is_open(port),
        )

    async def fund(self, accounts: Sequence[str], empty: Sequence[str] = ()) -> None:
        """Begin with empty tables but for these accounts: rich ones, and some with nothing."""
        await self.database.execute(f"TRUNCATE {self.subject.emptied}")
        for table, columns, rows in self.subject.fillings(accounts, empty):
            await self.database.copy_records_to_table(
                table, schema_name=self.subject.name, records=rows, columns=columns
            )
            await self.database.execute(f"VACUUM ANALYZE {self.subject.name}.{table}")
        await self.database.execute("CHECKPOINT")

    async def publish(self, load: Load) -> None:
        for wave in load.waves:
            await self.publisher.send_runs(wave)

    async def length(self, topic: str) -> int:
        """How many records a topic has had, in all its partitions."""
        places = [Place(topic, number) for number in range(self.partitions)]
        return sum((await self.ruler.end_offsets(places)).values())

    async def applied(self, topic: str) -> int:
        """How many records of a topic the service has applied: they count with their effects."""
        group, query = self.subject.name, APPLIED.format(schema=self.subject.name)
        return int(await self.database.fetchval(query, group, topic))

    async def caught_up(self) -> None:
        """Wait until the service has applied all there is: what others were asked counts not."""
        for topic in self.subject.asked:
            goal, deadline = await self.length(topic), time.monotonic() + CATCH_UP_SECONDS
            while await self.applied(topic) < goal:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                if time.monotonic() > deadline:
                    raise OperatorError(f"{topic} was not read to its end")

    async def states(self) -> dict[str, int]:
        """How many operations there are in each state."""
        query = STATES.format(schema=self.subject.name, table=self.subject.holds)
        return {row[0]: row[1] for row in await self.database.fetch(query)}


def superuser_url(home: Path) -> str:
    return postgres.superuser_url(home, databases.DATABASE)


def with_command(program: Program, command: Sequence[str]) -> Program:
    """The same process of the stack, started in another way."""
    return replace(program, launch=lambda: replace(program.launch(), command=command))


@asynccontextmanager
async def connected(home: Path, settings: Mapping[str, str]) -> AsyncIterator[Rig]:
    """Take a running stack of our own for measuring."""
    bootstrap = settings[environment.KAFKA]
    partitions = int(settings.get("KAFKA_PARTITIONS", LOCAL_PARTITIONS))
    publisher, ruler = Publisher(bootstrap), AIOKafkaConsumer(bootstrap_servers=bootstrap)
    database = await asyncpg.connect(
        superuser_url(home), server_settings={"search_path": CREDITS.name, "statement_timeout": "0"}
    )
    servers = Servers(pid_of(postgres.program(home)), pid_of(kafka.program(home)))
    await publisher.start()
    await ruler.start()
    pipeline = Pipeline(partitions)
    try:
        yield Rig(home, settings, servers, publisher, ruler, database, pipeline, partitions)
    finally:
        await ruler.stop()
        await publisher.stop()
        await database.close()


def pid_of(server: Program) -> psutil.Process:
    assert server.process is not None, "the stack is running"
    return psutil.Process(server.process.pid)
