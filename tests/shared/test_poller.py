"""Polls of a real Kafka: where reading goes on, what a failure does, and how far Kafka is told.

What may never happen:

1. A record is skipped because a handler failed, or because Kafka was told more than was applied.
2. A worker reads a log that cannot be its own.
3. Kafka is told more than was applied.
4. A consumer that hears nothing goes on for ever.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from aiokafka import TopicPartition as Place
from aiokafka.admin import AIOKafkaAdminClient

from shared import hearing, jobs
from shared.assignment import Offsets, check_count, check_lengths
from shared.contracts.credits import OperationFailed
from shared.hearing import DeafError, has_some
from shared.kafka import Letter
from shared.poller import ACK_EVERY_SECONDS, Poller
from shared.publisher import Publisher
from shared.settings import Settings
from tests import making
from tests.making import PARTITIONS, outgoing, partition_for

ENOUGH_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.02
HOME = partition_for(making.failed(1))


@dataclass
class Reading:
    """One worker of a group of its own, and what its handler has done."""

    servers: str
    topic: str
    starts: dict[Place, int] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    tried_at: list[float] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)
    group: str = field(default_factory=lambda: f"poller-{uuid4()}")
    partitions: int = PARTITIONS

    @property
    def here(self) -> Place:
        return Place(self.topic, HOME)

    def poller(self) -> Poller:
        message = type("Told", (OperationFailed,), {"topic": self.topic}, frozen=True, kw_only=True)
        settings = Settings(kafka_bootstrap_servers=self.servers, kafka_partitions=self.partitions)
        reader = making.reader(message)
        return Poller(self.group, [self.topic], reader, self.handle, settings, self.known)

    async def known(self) -> Offsets:
        return self.starts

    async def handle(self, letters: Sequence[Letter]) -> None:
        self.tried_at.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
        self.applied += [letter.record.offset for letter in letters]

    @asynccontextmanager
    async def reads(self) -> AsyncIterator[Poller]:
        """Poll while the block runs, and finish as a service does."""
        poller = self.poller()
        await poller.start()
        running = asyncio.create_task(poller.run())
        try:
            yield poller
        finally:
            await poller.stop()
            await asyncio.wait([running])
            await poller.leave_group()
        await running

    async def committed(self, poller: Poller) -> int | None:
        found: int | None = await poller.consumer.committed(self.here)
        return found


@asynccontextmanager
async def idle(reading: Reading) -> AsyncIterator[Poller]:
    """Has its partitions, and does not poll."""
    poller = reading.poller()
    await poller.listen()  # Before it has begun there is nothing to find out.
    await poller.start()
    try:
        await until(lambda: poller.assignment.is_complete)
        yield poller
    finally:
        await poller.consumer.stop()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(ENOUGH_SECONDS):
        while not is_so():
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def tell(servers: str, topic: str, count: int) -> None:
    """So many records of one account, one after the other."""
    publisher = Publisher(servers)
    await publisher.start()
    try:
        told = [outgoing(making.failed(number))._replace(topic=topic) for number in range(count)]
        await publisher.send(told)
    finally:
        await publisher.stop()


@contextmanager
def without_metadata(poller: Poller) -> Iterator[None]:
    """Its client asks, and waits for ever: the task that keeps its metadata has ended."""
    client = poller.consumer._client  # noqa: SLF001 - aiokafka shows no other.
    client._sync_task.cancel()  # noqa: SLF001
    client.force_metadata_update()
    try:
        yield
    finally:
        client._sync_task = asyncio.create_task(client._md_synchronizer())  # noqa: SLF001


@pytest.fixture
async def reading(environment: dict[str, str]) -> AsyncIterator[Reading]:
    """A topic that nobody else knows, with five records in one of its partitions."""
    servers, topic = environment["KAFKA_BOOTSTRAP_SERVERS"], f"poller-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([making.topic_of_ours(topic)])
        await tell(servers, topic, 5)
        yield Reading(servers, topic)
    finally:
        await admin.delete_topics([topic])
        await admin.close()


@pytest.fixture
def ends() -> Iterator[list[int]]:
    """Signals that ask this process to end, and what it would have ended for."""
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)
        jobs.failures.clear()


async def test_what_may_pass_is_tried_again_with_growing_pauses(reading: Reading) -> None:
    reading.failures += [OSError("gone"), TimeoutError("gone"), ConnectionError("gone")]

    async with reading.reads():
        await until(lambda: reading.applied == [0, 1, 2, 3, 4])

    first, second, third = (
        later - earlier
        for earlier, later in zip(reading.tried_at, reading.tried_at[1:], strict=False)
    )
    assert 0.2 <= first < second < third
    assert (second >= 0.4, third >= 0.8) == (True, True)


async def test_what_cannot_pass_ends_the_loop(reading: Reading) -> None:
    reading.failures.append(KeyError("a mistake of ours"))
    poller = reading.poller()
    await poller.start()
    try:
        with pytest.raises(KeyError):
            await asyncio.wait_for(poller.run(), ENOUGH_SECONDS)
        assert poller.order.unread_from(reading.here) == 0
        await poller.ack()
        assert not await reading.committed(poller)
    finally:
        await poller.consumer.stop()


async def test_kafka_is_told_what_was_applied_and_no_more(reading: Reading) -> None:
    reading.failures += [OSError("gone")] * 2

    async with reading.reads() as poller:
        await until(lambda: len(reading.tried_at) == 1)
        await poller.ack()
        assert not await reading.committed(poller)
        await until(lambda: len(reading.applied) == 5)
        await poller.ack()
        assert await reading.committed(poller) == 5


@pytest.mark.parametrize("own", [0, 3])
async def test_reading_goes_on_where_our_own_offsets_say(reading: Reading, own: int) -> None:
    """Kafka believes that all was read; after a restore of the database, say, it was not."""
    async with reading.reads():
        await until(lambda: len(reading.applied) == 5)
    reading.applied.clear()
    reading.starts = {reading.here: own}

    async with reading.reads():
        await until(lambda: len(reading.applied) == 5 - own)

    assert reading.applied == list(range(own, 5))


async def test_a_log_that_is_shorter_than_what_was_applied_ends_the_process(
    reading: Reading, ends: list[int]
) -> None:
    reading.starts = {reading.here: 6}

    async with reading.reads() as poller:
        await until(lambda: bool(ends))
        assert not poller.assignment.is_complete

    (failure,) = jobs.failures
    assert "ends at 5, but 6 were applied" in str(failure)
    assert reading.applied == []


async def test_a_topic_with_another_number_of_partitions_ends_the_process(
    reading: Reading, ends: list[int]
) -> None:
    reading.partitions = 2 * PARTITIONS

    async with reading.reads():
        await until(lambda: bool(ends))

    (failure,) = jobs.failures
    assert f"has {PARTITIONS} partitions instead of {2 * PARTITIONS}" in str(failure)
    assert reading.applied == []


async def test_a_consumer_that_hears_nothing_of_what_there_is_is_found_deaf(
    reading: Reading,
) -> None:
    async with reading.reads() as poller:
        await until(lambda: len(reading.applied) == 5)
        await poller.listen()
        await poller.listen()  # There is nothing to hear: that is no deafness.
        poller.consumer.pause(reading.here)
        await tell(reading.servers, reading.topic, 1)

        await poller.listen()
        polls = poller.hearing.polls
        await until(lambda: poller.hearing.polls > polls)
        with pytest.raises(DeafError, match=reading.topic):
            await poller.listen()

        poller.consumer.resume(reading.here)
        await until(lambda: len(reading.applied) == 6)
        await poller.listen()


async def test_who_has_not_polled_is_not_deaf(reading: Reading) -> None:
    """A batch may wait for a database, and partitions may be left alone for a while."""
    async with idle(reading) as poller:
        poller.consumer.pause(reading.here)
        poller.consumer.seek(reading.here, 0)  # What it has fetched before is dropped.
        await poller.listen()
        await poller.listen()
        poller.hearing.polls += 1
        poller.hearing.forget()
        await poller.listen()

        poller.hearing.polls += 1
        with pytest.raises(DeafError, match=reading.topic):
            await poller.listen()


async def test_what_has_come_and_waits_for_its_turn_is_no_silence(reading: Reading) -> None:
    """Others may be before it for longer than from look to look."""
    async with idle(reading) as poller:
        await until(lambda: has_some(poller.consumer, reading.here))
        for _ in range(3):
            poller.hearing.polls += 1
            await poller.listen()


async def test_after_a_rebalance_a_partition_is_looked_at_anew(reading: Reading) -> None:
    async with idle(reading) as poller:
        poller.consumer.pause(reading.here)
        poller.consumer.seek(reading.here, 0)
        await poller.listen()

        poller.assignment.places = frozenset(list(poller.assignment.places))  # Given once more.
        poller.hearing.polls += 1
        await poller.listen()


async def test_what_is_given_away_during_a_poll_is_another_s(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is what lies here applied, nor is anybody told how far it was."""
    async with idle(reading) as poller:
        await until(lambda: has_some(poller.consumer, reading.here))
        poll, polls = poller.consumer.getmany, list[object]()

        async def poll_and_lose(*places: Place, **how: int) -> object:
            polled = await poll(*places, **how)
            poller.order.add(polled)
            await poller.assignment.on_partitions_revoked([])
            polls.append(polled)
            return polled

        monkeypatch.setattr(poller.consumer, "getmany", poll_and_lose)
        running = asyncio.create_task(poller.run())
        await until(lambda: bool(polls))
        await poller.stop()
        await running

    assert reading.applied == []


