"""What others said, read anew from its topics with the service's own reader."""

from collections.abc import AsyncIterator, Sequence

from aiokafka import TopicPartition as Place

from shared.access import Gate
from shared.actor import Verifier
from shared.aside import positions
from shared.contracts.message import Message
from shared.kafka import Letter, Reader
from shared.verifying import Finding, Snapshot

READ = """
    SELECT topic, partition, first_offset, next_offset FROM kafka_offsets
    WHERE topic = ANY($1::text[])
"""


def reader_for(snapshot: Snapshot, types: Sequence[type[Message]]) -> Reader:
    """As the service reads them, with the keys of actors that are there today.

    What was signed before a month end is rehearsed on the same data had not expired then.
    """
    partitions = len(snapshot.places({types[0].topic}))
    gate = Gate(Verifier(snapshot.keys), min(0.0, snapshot.clock_offset))
    return Reader(types, partitions, gate)


async def applied(
    snapshot: Snapshot, types: Sequence[type[Message]]
) -> AsyncIterator[Sequence[Letter]]:
    """What the service has read of some topics and not set aside, as far as Kafka still has it."""
    reader = reader_for(snapshot, types)
    rows = await snapshot.tx.fetch(READ, [message.topic for message in types])
    for topic, partition, first_offset, next_offset in rows:
        place = Place(topic, partition)
        start, _, end = snapshot.reach(place)
        aside = await positions(snapshot, Finding(), place)
        last = min(end, next_offset)
        async for records in snapshot.retained.read(place, max(start, first_offset), last):
            yield reader.read_all([x for x in records if x.offset not in aside])
