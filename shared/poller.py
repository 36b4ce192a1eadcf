"""One consumer group of a service: polls become ordered batches, each applied before the next.

FastStream's loop is not used, see docs/decisions.md: it sleeps after an empty poll, acknowledges
what was polled rather than what was applied, and hides a consumer that has died.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from shared import metrics
from shared.assignment import Assignment, Offsets
from shared.damage import Damages
from shared.dead_letters import Watch, is_unreadable
from shared.health.pulse import Behind, Pulse
from shared.hearing import Hearing
from shared.jobs import MAY_PASS
from shared.kafka import Letter, Reader, Record
from shared.order import Order
from shared.settings import Settings

Handler: TypeAlias = Callable[[Sequence[Letter]], Awaitable[None]]

PAUSE_AFTER_FAILURE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
ACK_EVERY_SECONDS = 1.0
ACK_SECONDS = 5.0
UNASSIGNED_SECONDS = 0.02
# aiokafka has one fetch under way a broker: while it waits for idle partitions, a busy one that has
# run dry waits with it. So the wait is short, and a fetch is large.
FETCH_WAIT_MILLISECONDS = 50
HEARD_MILLISECONDS = 2 * FETCH_WAIT_MILLISECONDS  # Brokers answer in turn; 200 when read alone.
FETCH_BYTES = 4 * 1024 * 1024
PARTITION_FETCH_BYTES = 1024 * 1024
FETCHED_BYTES = 128 * 1024 * 1024  # At most so much lies in aiokafka, a share a partition.
HEARTBEAT_MILLISECONDS = 2_000
NAMELESS_SESSION_SECONDS = 10  # A nameless worker that died gives way sooner.
REBALANCE_MILLISECONDS = 25_000
# A lost database stops polling for as long as it lasts; /live tells whether the loop turns.
LONGEST_PAUSE_MILLISECONDS = 24 * 60 * 60 * 1000

log = structlog.get_logger(__name__)


async def nothing_to_do(_: Collection[int] = ()) -> None:
    """What a group does whose records are done with when they are applied."""


class Batch(NamedTuple):
    """Records that are ready, and the assignment under which they are ours."""

    places: Collection[Place]
    records: Sequence[Record]


@dataclass
class Poller:
    """Reads some topics in one group, and hands them on in batches of `poll_records`."""

    group: str
    topics: Sequence[str]
    reader: Reader
    handler: Handler
    settings: Settings
    applied: Callable[[], Awaitable[Offsets]]
    arrive: Callable[[Collection[int]], Awaitable[None]] = field(default=nothing_to_do)
    leave: Callable[[], Awaitable[None]] = field(default=nothing_to_do)
    before_ack: Callable[[], Awaitable[None]] = field(default=nothing_to_do)
    pulse: Pulse = field(default_factory=Pulse)
    behind: Behind = field(default_factory=Behind)
    turned_at: float = field(default_factory=time.monotonic)
    _stopping: bool = False
    _is_resting: bool = False
    _acked_at: float = 0.0

    def __post_init__(self) -> None:
        self.order = Order(self.topics, self.settings.max_hold_back_seconds)
        self.watch, self._damages = Watch(), Damages()
        self.hearing = Hearing(self.group, self.settings.kafka_bootstrap_servers)
        self.assignment = Assignment(
            self.group, self.settings.kafka_partitions, self.applied, self._arrive, self._leave
        )

    async def start(self) -> None:
        """Join the group; the assignment comes by itself."""
        is_named = self.settings.worker_id is not None
        session_seconds = self.settings.session_seconds if is_named else NAMELESS_SESSION_SECONDS
        places = len(self.topics) * self.settings.kafka_partitions
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            group_id=self.group,
            group_instance_id=self.settings.worker_id,
            client_id=self.settings.worker_id or "igny8",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=min(PARTITION_FETCH_BYTES, FETCHED_BYTES // places),
            session_timeout_ms=1000 * session_seconds,
            heartbeat_interval_ms=HEARTBEAT_MILLISECONDS,
            rebalance_timeout_ms=REBALANCE_MILLISECONDS,
            max_poll_interval_ms=LONGEST_PAUSE_MILLISECONDS,
            # Partition n of every topic is on one worker: its accounts are the same.
            partition_assignment_strategy=[RangePartitionAssignor],
        )
        await self.consumer.start()
        self.assignment.consumer = self.consumer
        self.consumer.subscribe(self.topics, listener=self.assignment)

    async def run(self) -> None:
        """Poll, order, apply, until told to stop; a failure that may pass delays, nothing else."""
        pause = PAUSE_AFTER_FAILURE_SECONDS
        while not self._stopping:
            self.turned_at = time.monotonic()
            try:
                await self._turn()
                pause = PAUSE_AFTER_FAILURE_SECONDS
            except MAY_PASS as error:
                metrics.RETRIES.labels(self.group).inc()
                log.warning("a batch is tried again", group=self.group, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    async def _turn(self) -> None:
        """Read more of what there is little of, and apply what is ready."""
        if not self.assignment.is_complete or not self.assignment.places:
            await asyncio.sleep(UNASSIGNED_SECONDS)  # Nothing is ours yet, or there is too little.
            return
        batch = await self._next_batch(wait_milliseconds=0)
        if not batch.records:
            batch = await self._next_batch(self.settings.poll_wait_milliseconds)
        async with self.assignment.turn:
            # Whatever was given away in between is another's: that goes for all of it, too.
            if batch.places and self.assignment.places is batch.places:
                if batch.records:
                    await self._apply(batch.records)
                await self._ack()

    async def _next_batch(self, wait_milliseconds: int) -> "Batch":
        """Poll, and take what is ready.

        What a poll gives before `Assignment` has sought its places is dropped: it is read again. No
        other task runs between aiokafka's look at the assignment and ours, so nothing else is.
        """
        if wanted := self.order.wanted(self.settings.poll_records):
            self._rest(set(wanted))
            most = self.order.enough(self.settings.poll_records)
            polled = await self.consumer.getmany(
                *wanted, timeout_ms=wait_milliseconds, max_records=most
            )
            self.hearing.polls += 1
            if self.assignment.is_complete:
                self.order.end(self._damages.set_apart(polled))
                self.order.add(polled)
        places = self.assignment.places
        lagging = {place for place in places if await lags(self.consumer, place)}
        lagging |= unheard(self.consumer, places)
        if self.assignment.places is not places:
            return Batch(places, ())
        return Batch(places, self.order.take(self.settings.poll_records, lagging))

    def _rest(self, wanted: AbstractSet[Place]) -> None:
        """While too much waits, aiokafka fetches nothing that is not wanted."""
        resting = self.assignment.places - wanted if self.order.is_full else set()
        if resting or self._is_resting:
            paused = self.consumer.paused()
            self.consumer.pause(*(resting - paused))
            self.consumer.resume(*(paused - resting))
            self._is_resting = bool(resting)
            self.hearing.forget()

    async def _apply(self, batch: Sequence[Record]) -> None:
        began = time.perf_counter()
        letters = self.watch.admit(self.reader.read_all(batch))
        self.order.stop(self.watch.stopped, batch)
        try:
            if letters:
                await self.handler(letters)
        except BaseException:
            self.order.put_back(letter.record for letter in letters)
            self.pulse.failed_altogether(len(letters), time.perf_counter() - began)
            raise
        self.watch.review(letters)
        metrics.BATCH_RECORDS.labels(self.group).observe(len(batch))
        seconds = time.perf_counter() - began
        metrics.BATCH_SECONDS.labels(self.group).observe(seconds)
        self.pulse.worked(len(letters), sum(map(is_unreadable, letters)), seconds)

    async def _ack(self) -> None:
        """Tell Kafka now and then how far we are: for whoever looks at the lag; ours decides."""
        now = time.monotonic()
        if now - self._acked_at < ACK_EVERY_SECONDS:
            return
        self._acked_at = now
        await self.ack()

    async def ack(self) -> None:
        """Commit what was applied, and show what was not; of nothing there is nothing to commit."""
        if not self.assignment.places:
            return
        offsets = {place: await self._next_offset(place) for place in self.assignment.places}
        self._show_lag(offsets)
        try:
            async with asyncio.timeout(ACK_SECONDS):  # Without a broker it would wait for one.
                await self.before_ack()
                await self.consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            metrics.COMMIT_FAILURES.labels(self.group).inc()
            log.info("Kafka did not take the offsets", group=self.group, error=repr(error))

    async def _next_offset(self, place: Place) -> int:
        waiting = self.order.unread_from(place)
        return int(await self.consumer.position(place)) if waiting is None else waiting

    def _show_lag(self, offsets: Offsets) -> None:
        oldest, now = self.order.oldest(), time.time()
        lag, age = 0, 0.0
        for place, offset in offsets.items():
            labels = (self.group, place.topic, str(place.partition))
            end = self.consumer.highwater(place)
            left = max(0, (offset if end is None else end) - offset)
            first = oldest.get(place)
            waited = 0 if first is None else max(0, now - first / 1000)
            metrics.LAG.labels(*labels).set(left)
            metrics.AGE.labels(*labels).set(waited)
            lag, age = lag + left, max(age, waited)
        self.behind = Behind(lag, int(age))

    async def listen(self) -> None:
        """Find out whether the consumer has gone deaf: DeafError when only a new process helps."""
        if self.assignment.consumer is None:  # It has not begun.
            return
        await self.hearing.look(self.consumer, self.assignment, self.order.wanted(1))

    async def acked(self) -> Offsets:
        """How far Kafka thinks we are: for what has no offsets of its own, as questions."""
        places = self.consumer.assignment()
        ends = await self.consumer.end_offsets(places) if places else {}
        known = {place: await self.consumer.committed(place) for place in places}
        return {place: min(offset, ends[place]) for place, offset in known.items() if offset}

    async def stop(self) -> None:
        """Finish the batch at hand and read no more."""
        self._stopping = True

    async def leave_group(self) -> None:
        if self.assignment.is_complete:
            await self.ack()
        await self.consumer.stop()

    async def _leave(self) -> None:
        """What is given away is shown by its next owner."""
        await self.leave()
        for place in self.assignment.places:
            for gauge in (metrics.LAG, metrics.AGE):
                gauge.remove(self.group, place.topic, str(place.partition))

    async def _arrive(self, assigned: Collection[Place]) -> None:
        self.order.restart(assigned)
        self._damages.clear()
        await self.arrive({place.partition for place in assigned})


async def lags(consumer: AIOKafkaConsumer, place: Place) -> bool:
    """Whether there are records that were not read yet, or nobody knows."""
    end = consumer.highwater(place)
    return end is None or await consumer.position(place) < end


def unheard(consumer: AIOKafkaConsumer, places: Collection[Place]) -> set[Place]:
    """Those of which a sister was heard long after: nobody knows where they end by now.

    While we are slow to take what was read of a partition, aiokafka reads on in the others alone.
    """
    heard = {place: consumer.last_poll_timestamp(place) or 0 for place in places}
    newest = dict[int, int]()
    for place, moment in heard.items():
        newest[place.partition] = max(moment, newest.get(place.partition, 0))
    return {p for p, moment in heard.items() if newest[p.partition] - moment > HEARD_MILLISECONDS}
