"""What was set aside is in its topic of dead letters, as it came, with its position (I10, I12).

Of each partition the newest dead letters are held against the records that they are of, for as long
as Kafka keeps those; the others are counted.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, get_args

from aiokafka import TopicPartition as Place

from shared.deliveries import waiting
from shared.kafka import Reason, Record
from shared.verifying import Check, Finding, Snapshot, Violation, of_one

SUFFIX = ".dlq"
OURS = "dlq_"
MOST_COMPARED = 500
NEAR = 50  # Records that lie so close together are read at once.
COUNTED = """
    SELECT topic, partition, sum(dead_lettered)::bigint AS dead_lettered FROM kafka_offsets
    WHERE topic = ANY($1::text[]) AND dead_lettered > 0 GROUP BY topic, partition
"""


class Looks(NamedTuple):
    """What a record looks like, in a few bytes."""

    key: int
    value: int
    headers: int
    is_cut: bool  # It did not fit into a dead letter, and says so.


class Position(NamedTuple):
    """Where a dead letter came from."""

    topic: str
    partition: int
    offset: int


def checks(topics: Collection[str]) -> tuple[Check, ...]:
    """Check the dead letters of some topics."""

    async def find(snapshot: Snapshot) -> Finding:
        finding = Finding()
        counted = {
            Place(topic, partition): count
            for topic, partition, count in await snapshot.tx.fetch(COUNTED, list(topics))
        }
        for place in sorted({*counted, *places_of(snapshot, topics)}):
            await examine(snapshot, finding, place, counted.get(place, 0))
        return finding

    return (of_one("I12", find, "topics"),)


def aside(topics: Collection[str]) -> list[str]:
    """The topics of their dead letters."""
    return [f"{topic}{SUFFIX}" for topic in topics]


def places_of(snapshot: Snapshot, topics: Collection[str]) -> Iterator[Place]:
    for topic, partition in snapshot.places(aside(topics)):
        yield Place(topic.removesuffix(SUFFIX), partition)


async def examine(snapshot: Snapshot, finding: Finding, place: Place, counted: int) -> None:
    """Look at the dead letters of one partition, and at what they are of."""
    letters = await positions(snapshot, finding, place)
    topic, partition = place
    sent = [x async for x in waiting(snapshot.tx, partition) if x.topic == f"{topic}{SUFFIX}"]
    if len(letters) + len(sent) < counted:
        what = "a record was set aside and is nowhere"
        numbers = {"set_aside": counted, "dead_letters": len(letters), "on_their_way": len(sent)}
        finding.add(Violation(None, what, place._asdict() | numbers))
    newest = sorted(letters)[-MOST_COMPARED:]
    finding.skipped += len(letters) - len(newest)
    for group in close_together(newest):
        await compare(snapshot, finding, place, {offset: letters[offset] for offset in group})


async def positions(snapshot: Snapshot, finding: Finding, place: Place) -> dict[int, Looks]:
    """Each dead letter of a partition under the offset of what it is of; a repeat is one."""
    found: dict[int, Looks] = {}
    home = Place(f"{place.topic}{SUFFIX}", place.partition)
    start, _, end = snapshot.reach(home)
    async for records in snapshot.retained.read(home, start, end):
        finding.checked += len(records)
        for record in records:
            position = position_of(record)
            if position is None or (position.topic, position.partition) != place:
                what = "a dead letter does not say where it came from, or why"
                where = {"topic": home.topic, "partition": home.partition}
                finding.add(Violation(None, what, where | {"offset": record.offset}))
            else:
                found[position.offset] = looks_of(record)
    return found


def position_of(letter: Record) -> Position | None:
    said = dict(letter.headers)
    topic, partition = said.get("dlq_topic"), said.get("dlq_partition")
    offset, reason = said.get("dlq_offset"), said.get("dlq_reason")
    if not (topic and partition and offset and reason and said.get("dlq_at")):
        return None
    if reason.decode() not in get_args(Reason) or not (partition + offset).isdigit():
        return None
    return Position(topic.decode(), int(partition), int(offset))


def close_together(offsets: Sequence[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    for offset in offsets:
        if groups and offset - groups[-1][-1] <= NEAR:
            groups[-1].append(offset)
        else:
            groups.append([offset])
    return groups


async def compare(
    snapshot: Snapshot, finding: Finding, place: Place, letters: Mapping[int, Looks]
) -> None:
    """Hold dead letters against the records that they are of, where Kafka still has those."""
    start, _, end = snapshot.reach(place)
    first, last = max(start, min(letters)), min(end, max(letters) + 1)
    finding.skipped += sum(1 for offset in letters if not first <= offset < last)
    async for records in snapshot.retained.read(place, first, last):
        for record in records:
            letter = letters.get(record.offset)
            if letter is not None and (differing := differences(looks_of(record), letter)):
                what = "a dead letter is not what was set aside"
                where = place._asdict() | {"offset": record.offset}
                finding.add(Violation(None, what, where | {"differing": [*differing]}))


def looks_of(record: Record) -> Looks:
    """Without what was added when it was set aside."""
    came = tuple((name, value) for name, value in record.headers if not name.startswith(OURS))
    is_cut = any(name == "dlq_cut_from" for name, _ in record.headers)
    return Looks(hash(record.key), hash(record.value), hash(came), is_cut)


def differences(record: Looks, letter: Looks) -> list[str]:
    """What of a record its dead letter does not have."""
    if letter.is_cut:
        return []
    return [
        name
        for name in ("key", "value", "headers")
        if getattr(record, name) != getattr(letter, name)
    ]
