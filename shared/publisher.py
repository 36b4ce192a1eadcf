"""How every service writes Kafka: whole runs a partition, in order, acknowledged by all."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from shared import metrics
from shared.envelope import Outgoing
from shared.wire import Run, RunBatch, apart, runs

MAX_BATCH_BYTES = 900_000
MAX_REQUEST_BYTES = 6 * 1024 * 1024
REQUEST_TIMEOUT_MILLISECONDS = 20_000
STOP_SECONDS = 2.0
LONG_WAIT_SECONDS = 5.0  # So long no broker takes that is there.
NEVER = float("-inf")
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

log = structlog.get_logger(__name__)


class TooLargeError(KafkaError):  # type: ignore[misc] # aiokafka has no types.
    """The broker will never take some records of these runs, however often they are sent."""

    def __init__(self, left: Sequence[Run]) -> None:
        super().__init__(", ".join(f"{run.topic} {run.partition}" for run in left))
        self.left = left


class Publisher:
    """One idempotent producer that sends runs as they were written."""

    kept_waiting_at = NEVER  # When the broker last let a delivery wait, on the monotonic clock.

    def __init__(self, servers: str, client_id: str = "igny8") -> None:
        self._servers, self._client_id = servers, client_id
        self._producer = self._made()
        self._is_spent = False
        self._renewing = asyncio.Lock()
        self._travelling = Counter[AIOKafkaProducer]()

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

    async def _unspent(self) -> AIOKafkaProducer:
        """Another producer once one has failed: it may have lost count of its sequence numbers.

        KafkaError while there is no broker. What is sent again has the same ids.
        """
        if self._is_spent:
            async with self._renewing:
                if self._is_spent:
                    await self._renew()
        return self._producer

    async def _renew(self) -> None:
        failed, self._producer = self._producer, self._made()
        await self._let_go(failed)
        await self._producer.start()
        self._is_spent = False

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[AIOKafkaProducer]:
        """One that others may use as well; after a failure there will be another one."""
        producer = await self._unspent()
        self._travelling[producer] += 1
        try:
            yield producer
        except KafkaError:
            # Whoever used the one before learns nothing about the one that there is now.
            self._is_spent |= producer is self._producer
            raise
        finally:
            self._travelling[producer] -= 1
            if producer is not self._producer:
                await self._let_go(producer)

    async def _let_go(self, failed: AIOKafkaProducer) -> None:
        """Stop it after its last user: who waits for a stopped client to learn of a topic waits on.

        aiokafka resolves no update of its metadata that was asked for when it is closed.
        """
        if not self._travelling[failed]:
            del self._travelling[failed]
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(failed.stop(), STOP_SECONDS)

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Publish records of any partitions; KafkaError when the broker did not take all of them.

        TooLargeError when it never will; then it has the others.
        """
        if refused := await self.deliver(packed(records)):
            raise TooLargeError(refused)

    async def deliver(self, made: Sequence[Run]) -> list[Run]:
        """Publish in order a partition; give back what the broker never takes, for its size.

        KafkaError when it took only a part, or nothing.
        """
        try:
            await self.send_runs(made)
        except TooLargeError as error:
            return await self._deliver_apart(error.left)
        return []

    async def _deliver_apart(self, left: Sequence[Run]) -> list[Run]:
        """Record by record, so that what fits goes out."""
        refused: list[Run] = []
        for run in chain.from_iterable(map(apart, left)):
            try:
                await self.send_runs([run])
            except TooLargeError:
                metrics.TOO_LARGE.labels(run.topic).inc()
                log.critical("the broker never takes a record: it is too large", **said_of(run))
                refused.append(run)
        return refused

    async def send_runs(self, made: Iterable[Run]) -> None:
        """Publish in order a partition; return when the broker has acknowledged every record.

        For as long as there is no broker this waits, and says so.
        """
        sending = asyncio.create_task(self._send_runs(list(made)))
        try:
            while not (await asyncio.wait([sending], timeout=LONG_WAIT_SECONDS))[0]:
                self.kept_waiting_at = time.monotonic()
                log.warning("the broker has not acknowledged yet", seconds=LONG_WAIT_SECONDS)
        finally:
            sending.cancel()
        await sending

    async def _send_runs(self, made: Sequence[Run]) -> None:
        async with self._lent() as producer:
            await self._send_by(producer, made)

    async def _send_by(self, producer: AIOKafkaProducer, made: Sequence[Run]) -> None:
        sent: list[asyncio.Future[object]] = []
        try:
            for run in made:
                batch = RunBatch(run)
                sent.append(await producer.send_batch(batch, run.topic, partition=run.partition))
        finally:
            outcomes = await asyncio.gather(*sent, return_exceptions=True)
        failed = [
            (run, outcome)
            for run, outcome in zip(made, outcomes, strict=True)
            if isinstance(outcome, BaseException)
        ]
        if any(isinstance(error, TOO_LARGE) for _, error in failed):
            raise TooLargeError([run for run, _ in failed])
        for _, error in failed:
            raise error


def said_of(run: Run) -> dict[str, str | int]:
    return {"topic": run.topic, "partition": run.partition, "bytes": len(run.records)}


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
