"""A worker that froze and lost its partitions wakes up and goes on: nothing of it counts twice.

Nameless workers are best tried first: a named one that has stopped keeps its partitions for 45 s.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local import programs
from deploy.local.programs import Program
from tests.faults.loads import MakeLoad, of_credits, of_limits
from tests.faults.looking import metric, until_metric
from tests.faults.scene import Scene
from tests.nameless import nameless

REBALANCES = "igny8_rebalances_total"
OPERATIONS = 6_000
A_LITTLE, ALL_BUT_A_HALF = 0.1, 1 - 0.5 / OPERATIONS  # More than so much of what is asked.


@contextmanager
def frozen(program: Program) -> Iterator[None]:
    assert program.process is not None
    program.process.send(signal.SIGSTOP)
    try:
        yield
    finally:
        program.process.send(signal.SIGCONT)


@pytest.mark.parametrize("load_of", [of_credits, of_limits])
async def test_a_worker_frozen_past_its_session_wakes_up_under_load(
    scene: Scene, load_of: MakeLoad
) -> None:
    load = load_of(scene, OPERATIONS)
    zombie, successor = (nameless(load.scene.worker(number)) for number in (1, 2))
    with programs.running([zombie, successor]):
        await load.scene.tell(load.first)
        await load.settled()
        before = [await metric(one, REBALANCES) for one in (zombie, successor)]
        telling = asyncio.create_task(load.scene.tell([*load.asked, *load.after]))
        await load.under_way(A_LITTLE)
        with frozen(zombie):
            await telling
            await until_metric(lambda now: now > before[1], successor, REBALANCES)
            await load.under_way(ALL_BUT_A_HALF)
        await until_metric(lambda now: now > before[0], zombie, REBALANCES)
        await load.settled()

    await load.assert_done_once()
