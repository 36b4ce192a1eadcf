"""Whoever is killed, and whenever: everything is answered, everything is charged once."""

import asyncio
import signal
from functools import partial
from operator import le

from deploy.local import programs
from tests.faults.scene import Scene, accounts, funding, lives

TOPICS = ("invoice.paid", "ai.operation.requested", "ai.operation.completed")
RESERVED = "SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[])"
CHARGED = """
    SELECT coalesce(sum(charged), 0)::bigint FROM reservations WHERE account_id = ANY($1::uuid[])
"""
PLENTY = 10**9
OPERATIONS = 4_000
AWAY_SECONDS = 3.0


async def test_one_of_two_workers_is_killed_under_load_again_and_again(scene: Scene) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    first, second = scene.worker(1), scene.worker(2)
    with programs.running([first, second]):
        await scene.tell(funding(owners, PLENTY))
        load = asyncio.create_task(scene.tell([*asked, *done, *asked[::5]]))  # 20 % come twice.
        for share in (0.1, 0.4, 0.7):
            await scene.until(partial(le, int(share * OPERATIONS)), RESERVED, owners)
            first.kill()
            first.start()
            first.wait_until_ready()
        await load
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    assert await scene.value(CHARGED, owners) == 47 * OPERATIONS
    await scene.assert_books_balance()


async def test_the_broker_is_killed_and_comes_back(scene: Scene) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    with programs.running([scene.worker()]):
        await scene.tell([*funding(owners, PLENTY), *asked, *done])
        await scene.until(lambda n: n > OPERATIONS / 10, RESERVED, owners)
        scene.kafka.kill()
        await asyncio.sleep(AWAY_SECONDS)
        scene.kafka.start()
        await asyncio.to_thread(scene.kafka.wait_until_ready)
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    assert await scene.value(CHARGED, owners) == 47 * OPERATIONS
    await scene.assert_books_balance()


async def test_the_database_is_killed_and_comes_back(scene: Scene) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    with programs.running([scene.worker()]):
        await scene.tell([*funding(owners, PLENTY), *asked, *done])
        await scene.until(lambda n: n > OPERATIONS / 10, RESERVED, owners)
        scene.postgres.kill()
        await asyncio.sleep(AWAY_SECONDS)
        scene.postgres.start()
        await asyncio.to_thread(scene.postgres.wait_until_ready)
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    assert await scene.value(CHARGED, owners) == 47 * OPERATIONS
    await scene.assert_books_balance()


async def test_a_worker_that_is_asked_to_stop_under_load_finishes_its_batch(scene: Scene) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    worker = scene.worker()
    with programs.running([worker]):
        await scene.tell([*funding(owners, PLENTY), *asked, *done])
        await scene.until(lambda n: n > 0, RESERVED, owners)
        assert worker.process is not None
        worker.process.send(signal.SIGTERM)
        await asyncio.wait_for(asyncio.to_thread(worker.finish), 25.0)
        assert await scene.value("SELECT count(*) FROM outbox") == 0
        worker.start()
        await asyncio.to_thread(worker.wait_until_ready)
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    await scene.assert_books_balance()
