"""What an operator is told of the system as a whole, and what he is not bothered with."""

import asyncpg
import pytest
from aiokafka import TopicPartition as Place
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from cramjam import lz4

from deploy.local.environment import KAFKA
from deploy.verify import as_json
from shared.envelope import Outgoing
from shared.kafka import Record
from shared.outbox import write_runs
from shared.publisher import packed
from shared.verifying import BUSY, QUIET
from shared.wire import header, stamped
from tests.deploy.desk import HELD, Desk, broken, grant_in_silence, whose
from tests.deploy.traffic import Stack
from tests.making import BOB, PARTITIONS, outgoing, partition_for, requested

pytestmark = pytest.mark.servers

DEDUCTIONS = "SELECT count(*) FROM ledger WHERE lane % $1 = $2 AND type = 'deduction'"


@pytest.mark.parametrize(
    ("invariant", "what", "breaks"),
    [
        pytest.param(
            "I2",
            "the database does not guard this any more",
            "ALTER TABLE accounts DROP CONSTRAINT never_below_nothing",
            id="a constraint that was dropped",
        ),
        pytest.param(
            "I5",
            "the database does not keep terminal states any more",
            "ALTER TABLE reservations DISABLE TRIGGER terminal_states_stay",
            id="a trigger that was switched off",
        ),
        pytest.param(
            "I10",
            "offsets passed are not what became of the records",
            "UPDATE kafka_offsets SET applied = applied + 1 WHERE topic = 'invoice.paid'",
            id="a record that was counted twice",
        ),
        pytest.param(
            "I10",
            "a topic is shorter than what was read of it",
            "UPDATE kafka_offsets SET next_offset = next_offset + 9, absent = absent + 9",
            id="a topic that was made anew",
        ),
        pytest.param(
            "I16",
            "a parcel waits in the outbox",
            "INSERT INTO outbox (partitions, records, made_at)"
            f" VALUES ('{{0}}', '\\x{bytes(lz4.compress_block(write_runs([]))).hex()}',"
            " clock_timestamp() - interval '11 s')",
            id="a parcel that nobody sends",
        ),
    ],
)
async def test_what_is_wrong_with_the_system_is_named(
    desk: Desk, invariant: str, what: str, breaks: str
) -> None:
    await desk.tx.execute(breaks)
    assert broken(await desk.finds()) == {(invariant, what)}


async def test_an_entry_that_nobody_was_told_of_is_named_unless_it_is_on_its_way(
    desk: Desk,
) -> None:
    facts = await grant_in_silence(desk.tx, BOB)
    what = "an entry of the ledger was not announced"
    assert ("I11", what) in broken(await desk.finds())
    assert whose(await desk.finds(), what) == {BOB}

    runs = packed([outgoing(fact) for fact in facts])
    parcel = [run.partition for run in runs], bytes(lz4.compress_block(write_runs(runs)))
    await desk.tx.execute("INSERT INTO outbox (partitions, records) VALUES ($1, $2)", *parcel)
    assert broken(await desk.finds(BUSY)) == set()
    assert broken(await desk.finds(QUIET)) == {("I16", "a parcel waits in the outbox")}


async def test_what_may_last_a_while_on_a_busy_system_may_not_on_a_quiet_one(
    desk: Desk, books: Stack
) -> None:
    overdue = (
        f"UPDATE reservations SET expires_at = clock_timestamp() - interval '9 s' WHERE {HELD}"
    )
    await desk.tx.execute(overdue)
    other = await asyncpg.connect(books.environment["CREDITS_DATABASE_URL"])
    async with other.transaction():
        await other.execute("SELECT 1")
        assert broken(await desk.finds(BUSY)) == set()
        assert broken(await desk.finds(QUIET)) == {
            ("I16", "a hold is open after its time"),
            ("I16", "a session does nothing inside a transaction"),
        }
    await other.close()


async def test_all_that_is_wrong_is_counted_and_the_first_twenty_are_shown(desk: Desk) -> None:
    wrong = await desk.tx.execute(
        "UPDATE reservations SET close_reason = NULL WHERE state <> 'held'"
    )
    refused = await desk.tx.fetchval("SELECT count(*) FROM reservations WHERE state = 'refused'")
    rows = {row["id"]: row for row in as_json(await desk.finds())["invariants"]}
    assert len(rows["I4"]["violations"]) == 20
    assert rows["I4"]["more"] == int(wrong.split()[-1]) - refused - 20


async def test_facts_that_are_told_twice_are_told_once(books: Stack, desk: Desk) -> None:
    places = await desk.topics.places(["credits.committed", "credits.balance.changed"])
    ends = await desk.topics.end(places)
    copies = [
        again(record)
        for place in places
        async for records in desk.topics.read(place, 0, ends[place])
        for record in records
    ]
    assert copies
    await books.publish(*copies)
    assert broken(await desk.finds()) == set()


async def test_what_kafka_holds_no_more_is_counted_and_not_held_against_anybody(
    books: Stack, desk: Desk
) -> None:
    place = Place("credits.committed", partition_for(requested(1, BOB)))
    end = (await desk.topics.end([place]))[place]
    admin = AIOKafkaAdminClient(bootstrap_servers=books.environment[KAFKA])
    await admin.start()
    await admin.delete_records({place: RecordsToDelete(before_offset=end)})
    await admin.close()

    report = await desk.finds()
    assert report.ok
    skipped = {row.id: row.finding.skipped for row in report.invariants}
    assert skipped["I11"] == await desk.tx.fetchval(DEDUCTIONS, PARTITIONS, place.partition)


def again(record: Record) -> Outgoing:
    written = [header(name, value) for name, value in record.headers]
    stamp = stamped(record.key, record.value, written, len(written))
    return Outgoing(record.topic, record.partition, stamp)
