"""How far this service has applied each partition, moved in the transaction of the effects."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

from aiokafka import TopicPartition as Place

from shared import metrics
from shared.kafka import Letter
from shared.postgres import Pool, Transaction

# One atomic fetch-and-advance: a zombie consumer waits here for the row of its successor, and then
# learns that its records are applied already. Sorted, so that two of them cannot deadlock.
ADVANCE = """
    INSERT INTO kafka_offsets AS applied (
        consumer_group, topic, partition, first_offset, next_offset, previous_offset)
    SELECT $1, topic, partition, first_offset, next_offset, first_offset
    FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[])
         AS poll (topic, partition, first_offset, next_offset)
    ORDER BY topic, partition
    ON CONFLICT (consumer_group, topic, partition) DO UPDATE
    SET previous_offset = applied.next_offset,
        next_offset = greatest(applied.next_offset, excluded.next_offset)
    RETURNING topic, partition, previous_offset
"""

APPLIED = """
    SELECT topic, partition, next_offset FROM kafka_offsets WHERE consumer_group = $1
"""

COUNT = """
    UPDATE kafka_offsets AS applied SET
        applied = applied.applied + new.applied, duplicate = applied.duplicate + new.duplicate,
        refused = applied.refused + new.refused, invalid = applied.invalid + new.invalid,
        dead_lettered = applied.dead_lettered + new.dead_lettered,
        absent = applied.next_offset - applied.previous_offset + applied.absent
                 - new.applied - new.duplicate - new.refused - new.invalid - new.dead_lettered
    FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[])
         AS new (topic, partition, applied, duplicate, refused, invalid, dead_lettered)
    WHERE applied.consumer_group = $1 AND applied.topic = new.topic
      AND applied.partition = new.partition
"""

Became: TypeAlias = Literal["applied", "duplicate", "refused", "invalid", "dead_lettered"]
BECAME: tuple[Became, ...] = get_args(Became)


class Fate(NamedTuple):
    """What became of one record, for the count that must add up to the offsets passed (I10)."""

    topic: str
    partition: int
    became: Became


async def applied(pool: Pool, group: str) -> dict[Place, int]:
    """Where each partition goes on, of those that were ever read."""
    rows = await pool.fetch(APPLIED, group)
    return {Place(topic, partition): following for topic, partition, following in rows}


async def advance(tx: Transaction, group: str, letters: Sequence[Letter]) -> list[Letter]:
    """Move to the end of the poll; give the letters that were never applied before."""
    starts, ends = dict[tuple[str, int], int](), dict[tuple[str, int], int]()
    for letter in letters:
        record = letter.record
        place = record.topic, record.partition
        if place not in starts:
            starts[place] = record.offset
        ends[place] = record.offset + 1
    topics, partitions = zip(*ends, strict=True)
    rows = await tx.fetch(
        ADVANCE, group, topics, partitions, list(starts.values()), list(ends.values())
    )
    before = {(topic, partition): previous for topic, partition, previous in rows}
    if all(before[place] <= start for place, start in starts.items()):
        return list(letters)
    metrics.OFFSET_CONFLICTS.labels(group).inc()
    return [letter for letter in letters if letter.record.offset >= before[letter.place]]


async def count(tx: Transaction, group: str, fates: Collection[Fate]) -> None:
    """Write down what became of each record of the poll, in the transaction that moved past it."""
    if not fates:
        return
    counted = Counter(fates)
    places = list({(topic, partition) for topic, partition, _ in counted})
    numbers = [[counted[Fate(*place, became)] for place in places] for became in BECAME]
    topics, partitions = zip(*places, strict=True)
    await tx.execute(COUNT, group, topics, partitions, *numbers)
    for became, number in zip(BECAME, map(sum, numbers), strict=True):
        if number:
            metrics.MESSAGES.labels(group, became).inc(number)
