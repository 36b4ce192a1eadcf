"""What a batch does beside its rules: it counts, alerts once a mark, and goes by its settings."""

import time
from collections.abc import AsyncIterator
from itertools import count
from typing import NamedTuple

import pytest

from services.credits.handlers import Credits
from shared.contracts.credits import OperationReplied, OperationRequested
from shared.contracts.operating import AlertRaised
from shared.deliveries import OFFSETS
from shared.offsets import BECAME
from shared.service import Service
from tests import making
from tests.credits.handlers.worker import Worker, working
from tests.making import raw_record, record

NUMBERS = count(30_000_000, 1000)
COUNTED = f"SELECT {', '.join(f'sum({word})::int' for word in BECAME)} FROM kafka_offsets"
AHEAD_SECONDS = 1000.0


class Ids(NamedTuple):
    """An account and operations that no other test knows."""

    account: str
    number: int


@pytest.fixture
def ids() -> Ids:
    number = next(NUMBERS)
    return Ids(making.uuid(number), number)


@pytest.fixture
async def another(url: str) -> AsyncIterator[Worker]:
    async with working(url) as another:
        yield another


async def counted(worker: Worker) -> dict[str, int]:
    row = await worker.service.database.pool_for(None).fetchrow(COUNTED)
    assert row is not None
    return {word: number or 0 for word, number in zip(BECAME, row, strict=True)}


async def test_what_became_of_every_record_is_counted(worker: Worker, ids: Ids) -> None:
    account, number = ids
    before = await counted(worker)
    ask, unread = making.requested(number, account), making.requested(number + 1, account)
    poll = [making.paid(60, account), ask, ask, making.requested(number + 2, account)]
    records = [record(message) for message in poll]
    garbage = raw_record(ask.topic, b"{", account.encode(), partition=records[1].partition)
    misplaced = record(unread, partition=(records[1].partition + 1) % making.PARTITIONS)

    await worker.obey([*records, garbage, misplaced])
    await worker.obey(records)

    after = await counted(worker)
    assert {word: after[word] - before[word] for word in BECAME} == {
        "applied": 2,  # The invoice and the first request.
        "duplicate": 1,
        "refused": 1,  # Nothing is left.
        "invalid": 1,
        "dead_lettered": 1,
    }
    assert await worker.service.database.pool_for(None).fetch(OFFSETS) == []


async def test_what_only_the_database_refuses_is_counted_with_the_dead_letters(
    worker: Worker, ids: Ids
) -> None:
    poll = [making.paid(9, ids.account, invoice=ids.number), making.paid(100, ids.account)]
    before, pool = await counted(worker), worker.service.database.pool_for(None)
    await pool.execute("ALTER TABLE grants ADD CONSTRAINT no_nine CHECK (asked <> 9) NOT VALID")
    try:
        await worker.obey([record(message) for message in poll])
    finally:
        await pool.execute("ALTER TABLE grants DROP CONSTRAINT no_nine")

    after = await counted(worker)
    more = {word: after[word] - before[word] for word in BECAME if after[word] != before[word]}
    assert more == {"applied": 1, "dead_lettered": 1}
    assert await pool.fetch(OFFSETS) == []


async def test_of_equal_alerts_the_first_is_told_alone_whoever_raises_it(
    worker: Worker, another: Worker, ids: Ids
) -> None:
    account, number = ids
    first, *others = [making.completed(number + n, account, model_used="gpt-9") for n in range(4)]
    strange = making.completed(number + 5, account, model_used="gpt-10")
    await worker.obey([record(making.paid(500, account))])

    await worker.obey([record(first), record(others[0])])
    await worker.obey([record(others[1])])
    await another.obey([record(others[2]), record(strange)])

    (told,) = worker.recorder.messages(AlertRaised)
    (more,) = another.recorder.messages(AlertRaised)
    assert (told.about, told.data["operation_id"]) == ("gpt-9", first.operation_id)
    assert more.about == "gpt-10"
    topics = worker.recorder.topics() + another.recorder.topics()
    assert not [topic for topic in topics if topic.endswith(".dlq")], topics


async def test_a_clock_that_is_ahead_on_purpose_makes_no_command_late(url: str, ids: Ids) -> None:
    account, number = ids
    now = int(time.time() * 1000)
    fresh = record(making.requested(number, account), {"ttl_ms": b"60000"}, timestamp=now)
    stale = record(
        making.requested(number + 1, account), {"ttl_ms": b"60000"}, timestamp=now - 61_000
    )
    async with working(url, clock_offset=AHEAD_SECONDS) as worker:
        await worker.obey([record(making.paid(500, account)), fresh, stale])

        done, late = worker.recorder.messages(OperationReplied)

    assert (done.status, late.status) == ("ok", "error")
    assert late.error is not None
    assert late.error.code == "unavailable"


async def test_a_hold_has_the_margin_of_the_settings(worker: Worker, ids: Ids) -> None:
    account, number = ids
    settings = worker.service.settings.model_copy(update={"hold_margin_percent": 50})
    service = Service("credits", settings)
    service.database, service.outbox = worker.service.database, worker.service.outbox
    generous = Worker(Credits(service), worker.recorder, worker.reader)

    await generous.obey(
        [record(making.paid(500, account)), record(making.requested(number, account))]
    )

    (reply,) = worker.recorder.messages(OperationReplied)
    assert reply.data is not None
    assert (reply.data.estimated, reply.data.held) == (50, 75)


async def test_what_is_set_aside_again_tells_of_the_last_time_alone(
    worker: Worker, ids: Ids
) -> None:
    place = making.partition_for(making.requested(1, ids.account))
    before = {"dlq_reason": b"database", "dlq_offset": b"7", "hint": b"replayed"}
    again = raw_record(
        OperationRequested.topic,
        b"{",
        ids.account.encode(),
        before,
        partition=place,
    )

    await worker.obey([again])

    (dead,) = worker.recorder.sent
    assert (dead.header("dlq_reason"), dead.header("hint")) == (b"undecodable", b"replayed")
    assert dead.header("dlq_offset") == b"%d" % again.offset
