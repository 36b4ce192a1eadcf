"""What a poll locks, and in which order: whoever waits holds all that comes before.

The order is the same for all (offset rows, then accounts, each by their keys), so that no two
workers can wait for each other. Each test stands in the way of a worker at one row, and looks at
what the worker holds while it waits.
"""

from collections.abc import Sequence
from itertools import count

import pytest

from services.credits.statements import LOCK_ACCOUNTS
from shared.kafka import Record
from shared.lanes import lane_of
from shared.postgres import transaction
from tests import making
from tests.credits.handlers.worker import Worker, working
from tests.locking import AS_IN_A_LARGE_TABLE, FREE_ACCOUNTS, free_meanwhile, waiting
from tests.making import record

NUMBERS = count(20_000_000, 1000)
ACCOUNTS = 8
OFFSET_ROWS = """
    SELECT topic FROM kafka_offsets WHERE partition = $1 AND topic = ANY($2)
    ORDER BY topic FOR UPDATE
"""
FREE_OFFSET_ROWS = OFFSET_ROWS + " SKIP LOCKED"


def some_accounts() -> list[str]:
    """In the order of their keys, as credits locks them."""
    accounts = [making.uuid(next(NUMBERS)) for _ in range(ACCOUNTS)]
    return sorted(accounts, key=lambda account: (lane_of(account), account))


def funding(accounts: Sequence[str], invoice: int) -> list[Record]:
    """One poll that is about all of them, in an order that is nobody's."""
    first, *rest = accounts
    return [record(making.paid(100, one, invoice=invoice)) for one in (*reversed(rest), first)]


async def test_an_account_is_locked_from_before_it_is_read_until_it_is_written(
    worker: Worker,
) -> None:
    (account, *_) = accounts = some_accounts()
    await worker.obey(funding(accounts, invoice=1))
    pool = worker.service.database.pool_for(None)

    async with pool.acquire() as other:
        changing = other.transaction()
        await changing.start()
        await other.fetch(LOCK_ACCOUNTS, [lane_of(account)], [account])
        async with waiting(pool, worker.obey(funding([account], invoice=2))):
            await other.execute(
                "UPDATE accounts SET purchased_bucket = 7 WHERE account_id = $1", account
            )
            await changing.commit()

    buckets = "SELECT plan_bucket, purchased_bucket FROM accounts WHERE account_id = $1"
    assert tuple(await pool.fetchrow(buckets, account) or ()) == (200, 7)


@pytest.mark.parametrize("place", [0, ACCOUNTS // 2, ACCOUNTS - 1])
async def test_accounts_are_locked_in_the_order_of_their_keys(url: str, place: int) -> None:
    accounts = some_accounts()
    async with working(url + AS_IN_A_LARGE_TABLE) as worker:
        await worker.obey(funding(accounts, invoice=1))

        pool, poll = worker.service.database.pool_for(None), funding(accounts, invoice=2)
        applying = worker.obey(poll)
        free = await free_meanwhile(pool, LOCK_ACCOUNTS, accounts[place], applying, accounts)

    assert free == accounts[place + 1 :]


async def test_offset_rows_are_locked_in_order_and_before_any_account(worker: Worker) -> None:
    """The poll names its topics the other way round."""
    account, number = making.uuid(next(NUMBERS)), next(NUMBERS)
    made = [making.paid(100, account), making.failed(number, account), making.completed(1, account)]
    poll = [[record(message) for message in made] for _ in range(2)]
    topics, place = sorted(one.topic for one in poll[0]), poll[0][0].partition
    await worker.obey(poll[0])
    pool = worker.service.database.pool_for(None)

    async with pool.acquire() as other:
        holding = other.transaction()
        await holding.start()
        assert len(await other.fetch(OFFSET_ROWS, place, topics[-1:])) == 1
        async with waiting(pool, worker.obey(poll[1])):
            async with transaction(pool) as looker:
                assert await looker.fetch(FREE_OFFSET_ROWS, place, topics) == []
                assert len(await looker.fetch(FREE_ACCOUNTS, [account])) == 1
            await holding.rollback()
