"""Headers larger than Kafka takes from us: they came compressed, and we do not compress."""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaProducer

from deploy.local import programs
from deploy.local.environment import KAFKA
from shared.contracts.credits import (
    CreditsQuery,
    CreditsQueryReplied,
    InvoicePaid,
    OperationRequested,
)
from shared.contracts.message import Message, encode
from shared.contracts.topics import MAX_RECORD_BYTES
from tests import making
from tests.faults.looking import metric, records_in
from tests.faults.scene import (
    LOOK_AGAIN_SECONDS,
    NUMBERS,
    SETTLE_SECONDS,
    Scene,
    accounts,
    funding,
    lives,
)
from tests.making import key_of, outgoing, partition_for

HUGE = b"a" * (MAX_RECORD_BYTES + 1024 * 1024)
PLENTY = 10**9
NAMES = ("correlation_id", "ce_id", "traceparent", "reply_partition", "nobody-knows")
TOPICS = (InvoicePaid.topic, OperationRequested.topic)


async def send_compressed(scene: Scene, headers: Mapping[str, bytes], *messages: Message) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=scene.environment[KAFKA],
        compression_type="gzip",
        max_request_size=4 * len(HUGE),
        max_batch_size=4 * len(HUGE),
    )
    async with producer:
        for message in messages:
            await producer.send_and_wait(
                message.topic,
                encode(message),
                key_of(message),
                partition_for(message),
                headers=list(headers.items()),
            )


async def test_a_huge_header_is_no_header_and_its_neighbours_are_answered(scene: Scene) -> None:
    owners = accounts(20)
    asked, _ = lives(owners, len(owners))
    worker = scene.worker()
    with programs.running([worker]):
        await scene.tell(funding(owners, PLENTY))
        await scene.settled(*TOPICS)
        for name, request in zip(NAMES, asked, strict=False):
            await send_compressed(scene, {name: HUGE}, request)
        await scene.tell(asked[len(NAMES) :])
        await scene.settled(*TOPICS)
        assert await metric(worker, "igny8_records_too_large_total") == 0

    assert await scene.answered(asked) == {"ok": len(asked)}
    with programs.running([worker]):  # It starts again, too.
        more, _ = lives(owners, len(owners))
        await scene.tell(more)
        await scene.settled(*TOPICS)
    await scene.assert_books_balance()


async def test_a_dead_letter_with_a_huge_header_is_kept_and_stops_nobody(scene: Scene) -> None:
    (owner,) = accounts(1)
    event = making.completed(next(NUMBERS), owner, operation_type="telepathy")
    with programs.running([scene.worker()]):
        await send_compressed(scene, {"huge": HUGE, "many": HUGE}, event)
        await scene.settled(event.topic)

    dead = await records_in(scene, f"{event.topic}.dlq")
    (kept,) = (record for record in dead if record.value == encode(event))
    assert dict(kept.headers)["huge"] == HUGE
    assert dict(kept.headers)["dlq_cut_from"] == b"%d" % len(encode(event))


async def test_a_question_with_a_huge_name_is_answered_and_so_is_the_next(scene: Scene) -> None:
    owners = accounts(2)
    first, second = (
        CreditsQuery(account_id=owner, query="credits.balance", request_id=owner)
        for owner in owners
    )
    with programs.running([scene.worker()]):
        await send_compressed(scene, {"correlation_id": HUGE}, first)
        await scene.publish([outgoing(second)])
        async with asyncio.timeout(SETTLE_SECONDS):
            while not await names_in(scene, CreditsQueryReplied.topic) >= set(owners):
                await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def names_in(scene: Scene, topic: str) -> set[str]:
    """By which the answers in a topic are found."""
    found = await records_in(scene, topic)
    return {(dict(record.headers)["correlation_id"] or b"").decode() for record in found}
