"""What a poll locks, and in which order: accounts by their keys, before anything of them is read.

The order is the same for all, so that no two workers can wait for each other. Each test stands in
the way of a worker at one row, and looks at what the worker does while it waits.
"""

from collections.abc import Sequence
from uuid import uuid4

import pytest

from services.limits.store.accounts import LOCK
from shared.contracts.limits import HoldReplied
from shared.contracts.message import Message
from shared.lanes import lane_of
from tests.limits.handlers.worker import Worker, working
from tests.limits.making import asks_for
from tests.locking import AS_IN_A_LARGE_TABLE, free_meanwhile, waiting

ACCOUNTS = 8
LIMIT = """
    INSERT INTO overrides (lane, account_id, limit_type, allowed, is_set, reason, version)
    VALUES ($1, $2, 'keywords', $3, true, 'Too much', 1)
"""


async def test_what_is_left_is_read_once_nobody_else_can_change_it(
    worker: Worker, account: str
) -> None:
    """Free has 100 keywords: somebody leaves 10 of them while a worker waits with a wish."""
    await worker.obey(asks_for(1, 1, account=account))
    pool = worker.service.database.pool_for(None)

    async with pool.acquire() as other:
        changing = other.transaction()
        await changing.start()
        await other.fetch(LOCK, [lane_of(account)], [account])
        async with waiting(pool, worker.obey(asks_for(2, 11, account=account))):
            await other.execute(LIMIT, lane_of(account), account, 10)
            await changing.commit()

    reply = worker.recorder.messages(HoldReplied)[-1]
    assert reply.error is not None
    assert (reply.error.code, reply.error.limit, reply.error.available) == ("limit.reached", 10, 9)


@pytest.mark.parametrize("place", [0, ACCOUNTS // 2, ACCOUNTS - 1])
async def test_accounts_are_locked_in_the_order_of_their_keys(url: str, place: int) -> None:
    accounts = [str(uuid4()) for _ in range(ACCOUNTS)]
    accounts.sort(key=lambda account: (lane_of(account), account))
    async with working(url + AS_IN_A_LARGE_TABLE) as worker:
        await worker.obey(*wishes(accounts, 1))

        pool, applying = worker.service.database.pool_for(None), worker.obey(*wishes(accounts, 2))
        free = await free_meanwhile(pool, LOCK, accounts[place], applying, accounts)

    assert free == accounts[place + 1 :]


def wishes(accounts: Sequence[str], number: int) -> list[Message]:
    """One poll that is about all of them, in an order that is nobody's."""
    first, *rest = accounts
    return [asks_for(number, 1, account=one) for one in (*reversed(rest), first)]
