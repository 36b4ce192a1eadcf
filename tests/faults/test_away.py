"""A server that is away is no reason to restart a worker, and keeps nobody from stopping one."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import msgspec
import pytest

from deploy.local import programs, worker
from deploy.local.programs import Program
from tests.faults.loads import of_credits
from tests.faults.scene import Scene

OPERATIONS = 4_000
A_LITTLE = 0.1
STOP_SECONDS = 25.0
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
    load = of_credits(scene, OPERATIONS)
    program = scene.worker(STILL_SECONDS=str(STILL_SECONDS))
    with programs.running([program]):
        await scene.tell(load.messages)
        await load.under_way(A_LITTLE)
        with away(scene.kafka):
            assert await said(program, AWAY_SECONDS) == {YES: AWAY_SECONDS}
        await load.settled()

    await load.assert_done_once()


async def test_a_worker_without_a_database_is_stopped_in_order(scene: Scene) -> None:
    load = of_credits(scene, OPERATIONS)
    program = scene.worker()
    with programs.running([program]):
        await load.scene.tell(load.messages)
        await load.under_way(A_LITTLE)
        with killed(scene.postgres):
            program.ask_to_stop()
            await asyncio.wait_for(asyncio.to_thread(program.finish), STOP_SECONDS)
            lines = [msgspec.json.decode(line) for line in program.log.read_bytes().splitlines()]
            assert not [line for line in lines if line["level"] == "critical"]
        program.start()
        await asyncio.to_thread(program.wait_until_ready)
        await load.settled()

    await load.assert_done_once()
