"""What must be true of the tables that every service has: what it has read, what it still sends."""

from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from aiokafka import TopicPartition as Place
from aiokafka.record.memory_records import MemoryRecords
from cramjam import lz4

from shared.outbox import read_runs
from shared.postgres import Transaction
from shared.verifying import (
    NAME,
    Finding,
    Snapshot,
    Violation,
    guarded_by,
    of_one,
    of_rows,
)
from shared.wire import Run, batch

OFFSETS = """
    SELECT NULL::uuid AS account_id, 'offsets passed are not what became of the records' AS what,
           to_jsonb(passed) - 'previous_offset' AS numbers
    FROM kafka_offsets AS passed
    WHERE next_offset - first_offset
          <> applied + duplicate + refused + invalid + dead_lettered + absent
       OR next_offset < previous_offset OR previous_offset < first_offset
       OR least(applied, duplicate, refused, invalid, dead_lettered, absent) < 0
"""
READ = "SELECT consumer_group, topic, partition, next_offset FROM kafka_offsets ORDER BY 1, 2, 3"
WAITING = """
    SELECT NULL::uuid AS account_id, 'a parcel waits in the outbox' AS what, jsonb_build_object(
        'parcel_id', parcel_id, 'made_at', made_at, 'bytes', octet_length(records)) AS numbers
    FROM outbox WHERE made_at < clock_timestamp() - make_interval(secs => $1)
"""
PARCELS = "SELECT records FROM outbox WHERE partitions && $1::int[] ORDER BY parcel_id"
IDLE = """
    SELECT NULL::uuid AS account_id, 'a session does nothing inside a transaction' AS what,
           jsonb_build_object('pid', pid, 'application', application_name, 'since', state_change)
           AS numbers
    FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
      AND state LIKE 'idle in transaction%' AND application_name <> $1
      AND state_change < clock_timestamp() - make_interval(secs => $2)
"""


async def topics_as_long_as_read(snapshot: Snapshot) -> Finding:
    """A topic that ends before what was applied was made anew: its records would be dropped."""
    rows = await snapshot.tx.fetch(READ)
    places = await snapshot.retained.places({row["topic"] for row in rows})
    ends, finding = await snapshot.retained.end(places), Finding()
    for group, topic, partition, next_offset in rows:
        end = ends.get(Place(topic, partition), 0)
        if end < next_offset:
            numbers = {"consumer_group": group, "topic": topic, "partition": partition}
            offsets = {"next_offset": next_offset, "end_offset": end}
            what = "a topic is shorter than what was read of it"
            finding.add(Violation(None, what, numbers | offsets))
    return finding


class Waiting(NamedTuple):
    """A record that is still to be published, or was just now."""

    topic: str
    value: bytes


async def waiting(tx: Transaction, partition: int) -> AsyncIterator[Waiting]:
    """What the outbox holds for one partition number, in order, a parcel at a time."""
    async for (packed,) in tx.cursor(PARCELS, [partition], prefetch=1):
        for run in read_runs(lz4.decompress_block(packed)):
            if run.partition == partition:
                for value in values_of(run):
                    yield Waiting(run.topic, value)


def values_of(run: Run) -> Iterator[bytes]:
    batches = MemoryRecords(bytes(batch(run, -1, -1, -1)))
    while (found := batches.next_batch()) is not None:
        for record in found:
            yield record.value or b""


def outbox_grace(snapshot: Snapshot) -> tuple[float]:
    return (snapshot.tolerance.outbox_seconds,)


def idle_grace(snapshot: Snapshot) -> tuple[str, float]:
    return NAME, snapshot.tolerance.idle_seconds


CHECKS = (
    of_rows("I10", OFFSETS, "SELECT count(*) FROM kafka_offsets"),
    guarded_by("I10", "offsets_never_fall"),
    of_one("I10", topics_as_long_as_read, source="topics"),
    of_rows("I16", WAITING, "SELECT count(*) FROM outbox", outbox_grace),
    of_rows("I16", IDLE, parameters=idle_grace),
)
