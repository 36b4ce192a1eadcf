"""Polls of a real Kafka: where reading goes on, what a failure does, and how far Kafka is told.

What may never happen:

1. A record is skipped because a handler failed, or because Kafka was told more than was applied.
2. A worker reads a log that cannot be its own.
3. Kafka is told more than was applied.
4. A worker without a partition, or that has just lost all of its, ends.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
from aiokafka import TopicPartition as Place

import shared.poller
import shared.service
from shared import jobs
from shared.assignment import check_count, check_lengths
from shared.hearing import has_some
from shared.kafka import Letter
from shared.poller import ACK_EVERY_SECONDS
from shared.service import Service
from shared.settings import Settings
from tests.making import PARTITIONS
from tests.recorder import Recorder
from tests.shared.polling import ENOUGH_SECONDS, Reading, idle, until


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


async def test_kafka_is_told_nothing_while_that_which_follows_from_it_has_not_arrived(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.poller, "ACK_SECONDS", 0.3)
    arrived = asyncio.Event()

    async def has_arrived() -> None:
        await arrived.wait()

    async with reading.reads() as poller:
        poller.before_ack = has_arrived
        await until(lambda: len(reading.applied) == 5)
        await poller.ack()
        assert not await reading.committed(poller)
        arrived.set()
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


def test_a_log_may_be_as_long_as_what_was_applied_or_longer() -> None:
    here, elsewhere = Place("t", 0), Place("t", 1)

    check_lengths({here: 5, elsewhere: 9}, {here: 5})
    with pytest.raises(ValueError, match="ends at 9, but 10 were applied"):
        check_lengths({here: 5, elsewhere: 9}, {here: 5, elsewhere: 10})


def test_an_account_is_where_its_lane_says_only_with_the_right_number_of_partitions() -> None:
    check_count("t", 4, 4)
    with pytest.raises(ValueError, match="t has 4 partitions instead of 8"):
        check_count("t", 4, 8)


async def test_what_is_in_hand_when_a_process_ends_is_not_done_with(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.service, "FINISH_SECONDS", 0.2)
    service = Service("credits", Settings(kafka_bootstrap_servers=reading.servers))
    service.speak_through(Recorder())
    has_begun = asyncio.Event()

    async def hangs(_: Sequence[Letter]) -> None:
        has_begun.set()
        await asyncio.Event().wait()

    poller = reading.poller()
    poller.handler = hangs
    service.pollers.append(poller)
    await poller.start()
    running = jobs.watched(poller.run())
    await has_begun.wait()
    await service._finish([running])  # noqa: SLF001 - What follows a signal.

    async with idle(reading) as successor:
        assert not await reading.committed(successor)
