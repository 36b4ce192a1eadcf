"""How every service writes Kafka: whole runs a partition, in order, acknowledged by all."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.envelope import Outgoing
from shared.wire import Run, RunBatch, runs

MAX_BATCH_BYTES = 900_000
MAX_REQUEST_BYTES = 6 * 1024 * 1024
REQUEST_TIMEOUT_MILLISECONDS = 20_000
STOP_SECONDS = 2.0


class Publisher:
    """One idempotent producer that sends runs as they were written."""

    def __init__(self, servers: str, client_id: str = "igny8") -> None:
        self._servers, self._client_id = servers, client_id
        self._producer = self._made()

    def _made(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._servers,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=REQUEST_TIMEOUT_MILLISECONDS,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
        )

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def renew(self) -> None:
        """Take another producer: one that has failed may have lost count of its sequence numbers.

        KafkaError while there is no broker. What is sent again has the same ids.
        """
        failed, self._producer = self._producer, self._made()
        with contextlib.suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(failed.stop(), STOP_SECONDS)
        await self._producer.start()

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Publish records of any partitions; KafkaError when the broker did not take them."""
        await self.send_runs(packed(records))

    async def send_runs(self, made: Iterable[Run]) -> None:
        """Publish in order a partition; return when the broker has acknowledged every record."""
        sent = [
            await self._producer.send_batch(RunBatch(run), run.topic, partition=run.partition)
            for run in made
        ]
        await asyncio.gather(*sent)


def packed(records: Iterable[Outgoing]) -> list[Run]:
    """Sort records by their partitions and write each partition's as one run, in order."""
    places: dict[tuple[str, int], list[bytes]] = {}
    for topic, partition, record in records:
        places.setdefault((topic, partition), []).append(record)
    return [
        run
        for (topic, partition), written in places.items()
        for run in runs(topic, partition, written, MAX_BATCH_BYTES)
    ]
