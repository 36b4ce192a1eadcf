"""The line of a client to Kafka: a producer that has nothing to lose, a consumer of what comes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as Place
from aiokafka.errors import KafkaTimeoutError

from shared.publisher import MAX_BATCH_BYTES, MAX_REQUEST_BYTES
from shared.wire import Run, RunBatch

SEND_SECONDS = 2.0  # To hand a batch over, and again for the broker to take it.
ARRIVAL_SECONDS = 2 * SEND_SECONDS  # By then a record has reached the broker, or never will.
FETCH_WAIT_MILLISECONDS = 100  # The broker answers at once when a record comes.
FETCH_BYTES = 4 * 1024 * 1024


@asynccontextmanager
async def writing(servers: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer that is not idempotent: commands and events are, by their ids.

    So it has no state to lose, and no error is fatal to it.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=servers,
        acks="all",
        request_timeout_ms=int(SEND_SECONDS * 1000),
        max_batch_size=MAX_BATCH_BYTES,
        max_request_size=MAX_REQUEST_BYTES,
    )
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


async def send(producer: AIOKafkaProducer, runs: Sequence[Run]) -> None:
    """Return when the broker has everything; KafkaError when it took only a part, or nothing."""
    sent: list[asyncio.Future[object]] = []
    try:
        async with asyncio.timeout(SEND_SECONDS):
            for run in runs:
                batch = RunBatch(run)
                sent.append(await producer.send_batch(batch, run.topic, partition=run.partition))
    except TimeoutError as error:
        raise KafkaTimeoutError("the broker is not there") from error
    finally:
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


@asynccontextmanager
async def reading(servers: str, place: Place) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that reads what comes from now on."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        auto_offset_reset="latest",
        enable_auto_commit=False,
        fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
        fetch_max_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        consumer.assign([place])
        await consumer.seek_to_end(place)
        yield consumer
    finally:
        await consumer.stop()