async def test_workers_without_a_partition_wait(reading: Reading) -> None:
    """They take over when another one dies."""
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(reading.reads()) for _ in range(PARTITIONS + 1)]
        await until(lambda: sum(not w.assignment.places for w in workers) == 1)
        await until(lambda: all(w.assignment.is_complete for w in workers))
        await asyncio.sleep(2 * ACK_EVERY_SECONDS)
        for worker in workers:
            await worker.listen()


async def test_a_client_that_the_broker_no_longer_reaches_is_found_deaf(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "ANSWER_SECONDS", 5.0)
    async with reading.reads() as poller:
        await until(lambda: len(reading.applied) == 5)
        with without_metadata(poller):
            with pytest.raises(TimeoutError):
                await poller.listen()
            with pytest.raises(DeafError, match="answers others"):
                await poller.listen()


async def test_while_there_is_no_broker_nobody_is_deaf(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "ANSWER_SECONDS", 1.0)
    async with reading.reads() as poller:
        await until(lambda: len(reading.applied) == 5)
        poller.hearing.servers = "127.0.0.1:1"  # There is nobody.
        with without_metadata(poller):
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    await poller.listen()


async def test_who_is_given_no_partitions_for_too_long_is_deaf(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading.reads() as poller:
        await until(lambda: poller.assignment.is_complete)
        await poller.assignment.on_partitions_revoked([])  # And the group says no more.
        await poller.listen()
        monkeypatch.setattr(hearing, "GIVEN_NOTHING_SECONDS", 0.0)

        async with poller.assignment.turn:
            await poller.listen()  # They are being taken, and that waits for a database, say.
        with pytest.raises(DeafError, match="does not say"):
            await poller.listen()


def test_a_log_may_be_as_long_as_what_was_applied_or_longer() -> None:
    here, elsewhere = Place("t", 0), Place("t", 1)

    check_lengths({here: 5, elsewhere: 9}, {here: 5})
    with pytest.raises(ValueError, match="ends at 9, but 10 were applied"):
        check_lengths({here: 5, elsewhere: 9}, {here: 5, elsewhere: 10})


def test_an_account_is_where_its_lane_says_only_with_the_right_number_of_partitions() -> None:
    check_count("t", 4, 4)
    with pytest.raises(ValueError, match="t has 4 partitions instead of 8"):
        check_count("t", 4, 8)
