"""What the broker never takes stops nobody: it is found before the commit, or put aside after it.

What may never happen:

1. A header or an answer of a size that somebody else chose is sent for ever.
2. What is sent together with a record that is too large does not arrive, or changes its order.
3. A record that is too large is forgotten: it is a dead letter, or its row stays.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from shared.envelope import Outgoing, Postmark, announce, cause
from shared.halving import by_halves
from shared.kafka import MAX_HEADER_BYTES, Letter
from shared.outbox import Outbox, Parcel
from shared.postgres import Database, Pool, transaction
from shared.publisher import Publisher, TooLargeError, packed
from shared.service import Service
from shared.settings import Settings
from shared.wire import Run, apart
from tests import making
from tests.making import ANN, PARTITIONS, uuid
from tests.recorder import Recorder, opened, sent
from tests.shared.little import HOME, LIMIT, numbers, numbers_of, told

NOW = datetime(2026, 1, 15, tzinfo=UTC)
METRIC = "igny8_records_too_large_total"


class Strict(Recorder):
    """Takes no run above its limit, and nothing that is sent together with one and after it."""

    async def send_runs(self, made: Iterable[Run]) -> None:
        self.is_lost = False
        left = [run for run in made if not await self.takes(run)]
        if left:
            raise TooLargeError(left)

    async def takes(self, run: Run) -> bool:
        if self.is_lost or len(run.records) > LIMIT:
            self.is_lost = True
            return False
        await super().send_runs([run])
        return True


async def rows(pool: Pool) -> list[tuple[int, bool]]:
    """The parcels that are kept, and whether somebody would still send them."""
    found = await pool.fetch(
        "SELECT parcel_id, leased_at < 'infinity' FROM outbox ORDER BY parcel_id"
    )
    return [(row[0], row[1]) for row in found]


async def kept(pool: Pool, outbox: Outbox, *records: Outgoing) -> Parcel:
    async with transaction(pool) as tx:
        parcel = await outbox.add(tx, records)
    assert parcel is not None
    return parcel


def test_a_run_is_taken_apart_into_the_records_that_it_is_made_of() -> None:
    records = [told(number, size) for number, size in enumerate((0, 1, 100, 10_000, 70))]
    (run,) = packed(records)

    assert [one for part in apart(run) for one in opened(part)] == opened(run)
    assert [part.size for part in apart(run)] == [1] * len(records)


@pytest.mark.parametrize("name", ["correlation_id", "ce_id", "traceparent"])
def test_a_header_that_is_very_long_is_as_if_it_were_not_there(name: str) -> None:
    asked = making.requested(1)
    said = [
        answer_to(making.letter(asked, {name: b"a" * size}, offset=41))
        for size in (MAX_HEADER_BYTES + 1, 6 * 1024 * 1024)
    ]

    assert said == [answer_to(making.letter(asked, offset=41))] * 2


def answer_to(letter: Letter) -> Outgoing:
    because = cause(letter, ANN, uuid(1), PARTITIONS)
    return announce(making.failed(1), because, Postmark("credits", NOW, PARTITIONS))


async def test_what_no_topic_takes_is_refused_before_it_is_committed(pool: Pool) -> None:
    outbox = Outbox(Recorder())

    with pytest.raises(TooLargeError):
        await kept(pool, outbox, told(1), told(2, 6 * 1024 * 1024))
    assert await rows(pool) == []

    await kept(pool, outbox, told(2, 6 * 1024 * 1024, "ai.operation.failed.dlq"))


async def test_the_record_that_makes_us_say_too_much_is_set_aside(pool: Pool) -> None:
    recorder = Recorder()
    service = Service("credits", Settings(kafka_bootstrap_servers="nowhere:0"))
    service.database = Database(pool)
    service.speak_through(recorder)

    async def apply(letters: Sequence[Letter]) -> Parcel | None:
        said = [
            told(one.record.offset, 6 * 1024 * 1024 if one.record.offset == 2 else 1)
            for one in letters
        ]
        async with transaction(pool) as tx:
            return await service.outbox.add(tx, said)

    letters = [making.letter(making.failed(number), offset=number) for number in range(5)]
    await by_halves(service, letters, apply)
    await service.outbox.settled()

    assert numbers(one.value for one in recorder.of("told")) == [0, 1, 3, 4]
    (dead,) = recorder.of("ai.operation.failed.dlq")
    assert (dead.header("dlq_offset"), dead.header("dlq_reason")) == (b"2", b"too_large")


async def test_of_a_parcel_that_was_left_behind_the_rest_goes_out(pool: Pool) -> None:
    records = [told(1), told(2, LIMIT), told(3), told(4, topic="said")]
    parcel = await kept(pool, Outbox(Recorder()), *records)
    broker = Strict()
    before = REGISTRY.get_sample_value(METRIC, {"topic": "told"}) or 0

    assert await Outbox(broker).recover(pool, {HOME}) == 1

    assert numbers(one.value for one in broker.of("told")) == [1, 3]
    assert numbers(one.value for one in broker.of("said")) == [4]
    assert await rows(pool) == [(parcel.parcel_id, False)]
    assert await Outbox(broker).recover(pool, {HOME}) == 0
    assert REGISTRY.get_sample_value(METRIC, {"topic": "told"}) == before + 1


async def test_an_operator_may_send_it_when_the_broker_takes_it(pool: Pool) -> None:
    records = [told(1), told(2, LIMIT)]
    await kept(pool, Outbox(Recorder()), *records)
    await Outbox(Strict()).recover(pool, {HOME})

    await pool.execute("UPDATE outbox SET leased_at = now() WHERE leased_at = 'infinity'")
    broker = Recorder()
    assert await Outbox(broker).recover(pool, {HOME}) == 1

    assert broker.sent == sent(records[1:])
    assert await rows(pool) == []


async def test_a_parcel_on_its_way_stops_nobody_who_comes_after_it(pool: Pool) -> None:
    broker = Strict()
    outbox = Outbox(broker)
    first = await kept(pool, outbox, told(1), told(2, LIMIT), told(3))

    await outbox.send(first)
    await outbox.send(await kept(pool, outbox, told(4)))
    await outbox.settled()
    await outbox.tidy(pool)

    assert numbers(one.value for one in broker.sent) == [1, 3, 4]
    assert await rows(pool) == [(first.parcel_id, False)]


async def test_a_real_broker_takes_the_others_in_their_order(
    environment: dict[str, str], topic: str
) -> None:
    servers = environment["KAFKA_BOOTSTRAP_SERVERS"]
    publisher = Publisher(servers)
    await publisher.start()
    try:
        some = [told(number, LIMIT if number == 3 else 100, topic) for number in range(10)]
        many = [told(number, 900, topic) for number in range(10, 2_010)]  # Runs that are too large.
        assert numbers_in(await publisher.deliver(packed(some))) == [3]
        assert await publisher.deliver(packed(many)) == []
        with pytest.raises(TooLargeError):
            await publisher.send([told(2_010, LIMIT, topic)])
        await publisher.send([told(2_011, 100, topic)])
    finally:
        await publisher.stop()

    expected = [number for number in range(2_010) if number != 3]
    assert await numbers_of(servers, topic) == [*expected, 2_011]


def numbers_in(runs: Sequence[Run]) -> list[int]:
    return numbers(one.value for run in runs for one in opened(run))
