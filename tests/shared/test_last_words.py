"""A session whose server has said its last words, but has not hung up yet, ends no worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared import jobs
from shared.postgres import Pool, connected

OURS = "SELECT pg_backend_pid()"
END = "SELECT pg_terminate_backend($1)"
SOON = 5.0
A_MOMENT = 0.05


@dataclass
class Wire:
    """Between a pool and PostgreSQL: hands on every word, but keeps to itself who has hung up."""

    host: str | None
    port: int | None
    lines: list[asyncio.Event] = field(default_factory=list)
    said_all: asyncio.Event = field(default_factory=asyncio.Event)
    may_hang_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended = asyncio.Event()
        self.lines.append(ended)
        from_server, to_server = await asyncio.open_connection(self.host, self.port)
        asking = asyncio.create_task(hand_on(reader, to_server))
        await hand_on(from_server, writer)
        self.said_all.set()
        await self.may_hang_up.wait()
        for end in (to_server, writer):
            end.close()
        await asyncio.gather(asking, return_exceptions=True)
        ended.set()


async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while said := await reader.read(2**16):
        writer.write(said)
        await writer.drain()


@asynccontextmanager
async def through_a_wire(url: str) -> AsyncIterator[tuple[Pool, Wire]]:
    parts = urlsplit(url)
    wire = Wire(parts.hostname, parts.port)
    async with await asyncio.start_server(wire.connect, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        through = parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        async with connected(through, "wired") as database:
            try:
                yield database.pool_for(None), wire
            finally:
                wire.may_hang_up.set()
        await asyncio.gather(*[line.wait() for line in wire.lines])


async def test_a_job_goes_on_after_the_last_words_of_its_session(
    service_url: str, pool: Pool
) -> None:
    async with through_a_wire(service_url) as (wired, wire):
        lost = await wired.fetchval(OURS)
        await pool.execute(END, lost)
        await asyncio.wait_for(wire.said_all.wait(), SOON)
        await asyncio.sleep(A_MOMENT)  # They are read.
        tried, found = list[int](), asyncio.Queue[int]()

        async def look() -> None:
            tried.append(lost)
            found.put_nowait(await wired.fetchval(OURS))

        job = asyncio.create_task(jobs.repeat(A_MOMENT, look))
        looking = asyncio.create_task(found.get())
        await asyncio.wait([job, looking], timeout=SOON, return_when=asyncio.FIRST_COMPLETED)

        assert not job.done(), job.exception()
        assert looking.result() != lost
        assert len(tried) > 1, "the first look met nothing"
        job.cancel()
