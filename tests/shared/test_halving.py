"""A record that only PostgreSQL refuses is set aside alone, however many there are; on a real one.

What may never happen:

1. A record that PostgreSQL would take is set aside because of its neighbours, or is lost.
2. A record is applied twice, or after one that came later.
3. Whatever is no fault of the data sets a record aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest
from aiokafka import TopicPartition as Place
from structlog.testing import capture_logs

from shared import offsets
from shared.halving import by_halves
from shared.kafka import Letter, Unreadable
from shared.offsets import Fate
from shared.outbox import Parcel
from shared.postgres import Database, Pool, transaction
from shared.service import Service
from shared.settings import Settings
from tests import making
from tests.making import ANN, partition_for, uuid
from tests.recorder import Recorder

GROUP = "credits"
HERE = Place("ai.operation.failed", partition_for(making.failed(1)))
POISON = 1_000_000  # From here on PostgreSQL is asked to divide by nothing.


@dataclass
class Press:
    """Does with a poll what a service does, and remembers what was committed."""

    service: Service
    recorder: Recorder
    tries: int = 0
    applied: list[int] = field(default_factory=list)

    async def apply(self, letters: Sequence[Letter]) -> Parcel | None:
        self.tries += 1
        async with transaction(self.service.database.pool_for(None)) as tx:
            fresh = await offsets.advance(tx, GROUP, letters)
            for letter in fresh:
                await tx.fetchval("SELECT 1 / $1::int", int(number_of(letter) < POISON))
            fates = [Fate(HERE.topic, HERE.partition, "applied") for _ in fresh]
            await offsets.count(tx, GROUP, fates)
            told = [making.outgoing(making.failed(number_of(one))) for one in fresh]
            parcel = await self.service.outbox.add(tx, told)
        self.applied += [number_of(letter) for letter in fresh]
        return parcel

    async def obey(self, letters: Sequence[Letter]) -> None:
        await by_halves(self.service, letters, self.apply)
        await self.service.outbox.settled()


@pytest.fixture
async def press(pool: Pool) -> Press:
    recorder = Recorder()
    service = Service(GROUP, Settings(kafka_bootstrap_servers="nowhere:0"))
    service.database = Database(pool)
    service.speak_through(recorder)
    return Press(service, recorder)


def number_of(letter: Letter) -> int:
    return int(getattr(letter.content, "operation_id", "0")[-12:], 16)


def poll(*numbers: int) -> list[Letter]:
    return [
        making.letter(making.failed(number), offset=offset) for offset, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    "bad",
    [set[int](), {0}, {7}, {12}, {3, 4}, {0, 6, 12}, set(range(13))],
    ids=lambda bad: "-".join(map(str, sorted(bad))) or "none",
)
async def test_those_that_are_refused_are_set_aside_and_the_others_applied_in_order(
    press: Press, pool: Pool, bad: set[int]
) -> None:
    numbers = [POISON + place if place in bad else place for place in range(13)]

    await press.obey(letters := poll(*numbers))

    good = [number for number in numbers if number < POISON]
    assert press.applied == good
    dead = press.recorder.of(f"{HERE.topic}.dlq")
    assert [one.header("dlq_offset") for one in dead] == [b"%d" % place for place in sorted(bad)]
    assert {one.header("dlq_reason") for one in dead} <= {b"database"}
    told = press.recorder.of(HERE.topic)
    assert [one.said["operation_id"] for one in told] == [uuid(number) for number in good]
    assert await offsets.applied(pool, GROUP) == {HERE: 13}
    counted = await pool.fetchrow("SELECT applied, dead_lettered, absent FROM kafka_offsets")
    assert tuple(counted or ()) == (len(good), len(bad), 0)
    set_aside = {place for place, x in enumerate(letters) if isinstance(x.content, Unreadable)}
    assert set_aside == bad


async def test_a_poll_that_nothing_is_wrong_with_is_one_transaction(press: Press) -> None:
    await press.obey(poll(*range(50)))

    assert press.tries == 1


async def test_one_of_five_hundred_is_found_in_few_transactions(press: Press) -> None:
    await press.obey(poll(*range(321), POISON, *range(322, 500)))

    assert len(press.applied) == 499
    assert press.tries <= 2 * 9 + 1


async def test_what_was_set_aside_and_is_read_again_is_not_set_aside_again(press: Press) -> None:
    await press.obey(poll(1, POISON, 3))

    await press.obey(poll(1, POISON, 3))

    assert press.applied == [1, 3]
    assert len(press.recorder.of(f"{HERE.topic}.dlq")) == 1


async def test_it_is_logged_where_it_lies_and_whose_it_is(press: Press) -> None:
    with capture_logs() as lines:
        await press.obey(poll(1, POISON))

    (line,) = (line for line in lines if line["event"] == "set aside")
    assert (line["topic"], line["partition"], line["offset"]) == (*HERE, 1)
    assert (line["account_id"], line["reason"]) == (ANN, "DivisionByZeroError")


@pytest.mark.parametrize(
    "failure",
    [asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError, OSError, KeyError],
)
async def test_what_is_no_fault_of_the_data_sets_nothing_aside(
    press: Press, pool: Pool, failure: type[Exception]
) -> None:
    async def fail(_: Sequence[Letter]) -> Parcel | None:
        press.tries += 1
        raise failure("gone")

    with pytest.raises(failure):
        await by_halves(press.service, poll(1, 2, 3), fail)

    assert (press.tries, press.recorder.sent) == (1, [])
    assert await offsets.applied(pool, GROUP) == {}
