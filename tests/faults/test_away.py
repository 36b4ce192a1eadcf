"""A broker that is away for long is no reason to restart a worker: it waits, and goes on."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import pytest

from deploy.local import programs, worker
from deploy.local.programs import Program
from shared.contracts.credits import InvoicePaid, OperationCompleted, OperationRequested
from tests.faults.scene import Scene, accounts, funding, lives

TOPICS = (InvoicePaid.topic, OperationRequested.topic, OperationCompleted.topic)
RESERVED = "SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[])"
PLENTY = 10**9
OPERATIONS = 4_000
STILL_SECONDS = 10
AWAY_SECONDS = STILL_SECONDS + 5
YES = 204


@contextmanager
def killed(program: Program) -> Iterator[None]:
    program.kill()
    try:
        yield
    finally:
        program.start()
        program.wait_until_ready()


@contextmanager
def frozen(program: Program) -> Iterator[None]:
    """It takes connections, and says nothing."""
    assert program.process is not None
    program.process.send(signal.SIGSTOP)
    try:
        yield
    finally:
        program.process.send(signal.SIGCONT)


async def said(program: Program, seconds: int) -> Counter[int]:
    """What it answers when it is asked every second whether it lives."""
    port, answers = urlsplit(program.http or "").port, Counter[int]()
    assert port is not None, "workers have probes"
    for _ in range(seconds):
        answers[(await asyncio.to_thread(worker.ask, port, "/live"))[0]] += 1
        await asyncio.sleep(1)
    return answers


@pytest.mark.parametrize("away", [killed, frozen])
async def test_a_worker_without_a_broker_lives_and_goes_on_when_it_is_back(
    scene: Scene, away: Callable[[Program], AbstractContextManager[None]]
) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    program = scene.worker(STILL_SECONDS=str(STILL_SECONDS))
    with programs.running([program]):
        await scene.tell([*funding(owners, PLENTY), *asked, *done])
        await scene.until(lambda reserved: reserved > OPERATIONS / 10, RESERVED, owners)
        with away(scene.kafka):
            assert await said(program, AWAY_SECONDS) == {YES: AWAY_SECONDS}
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    await scene.assert_books_balance()
