"""How the demo hears what the services say: from now on, in no group."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer


@asynccontextmanager
async def from_now_on(servers: str, topics: Iterable[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """What stands in the topics already is passed over."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=servers)
    try:
        await consumer.start()
        await consumer.seek_to_end()
        yield consumer
    finally:
        await consumer.stop()
