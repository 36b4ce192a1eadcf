"""Whoever is killed, and whenever: everything is answered, everything is counted once."""

import asyncio
import signal
from collections.abc import Callable
from operator import attrgetter

import pytest

from deploy.local import programs
from deploy.local.programs import Program
from tests.faults.loads import MakeLoad, of_credits, of_limits
from tests.faults.scene import Scene

OPERATIONS = 4_000
A_LITTLE = 0.1
AWAY_SECONDS = 3.0
broker_of, database_of = attrgetter("kafka"), attrgetter("postgres")
EITHER = pytest.mark.parametrize("load_of", [of_credits, of_limits])


async def test_one_of_two_workers_is_killed_under_load_again_and_again(scene: Scene) -> None:
    load = of_credits(scene, OPERATIONS)
    first, second = load.scene.worker(1), load.scene.worker(2)
    with programs.running([first, second]):
        await load.scene.tell(load.first)
        twice = [*load.asked, *load.after, *load.asked[::5]]  # 20 % come twice.
        telling = asyncio.create_task(load.scene.tell(twice))
        for share in (0.1, 0.4, 0.7):
            await load.under_way(share)
            first.kill()
            first.start()
            first.wait_until_ready()
        await telling
        await load.settled()

    await load.assert_done_once()


@EITHER
@pytest.mark.parametrize("server", [broker_of, database_of], ids=["broker", "database"])
async def test_a_server_is_killed_and_comes_back(
    scene: Scene, load_of: MakeLoad, server: Callable[[Scene], Program]
) -> None:
    load, killed = load_of(scene, OPERATIONS), server(scene)
    with programs.running([load.scene.worker()]):
        await load.scene.tell(load.messages)
        await load.under_way(A_LITTLE)
        killed.kill()
        await asyncio.sleep(AWAY_SECONDS)
        killed.start()
        await asyncio.to_thread(killed.wait_until_ready)
        await load.settled()

    await load.assert_done_once()


@EITHER
async def test_a_worker_that_is_asked_to_stop_under_load_finishes_its_batch(
    scene: Scene, load_of: MakeLoad
) -> None:
    load = load_of(scene, OPERATIONS)
    worker = load.scene.worker()
    with programs.running([worker]):
        await load.scene.tell(load.messages)
        await load.under_way(0)
        assert worker.process is not None
        worker.process.send(signal.SIGTERM)
        await asyncio.wait_for(asyncio.to_thread(worker.finish), 25.0)
        assert await load.scene.value("SELECT count(*) FROM outbox") == 0
        worker.start()
        await asyncio.to_thread(worker.wait_until_ready)
        await load.settled()

    await load.assert_done_once()
