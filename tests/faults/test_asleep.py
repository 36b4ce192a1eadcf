"""A worker that froze and lost its partitions wakes up and goes on: nothing of it counts twice.

Nameless workers are best tried first: a named one that has stopped keeps its partitions for 45 s.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local import programs
from deploy.local.programs import Program
from shared.contracts.credits import InvoicePaid, OperationCompleted, OperationRequested
from tests.faults.looking import metric, until_metric
from tests.faults.scene import Scene, accounts, funding, lives
from tests.nameless import nameless

TOPICS = (InvoicePaid.topic, OperationRequested.topic, OperationCompleted.topic)
RESERVED = "SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[])"
CHARGED = """
    SELECT coalesce(sum(charged), 0)::bigint FROM reservations WHERE account_id = ANY($1::uuid[])
"""
REBALANCES = "igny8_rebalances_total"
PLENTY = 10**9
OPERATIONS = 6_000


@contextmanager
def frozen(program: Program) -> Iterator[None]:
    assert program.process is not None
    program.process.send(signal.SIGSTOP)
    try:
        yield
    finally:
        program.process.send(signal.SIGCONT)


async def test_a_worker_frozen_past_its_session_wakes_up_under_load(scene: Scene) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    zombie, successor = nameless(scene.worker(1)), nameless(scene.worker(2))
    with programs.running([zombie, successor]):
        await scene.tell(funding(owners, PLENTY))
        await scene.settled(*TOPICS)
        before = [await metric(one, REBALANCES) for one in (zombie, successor)]
        load = asyncio.create_task(scene.tell([*asked, *done]))
        await scene.until(lambda reserved: reserved > OPERATIONS / 10, RESERVED, owners)
        with frozen(zombie):
            await load
            await until_metric(lambda now: now > before[1], successor, REBALANCES)
            await scene.until(lambda reserved: reserved == OPERATIONS, RESERVED, owners)
        await until_metric(lambda now: now > before[0], zombie, REBALANCES)
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    assert await scene.value(CHARGED, owners) == 47 * OPERATIONS
    await scene.assert_books_balance()
