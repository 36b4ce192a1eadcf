"""What cannot be read or must not be done harms nobody: each bad record has its own fate."""

from collections.abc import Sequence

import msgspec

from deploy.local import programs
from shared.contracts.credits import (
    OBEYED,
    InvoicePaid,
    OperationCancelled,
    OperationRequested,
)
from shared.dead_letters import STOP_ABOVE
from shared.envelope import Outgoing
from shared.kafka import Record
from shared.lanes import lane_of
from tests.faults import corrupted, poison
from tests.faults.looking import metric, records_in, until_metric
from tests.faults.poison import Poison
from tests.faults.scene import Scene, accounts, funding, lives
from tests.making import PARTITIONS, outgoing

TOPICS = tuple(message.topic for message in OBEYED)
ELSEWHERE = InvoicePaid.topic, OperationRequested.topic  # Not the topic of the garbage.
DEAD_TOPICS = [f"{topic}.dlq" for topic in TOPICS]
CHARGED = """
    SELECT coalesce(sum(charged), 0)::bigint FROM reservations WHERE account_id = ANY($1::uuid[])
"""
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
OURS = "dlq_"


async def test_every_kind_of_poison_among_ten_thousand_good_records(scene: Scene) -> None:
    owners = accounts(50)
    asked, done = lives(owners, OPERATIONS)
    strange = asked[10].operation_id
    bad = [
        one
        for owner in owners[:2]
        for one in (
            *poison.every_kind(owner, owners[10], strange, scene.environment),
            *corrupted.every_kind(owner, owners[10], scene.environment),
        )
    ]
    odd = [one for owner in owners[:2] for one in poison.oddities(owner)]
    good = [outgoing(message) for pair in zip(asked, done, strict=True) for message in pair]

    with programs.running([scene.worker()]):
        await scene.tell(funding(owners, PLENTY))
        await scene.publish(woven(good, [[x.outgoing] for x in bad] + [x.outgoing for x in odd]))
        await scene.settled(*TOPICS)

    assert await scene.answered(asked) == {"ok": OPERATIONS}
    assert await scene.answered([one.asked for one in odd]) == {"ok": len(odd)}
    assert await scene.value(CHARGED, owners) == 47 * (OPERATIONS + len(odd))
    assert await scene.value(HELD, owners) == OPERATIONS + len(odd)
    await assert_answered(scene, [one for one in bad if not one.is_set_aside])
    await assert_set_aside(scene, [one for one in bad if one.is_set_aside])
    await scene.assert_books_balance()


def woven(good: Sequence[Outgoing], others: Sequence[Sequence[Outgoing]]) -> list[Outgoing]:
    """Spread the others evenly among the good ones."""
    gap = len(good) // len(others)
    mixed: list[Outgoing] = []
    for place, some in enumerate(others):
        mixed += [*good[place * gap : (place + 1) * gap], *some]
    return mixed + list(good[len(others) * gap :])


async def assert_answered(scene: Scene, bad: Sequence[Poison]) -> None:
    """Each one with its code, and the fields to mend, where it was asked for."""
    said = {}
    for record in await records_in(scene, "replies.ops"):
        error = msgspec.json.decode(record.value or b"").get("error") or {}
        paths = [field["path"] for field in error.get("fields", ())]
        said[dict(record.headers)["correlation_id"]] = (error.get("code"), paths)
    assert {one.name: said.get(one.mark) for one in bad} == {
        one.name: (one.fate, list(one.paths or ())) for one in bad
    }


async def assert_set_aside(scene: Scene, bad: Sequence[Poison]) -> None:
    """Each one once, as it came, with its position and the reason."""
    dead = {place_of(x): x for x in await records_in(scene, *DEAD_TOPICS)}
    found = {dict(letter.headers).get("correlation_id"): letter for letter in dead.values()}
    came = {where(record): record for record in await records_in(scene, *TOPICS)}
    assert {one.name: reason_of(found.get(one.mark)) for one in bad} == {
        one.name: one.fate for one in bad
    }
    for one in bad:
        letter = found[one.mark]
        original = came[place_of(letter)]
        assert (letter.key, letter.value) == (original.key, original.value), one.name
        assert (letter.key, letter.value) == (one.account.encode(), one.value), one.name
        kept = [pair for pair in letter.headers if not pair[0].startswith(OURS)]
        assert kept == list(one.headers), one.name
        assert dict(letter.headers)["dlq_timestamp"] == b"%d" % original.timestamp


def reason_of(letter: "Record | None") -> str | None:
    return None if letter is None else dict(letter.headers)["dlq_reason"].decode()


def where(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def place_of(letter: Record) -> tuple[str, int, int]:
    """Where a dead letter was, as it says itself."""
    said = dict(letter.headers)
    return (
        said["dlq_topic"].decode(),
        int(said["dlq_partition"]),
        int(said["dlq_offset"]),
    )


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
