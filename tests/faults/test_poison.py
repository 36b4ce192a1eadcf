"""What cannot be read or must not be done harms nobody: each bad record has its own fate."""

from collections.abc import Sequence

from deploy.local import programs
from shared.contracts.credits import (
    OBEYED,
    InvoicePaid,
    OperationCancelled,
    OperationRequested,
)
from shared.dead_letters import STOP_ABOVE
from shared.lanes import lane_of
from tests.faults import corrupted, poison, poison_of_credits
from tests.faults.fates import assert_fates, woven
from tests.faults.loads import CHARGED
from tests.faults.looking import metric, records_in, until_metric
from tests.faults.scene import Scene, accounts, funding, lives
from tests.making import PARTITIONS, outgoing

TOPICS = tuple(message.topic for message in OBEYED)
ELSEWHERE = InvoicePaid.topic, OperationRequested.topic  # Not the topic of the garbage.
HELD = """
    SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[]) AND state <> 'refused'
"""
PLENTY = 10**9
RELEASED = """
    SELECT count(*) FROM reservations WHERE account_id = ANY($1::uuid[]) AND state = 'released'
"""
STOPPED = "igny8_partition_stopped"
GARBAGE = 150
OPERATIONS = 5_000  # Each of them is two records.


async def test_every_kind_of_poison_among_ten_thousand_good_records(scene: Scene) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    strange = asked[10].operation_id
    bad = [
        one
        for owner in owners[:2]
        for one in (
            *poison_of_credits.every_kind(owner, owners[10], strange, scene.environment),
            *corrupted.every_kind(owner, owners[10], scene.environment),
        )
    ]
    odd = [one for owner in owners[:2] for one in poison_of_credits.oddities(owner)]
    good = [outgoing(message) for pair in zip(asked, done, strict=True) for message in pair]

    with programs.running([scene.worker()]):
        await scene.tell(funding(owners, PLENTY))
        await scene.publish(woven(good, [[x.outgoing] for x in bad] + [x.outgoing for x in odd]))
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    assert await scene.answered([one.asked for one in odd]) == {"ok": len(odd)}
    assert await scene.value(CHARGED, owners) == 47 * (OPERATIONS + len(odd))
    assert await scene.value(HELD, owners) == OPERATIONS + len(odd)
    await assert_fates(scene, bad)
    await scene.assert_books_balance()


async def test_a_partition_of_mostly_garbage_stops_and_the_others_go_on(scene: Scene) -> None:
    """What it stopped at is read by the next start: here all of it, there is less to come."""
    owners = accounts(40)
    topic, number = OperationCancelled.topic, lane_of(owners[0]) % PARTITIONS
    garbage = [b"%d {" % one for one in range(GARBAGE)]
    asked, _ = lives(owners, len(owners))
    called_off = [
        OperationCancelled(account_id=x.account_id, operation_id=x.operation_id) for x in asked
    ]
    elsewhere = sum(lane_of(owner) % PARTITIONS != number for owner in owners)

    worker = scene.worker()
    with programs.running([worker]):
        await scene.tell([*funding(owners, PLENTY), *asked])
        await scene.settled(*ELSEWHERE)
        await scene.publish([poison.sent(topic, owners[0], value) for value in garbage])
        await scene.tell(called_off)
        await until_metric(bool, worker, STOPPED, topic=topic, partition=str(number))
        await scene.until(lambda released: released == elsewhere, RELEASED, owners)
        more, _ = lives(owners, len(owners))
        await scene.tell(more)
        await scene.settled(*ELSEWHERE)
        assert await scene.value(RELEASED, owners) == elsewhere
        assert await metric(worker, STOPPED) == 1
    assert await set_aside(scene, topic, garbage) == STOP_ABOVE
    assert await scene.answered([*asked, *more]) == {"ok": len(asked) + len(more)}

    with programs.running([worker]):
        await scene.settled(topic)
    assert await set_aside(scene, topic, garbage) == GARBAGE
    assert await scene.value(RELEASED, owners) == len(owners)
    await scene.assert_books_balance()


async def set_aside(scene: Scene, topic: str, values: Sequence[bytes]) -> int:
    """How many of them are dead letters."""
    return len({record.value for record in await records_in(scene, f"{topic}.dlq")} & set(values))
