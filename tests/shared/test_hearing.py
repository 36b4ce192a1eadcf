"""A consumer that hears nothing is found, whatever has made it deaf.

What may never happen:

1. A consumer that hears nothing goes on for ever.
2. One that is busy, resting, idle, or without a broker is taken for deaf.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared import hearing
from shared.hearing import DeafError, has_some
from shared.poller import Poller
from tests.shared.polling import Reading, idle, tell, until

FETCHED_SECONDS = 0.3  # Longer than the broker lets a fetch wait.


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
        await asyncio.sleep(FETCHED_SECONDS)  # What was under way has come.
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
        await asyncio.sleep(FETCHED_SECONDS)  # What was under way has come.
        poller.consumer.seek(reading.here, 0)
        await poller.listen()

        poller.assignment.places = frozenset(list(poller.assignment.places))  # Given once more.
        poller.hearing.polls += 1
        await poller.listen()


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
