"""How far a service has read moves with what it did; on a real PostgreSQL.

What may never happen:

1. A record is applied twice, whoever is given it again.
2. A worker that was replaced writes anything after its successor has.
3. The offset of a partition falls.
4. The counters of a partition do not add up to the offsets that were passed (I10).
"""

import asyncio
from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition as Place

from shared import offsets
from shared.kafka import Letter
from shared.offsets import BECAME, Became, Fate
from shared.postgres import Pool, transaction
from shared.tables import COUNTERS
from tests.making import failed, raw_record

GROUP, TOPIC = "credits", "ai.operation.failed"
HERE, ELSEWHERE = Place(TOPIC, 0), Place(TOPIC, 1)
MESSAGE = failed(1)
WAITS_FOR_A_LOCK = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
LOOK_EVERY_SECONDS = 0.01


def poll(wanted: Iterable[int], place: Place = HERE) -> list[Letter]:
    return [
        Letter(raw_record(place.topic, b"", partition=place.partition, offset=one), {}, MESSAGE)
        for one in wanted
    ]


def offsets_of(letters: Sequence[Letter]) -> list[int]:
    return [letter.record.offset for letter in letters]


def fates(letters: Sequence[Letter], became: Became) -> list[Fate]:
    return [Fate(one.place.topic, one.place.partition, became) for one in letters]


async def apply(pool: Pool, letters: Sequence[Letter], became: Became = "applied") -> list[int]:
    """Do what a batch does: move on, apply what is new, count it. Says what was applied."""
    async with transaction(pool) as tx:
        fresh = await offsets.advance(tx, GROUP, letters)
        await offsets.count(tx, GROUP, fates(fresh, became))
    return offsets_of(fresh)


async def counters(pool: Pool, place: Place = HERE) -> dict[str, int]:
    row = await pool.fetchrow(
        "SELECT *, next_offset - first_offset AS passed FROM kafka_offsets"
        " WHERE topic = $1 AND partition = $2",
        *place,
    )
    assert row is not None
    return {name: row[name] for name in (*COUNTERS, "passed") if row[name]}


async def test_a_service_goes_on_where_it_stopped(pool: Pool) -> None:
    assert await offsets.applied(pool, GROUP) == {}

    await apply(pool, [*poll(range(5, 8)), *poll(range(2), ELSEWHERE)])

    assert await offsets.applied(pool, GROUP) == {HERE: 8, ELSEWHERE: 2}
    assert await offsets.applied(pool, "limits") == {}


async def test_what_is_delivered_again_is_not_applied_again(pool: Pool) -> None:
    assert await apply(pool, poll(range(10))) == list(range(10))

    assert await apply(pool, poll(range(10))) == []

    assert await offsets.applied(pool, GROUP) == {HERE: 10}
    assert await counters(pool) == {"applied": 10, "passed": 10}


async def test_of_a_poll_that_was_applied_in_part_the_rest_is_applied(pool: Pool) -> None:
    await apply(pool, poll(range(6)))

    assert await apply(pool, poll(range(3, 9))) == [6, 7, 8]

    assert await counters(pool) == {"applied": 9, "passed": 9}


async def test_one_partition_applied_before_does_not_stop_another(pool: Pool) -> None:
    await apply(pool, poll(range(4)))

    mixed = [*poll(range(4)), *poll(range(4), ELSEWHERE)]

    assert await apply(pool, mixed) == [0, 1, 2, 3]
    assert await counters(pool, ELSEWHERE) == {"applied": 4, "passed": 4}


async def test_an_old_poll_does_not_move_a_partition_back(pool: Pool) -> None:
    await apply(pool, poll(range(10)))

    assert await apply(pool, poll(range(3))) == []

    assert await offsets.applied(pool, GROUP) == {HERE: 10}


async def test_each_group_reads_for_itself(pool: Pool) -> None:
    await apply(pool, poll(range(3)))

    async with transaction(pool) as tx:
        fresh = await offsets.advance(tx, "limits", poll(range(3)))

    assert offsets_of(fresh) == [0, 1, 2]


async def test_a_batch_that_fails_has_passed_nothing(pool: Pool) -> None:
    async with pool.acquire() as tx:
        failing = tx.transaction()
        await failing.start()
        await offsets.advance(tx, GROUP, poll(range(5)))
        await failing.rollback()

    assert await apply(pool, poll(range(5))) == [0, 1, 2, 3, 4]


async def test_a_worker_that_was_replaced_waits_and_then_applies_nothing(pool: Pool) -> None:
    async with transaction(pool) as successor:
        await offsets.advance(successor, GROUP, poll(range(10)))
        replaced = asyncio.create_task(apply(pool, poll(range(7))))
        while not await pool.fetchval(WAITS_FOR_A_LOCK):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        assert not replaced.done()
        await offsets.count(successor, GROUP, fates(poll(range(10)), "applied"))

    assert await replaced == []
    assert await counters(pool) == {"applied": 10, "passed": 10}


async def test_a_worker_whose_successor_gave_up_applies_its_poll(pool: Pool) -> None:
    async with pool.acquire() as successor:
        failing = successor.transaction()
        await failing.start()
        await offsets.advance(successor, GROUP, poll(range(10)))
        replaced = asyncio.create_task(apply(pool, poll(range(7))))
        while not await pool.fetchval(WAITS_FOR_A_LOCK):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        await failing.rollback()

    assert await replaced == list(range(7))


async def test_workers_with_the_same_partitions_in_another_order_do_not_deadlock(
    pool: Pool,
) -> None:
    one_way = [*poll(range(5)), *poll(range(5), ELSEWHERE)]
    other_way = [*poll(range(5), ELSEWHERE), *poll(range(5))]
    await apply(pool, one_way)

    async with asyncio.TaskGroup() as workers, transaction(pool) as first:
        await offsets.advance(first, GROUP, poll(range(5)))
        for waiting, letters in enumerate((one_way, other_way), 1):
            workers.create_task(apply(pool, letters))
            while await pool.fetchval(WAITS_FOR_A_LOCK) < waiting:
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    assert await counters(pool, ELSEWHERE) == {"applied": 5, "passed": 5}


async def test_records_that_are_not_there_are_counted_as_absent(pool: Pool) -> None:
    await apply(pool, poll([0, 1, 5, 6]))

    assert await apply(pool, poll([6, 10])) == [10]

    assert await counters(pool) == {"applied": 5, "absent": 6, "passed": 11}


async def test_a_log_that_begins_later_misses_nothing(pool: Pool) -> None:
    await apply(pool, poll(range(1000, 1003)))

    assert await counters(pool) == {"applied": 3, "passed": 3}


async def test_the_counters_add_up_to_the_offsets_passed_whatever_became_of_the_records(
    pool: Pool,
) -> None:
    end = 0
    for number, became in enumerate(BECAME, 1):
        start, end = end, end + number
        await apply(pool, poll(range(max(0, start - 2), end)), became)

    assert await counters(pool) == {
        "applied": 1,
        "duplicate": 2,
        "refused": 3,
        "invalid": 4,
        "dead_lettered": 5,
        "passed": 15,
    }
