"""What a transaction says reaches the broker, in order, whoever dies; on a real PostgreSQL.

What may never happen:

1. A parcel whose transaction was committed is not published.
2. Of one worker, a parcel is published before one that it made earlier.
3. A parcel that is on its way from one worker is published by another one too.
4. The row of a parcel is deleted that the broker has not taken.
"""

import asyncio

import pytest
from aiokafka.errors import KafkaError
from prometheus_client import REGISTRY

from shared.outbox import PARCELS_A_ROUND, Outbox, Parcel
from shared.postgres import Pool, transaction
from tests import making
from tests.broker import Broker
from tests.making import ANN, partition_for, uuid
from tests.recorder import Recorder, sent

HOME = partition_for(making.failed(1, ANN))
AGED = "UPDATE outbox SET leased_at = leased_at - interval '4 seconds' WHERE parcel_id = $1"


async def kept(pool: Pool, outbox: Outbox, number: int) -> Parcel:
    """Commit a parcel that says one thing."""
    async with transaction(pool) as tx:
        parcel = await outbox.add(tx, [making.outgoing(making.failed(number))])
    assert parcel is not None
    return parcel


async def left_behind(pool: Pool, *numbers: int) -> list[int]:
    """What a worker that died after its commits had not published."""
    outbox = Outbox(Recorder())
    return [(await kept(pool, outbox, number)).parcel_id for number in numbers]


async def rows(pool: Pool) -> list[int]:
    return [row[0] for row in await pool.fetch("SELECT parcel_id FROM outbox ORDER BY parcel_id")]


async def test_what_a_dead_worker_left_behind_is_published_after_its_lease(pool: Pool) -> None:
    (parcel_id,) = await left_behind(pool, 1)
    broker = Broker()
    outbox = Outbox(broker)

    assert await outbox.recover(pool) == 0
    await pool.execute(AGED, parcel_id)
    assert await outbox.recover(pool) == 1

    assert broker.sent == sent([making.outgoing(making.failed(1))])
    assert await rows(pool) == []


async def test_what_the_last_owner_of_a_partition_left_behind_is_published_at_once(
    pool: Pool,
) -> None:
    await left_behind(pool, 1)
    broker = Broker()
    outbox = Outbox(broker)

    assert await outbox.recover(pool, {HOME + 1}) == 0
    assert await outbox.recover(pool, {HOME, HOME + 1}) == 1

    assert broker.told() == [uuid(1)]


async def test_what_was_left_behind_is_published_oldest_first(pool: Pool) -> None:
    parcels, broker = await left_behind(pool, 1, 2, 3), Broker()
    for parcel_id in reversed(parcels):  # So they lie in the table the other way round.
        await pool.execute(AGED, parcel_id)

    await Outbox(broker).recover(pool)

    assert broker.told() == [uuid(1), uuid(2), uuid(3)]


async def test_much_that_was_left_behind_is_published_in_rounds(pool: Pool) -> None:
    numbers, broker = range(1, PARCELS_A_ROUND + 6), Broker()
    await left_behind(pool, *numbers)
    outbox = Outbox(broker)

    assert [await outbox.recover(pool, {HOME}) for _ in range(3)] == [PARCELS_A_ROUND, 5, 0]

    assert broker.told() == [uuid(number) for number in numbers]


async def test_two_workers_do_not_publish_the_same_parcel(pool: Pool) -> None:
    (parcel_id,) = await left_behind(pool, 1)
    await pool.execute(AGED, parcel_id)
    slow, other = Broker(), Broker()
    slow.is_open.clear()
    recovering = asyncio.create_task(Outbox(slow).recover(pool))
    await slow.is_asked.wait()

    assert await Outbox(other).recover(pool) == 0

    slow.is_open.set()
    assert await recovering == 1


async def test_what_could_not_be_recovered_stays_until_a_broker_takes_it(pool: Pool) -> None:
    (parcel_id,) = await left_behind(pool, 1)
    broker = Broker(refusals=1)
    outbox = Outbox(broker)

    with pytest.raises(KafkaError):
        await outbox.recover(pool, {HOME})
    assert await rows(pool) == [parcel_id]
    await pool.execute(AGED, parcel_id)
    await outbox.recover(pool)

    assert broker.told() == [uuid(1)]


