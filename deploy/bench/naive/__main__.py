"""A process of the naive reference: `python -m deploy.bench.naive SERVICE`."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from deploy.bench.naive import credits, limits
from deploy.bench.naive.post import Handlers, Post
from deploy.bench.naive.rows import SCHEMA

WAYS = {"credits": credits.handlers, "limits": limits.handlers}


async def consume(servers: str, handlers: Handlers, port: int) -> None:
    """One message after the other; what was handled is committed."""
    consumer = AIOKafkaConsumer(
        *handlers,
        bootstrap_servers=servers,
        group_id=SCHEMA,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with consumer, await asyncio.start_server(lambda _, out: out.close(), "127.0.0.1", port):
        async for record in consumer:
            await handlers[record.topic](record)
            await consumer.commit()


async def main(service: str, surroundings: Mapping[str, str]) -> None:
    """Serve until SIGTERM."""
    servers, port = surroundings["KAFKA_BOOTSTRAP_SERVERS"], int(surroundings["HTTP_PORT"])
    url = surroundings["SUPERUSER_URL"].replace("postgresql://", "postgresql+asyncpg://")
    sessions = async_sessionmaker(create_async_engine(url), expire_on_commit=False)
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
        handlers = WAYS[service](Post(sessions, producer))
        serving = asyncio.create_task(consume(servers, handlers, port))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
        await asyncio.wait([serving])


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], os.environ))
