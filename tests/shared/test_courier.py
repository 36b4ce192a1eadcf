"""What is to be said arrives in order and once, while whoever says it goes on.

What may never happen:

1. What was sent later arrives earlier, however often the broker refuses.
2. More than one load travels and one waits: memory is bounded.
3. A group tells Kafka that its questions are done with while their answers travel.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence

import pytest

from shared import courier
from shared.contracts.credits import CreditsQuery
from shared.courier import Courier
from shared.kafka import Letter
from shared.publisher import NEVER, packed
from shared.service import Service
from shared.settings import Settings
from shared.wire import Run
from tests import making
from tests.broker import Broker
from tests.making import uuid

LONGEST_SECONDS = 10.0


def load(number: int) -> list[Run]:
    return packed([making.outgoing(making.failed(number))])


async def test_the_next_load_waits_for_the_one_that_travels_and_its_sender_for_that() -> None:
    broker = Broker()
    broker.is_open.clear()
    postman = Courier(broker)

    await postman.send(load(1))
    second = asyncio.create_task(postman.send(load(2)))
    await broker.is_asked.wait()
    assert (second.done(), broker.told()) == (False, [])

    broker.is_open.set()
    await second
    await postman.settled()
    assert broker.told() == [uuid(1), uuid(2)]


async def test_what_is_refused_goes_before_what_comes_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "RETRY_SECONDS", 0.01)
    broker = Broker(refusals=3)
    postman = Courier(broker)
    before = time.monotonic()
    assert broker.kept_waiting_at == NEVER

    for number in (1, 2, 3):
        await postman.send(load(number))
    await postman.settled()

    assert broker.told() == [uuid(1), uuid(2), uuid(3)]
    assert broker.kept_waiting_at >= before, "a process lives while the broker refuses"


async def test_who_sends_hears_when_it_has_arrived() -> None:
    broker, arrived = Broker(), list[Sequence[Run]]()
    broker.is_open.clear()
    postman = Courier(broker)

    await postman.send(load(1), arrived.append)
    await broker.is_asked.wait()
    assert arrived == []

    broker.is_open.set()
    await postman.settled()
    assert arrived == [[]]


class Broken(Broker):
    """Fails in a way that does not pass."""

    async def send_runs(self, made: Iterable[Run]) -> None:
        self.is_asked.set()
        raise AssertionError(f"a mistake of ours in {len(list(made))} runs")


async def test_nothing_goes_past_a_load_that_fails_for_good(ends: list[int]) -> None:
    """Neither what comes after it, nor the news that it has arrived."""
    postman = Courier(Broken())

    await postman.send(load(1))
    for waits in (postman.send(load(2)), postman.settled()):
        with pytest.raises(AssertionError, match="a mistake of ours in 1 runs"):
            await asyncio.wait_for(waits, LONGEST_SECONDS)

    assert ends, "the process ends"


async def test_questions_are_done_with_when_their_answers_have_arrived() -> None:
    service = Service("credits", Settings(kafka_bootstrap_servers="nowhere:0"))
    service.on_queries([CreditsQuery], ignore)
    broker = Broker()
    broker.is_open.clear()
    service.speak_through(broker)
    (poller,) = service.pollers

    await service.courier.send(load(1))
    waiting = [asyncio.ensure_future(wait()) for wait in (poller.before_ack, poller.leave)]
    await broker.is_asked.wait()
    assert not any(task.done() for task in waiting)

    broker.is_open.set()
    await asyncio.gather(*waiting)
    assert broker.told() == [uuid(1)]


async def ignore(_: Sequence[Letter]) -> None:
    return