async def test_a_parcel_on_its_way_is_not_taken_by_another_worker(pool: Pool) -> None:
    slow, other = Broker(), Broker()
    slow.is_open.clear()
    outbox = Outbox(slow)
    parcel = await kept(pool, outbox, 1)
    await outbox.send(parcel)
    await pool.execute(AGED, parcel.parcel_id)

    await outbox.tidy(pool)

    assert await Outbox(other).recover(pool) == 0
    slow.is_open.set()
    await outbox.settled()
    assert (slow.told(), other.told()) == ([uuid(1)], [])


async def test_a_parcel_that_waits_for_the_one_before_it_is_not_taken_either(pool: Pool) -> None:
    slow = Broker()
    slow.is_open.clear()
    outbox = Outbox(slow)
    await outbox.send(await kept(pool, outbox, 1))
    second = await kept(pool, outbox, 2)
    sending = asyncio.create_task(outbox.send(second))
    await slow.is_asked.wait()
    await pool.execute(AGED, second.parcel_id)

    await outbox.tidy(pool)

    assert await Outbox(Broker()).recover(pool) == 0
    slow.is_open.set()
    await sending
    await outbox.settled()
    assert slow.told() == [uuid(1), uuid(2)]


async def test_while_the_broker_refuses_nothing_overtakes(pool: Pool) -> None:
    broker = Broker(refusals=2)
    outbox = Outbox(broker)

    for number in (1, 2, 3):
        await outbox.send(await kept(pool, outbox, number))
    await outbox.settled()

    assert broker.told() == [uuid(1), uuid(2), uuid(3)]


async def test_the_next_transaction_deletes_what_has_arrived(pool: Pool) -> None:
    outbox = Outbox(Broker())
    await outbox.send(await kept(pool, outbox, 1))
    await outbox.settled()

    second = await kept(pool, outbox, 2)

    assert await rows(pool) == [second.parcel_id]


async def test_a_transaction_that_fails_deletes_nothing_and_the_next_one_does(pool: Pool) -> None:
    outbox = Outbox(Broker())
    first = await kept(pool, outbox, 1)
    await outbox.send(first)
    await outbox.settled()

    async with pool.acquire() as tx:
        failing = tx.transaction()
        await failing.start()
        await outbox.add(tx, [making.outgoing(making.failed(2))])
        await failing.rollback()
    assert await rows(pool) == [first.parcel_id]

    third = await kept(pool, outbox, 3)
    assert await rows(pool) == [third.parcel_id]


async def test_what_has_not_arrived_is_deleted_by_nobody(pool: Pool) -> None:
    broker = Broker()
    broker.is_open.clear()
    outbox = Outbox(broker)
    first = await kept(pool, outbox, 1)
    await outbox.send(first)

    second = await kept(pool, outbox, 2)
    await outbox.tidy(pool)

    assert await rows(pool) == [first.parcel_id, second.parcel_id]
    broker.is_open.set()
    await outbox.settled()


async def test_an_idle_worker_deletes_its_last_parcel(pool: Pool) -> None:
    outbox = Outbox(Broker())
    await outbox.send(await kept(pool, outbox, 1))
    await outbox.settled()

    await outbox.tidy(pool)

    assert await rows(pool) == []


async def test_a_transaction_that_says_nothing_keeps_nothing(pool: Pool) -> None:
    broker = Broker()
    outbox = Outbox(broker)

    async with transaction(pool) as tx:
        parcel = await outbox.add(tx, [])
    await outbox.send(parcel)
    await outbox.settled()

    assert (parcel, broker.sent, await rows(pool)) == (None, [], [])


async def test_how_much_waits_and_how_long_is_shown(pool: Pool) -> None:
    first, _ = await left_behind(pool, 1, 2)
    await pool.execute(
        "UPDATE outbox SET made_at = made_at - interval '1 hour' WHERE parcel_id = $1", first
    )

    await Outbox(Broker()).measure(pool)

    assert REGISTRY.get_sample_value("igny8_outbox_rows") == 2
    assert REGISTRY.get_sample_value("igny8_outbox_oldest_age_seconds") == pytest.approx(
        3600, abs=60
    )
