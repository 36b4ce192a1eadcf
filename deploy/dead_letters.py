"""`igny8 dlq`: what could not be read, shown as it came, and sent again when that is mended."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import Annotated

import msgspec
import typer
from aiokafka import TopicPartition as Place
from aiokafka.errors import KafkaConnectionError

from deploy import surroundings
from deploy.errors import OperatorError
from deploy.local.environment import KAFKA
from deploy.options import DATA, Data
from shared import retained
from shared.contracts.topics import MAX_RECORD_BYTES
from shared.contracts.types import JsonObject
from shared.envelope import Outgoing
from shared.kafka import IS_UUID, Record
from shared.publisher import Publisher
from shared.retained import Retained
from shared.wire import Header, header, stamped

SUFFIX, OURS, FIRST_SENT, CUT = ".dlq", "dlq_", "dlq_timestamp", "dlq_cut_from"
MOST_BYTES = MAX_RECORD_BYTES - 100  # The broker counts the header of a batch, too.
SHOWN_CHARACTERS = 80
KEPT_IN_MEMORY_BYTES = 10 * 1024 * 1024
NO_PLACE = "name a dead letter by TOPIC PARTITION OFFSET, or many by --all --topic TOPIC"

app = typer.Typer(
    name="dlq", help="Shows dead letters, and sends them again.", no_args_is_help=True
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was set aside, with what is said of it: the headers that begin with `dlq_`."""

    record: Record
    said: Mapping[str, str]

    @classmethod
    def of(cls, record: Record) -> "DeadLetter":
        ours = [(name, value) for name, value in record.headers if name.startswith(OURS)]
        return cls(record, {name: escaped(value or b"") for name, value in ours})

    @property
    def headers(self) -> list[Header]:
        """Those that it came with."""
        return [pair for pair in self.record.headers if not pair[0].startswith(OURS)]

    @property
    def origin(self) -> Place | None:
        """Where it came from, where that is told and goes with where it is."""
        topic, partition = self.said.get("dlq_topic"), self.said.get("dlq_partition")
        here = self.record.topic, str(self.record.partition)
        if topic is None or (f"{topic}{SUFFIX}", partition) != here:
            return None
        return Place(topic, self.record.partition)

    @property
    def flaw(self) -> str:
        """Why it cannot be sent again, if so."""
        if self.origin is None:
            return "without an origin"
        if CUT in self.said:
            return "without its end"
        if len(self.again(self.origin).record) > MOST_BYTES:  # It came compressed.
            return "too large for its topic"
        return ""

    @property
    def fingerprint(self) -> bytes:
        """The same for each time that the same record was set aside."""
        content = (self.origin, self.record.key, self.record.value, self.headers)
        return blake2b(repr(content).encode(), digest_size=16).digest()

    def again(self, home: Place) -> Outgoing:
        """The record as it came, to where it came from; an actor is judged by when it first did."""
        first_sent = [pair for pair in self.record.headers if pair[0] == FIRST_SENT]
        headers = [header(name, value) for name, value in (*self.headers, *first_sent)]
        written = stamped(self.record.key, self.record.value, headers, len(headers))
        return Outgoing(home.topic, home.partition, written)


@app.command(name="list")
def list_all(
    data: Data = DATA,
    topic: Annotated[str, typer.Option(help="Only this one's, with or without `.dlq`.")] = "",
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell of every dead letter: where it is, why, where it came from, and how it begins."""
    asyncio.run(print_as_json(data, topic) if json else print_lines(data, topic))


@app.command(name="show")
def show(topic: str, partition: int, offset: int, data: Data = DATA) -> None:
    """Show a dead letter whole: its headers and its bytes, in hexadecimal when they are no text."""
    asyncio.run(print_whole(data, Place(dead(topic), partition), offset))


@app.command(name="replay")
def replay(
    place: Annotated[list[str] | None, typer.Argument(metavar="[TOPIC PARTITION OFFSET]")] = None,
    data: Data = DATA,
    topic: Annotated[str, typer.Option(help="Whose, with --all.")] = "",
    reason: Annotated[str, typer.Option(help="Only those set aside for this, with --all.")] = "",
    *,
    many: Annotated[bool, typer.Option("--all", help="All of a topic.")] = False,
) -> None:
    """Send dead letters to where they came from, as they came; their ids let each act once."""
    if many and topic and not place:
        asyncio.run(replay_all(data, dead(topic), reason))
    elif place and len(place) == 3 and not many and all(map(str.isdecimal, place[1:])):
        asyncio.run(replay_one(data, Place(dead(place[0]), int(place[1])), int(place[2])))
    else:
        raise OperatorError(NO_PLACE)


def dead(topic: str) -> str:
    return topic if topic.endswith(SUFFIX) else topic + SUFFIX


async def print_lines(data: Data, topic: str) -> None:
    async with opened(data) as topics:
        async for letter in letters(topics, topic):
            row = row_of(letter)
            where = f"{row['topic']} {row['partition']} {row['offset']}"
            origin = ":".join(str(part) for part in row["original"].values())
            typer.echo(
                f"{where}  {row['reason'] or '-'}  {origin}  {row['time'] or '-'}"
                f"  {row['account_id'] or '-'}  {row['value']}"
            )


async def print_as_json(data: Data, topic: str) -> None:
    """One object, or nothing of it: there may be many, and the last may not be found."""
    with SpooledTemporaryFile(KEPT_IN_MEMORY_BYTES) as kept:
        kept.write(b'{"dead_letters":[')
        between = b""
        async with opened(data) as topics:
            async for letter in letters(topics, topic):
                kept.write(between + msgspec.json.encode(row_of(letter)))
                between = b","
        kept.write(b"]}\n")
        kept.seek(0)
        copyfileobj(kept, sys.stdout.buffer)


def row_of(letter: DeadLetter) -> JsonObject:
    record, said = letter.record, letter.said
    key = escaped(record.key or b"")
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "reason": said.get("dlq_reason"),
        "original": {name: said.get(f"dlq_{name}") for name in ("topic", "partition", "offset")},
        "time": said.get("dlq_at"),
        "account_id": key if IS_UUID.fullmatch(key) else None,
        "value": escaped((record.value or b"")[: 4 * SHOWN_CHARACTERS])[:SHOWN_CHARACTERS],
    }


async def print_whole(data: Data, place: Place, offset: int) -> None:
    async with opened(data) as topics:
        letter = await letter_at(topics, place, offset)
    record = letter.record
    typer.echo(f"{record.topic} {record.partition} {record.offset}")
    typer.echo(f"key: {shown(record.key)}")
    for name, value in record.headers:
        typer.echo(f"{escaped(name.encode(errors='surrogateescape'))}: {shown(value)}")
    typer.echo(f"\n{shown(record.value)}")


def shown(content: bytes | None) -> str:
    """Text as it is, anything else in hexadecimal; what a terminal would obey is no text."""
    if content is None:
        return "(null)"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content.hex(" ")
    is_plain = all(letter.isprintable() or letter in "\n\t" for letter in text)
    return text if is_plain else content.hex(" ")


def escaped(content: bytes) -> str:
    """On one line, whatever it is."""
    text = content.decode(errors="backslashreplace")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


async def replay_one(data: Data, place: Place, offset: int) -> None:
    where = f"{place.topic} {place.partition} {offset}"
    async with opened(data) as topics, publishing(data) as publisher:
        letter = await letter_at(topics, place, offset)
        if (home := letter.origin) is None or letter.flaw:
            raise OperatorError(f"{where} is {letter.flaw}")
        await publisher.send([letter.again(home)])
    typer.echo(f"replayed {where} to {home.topic} {home.partition}")


@dataclass(slots=True)
class Replay:
    """What is sent again of one topic, each record once, and what is left out."""

    reason: str
    sent: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    _seen: set[bytes] = field(default_factory=set)

    def chosen(self, letter: DeadLetter) -> Outgoing | None:
        """What to send of it; a record that was set aside twice is sent once."""
        reason = letter.said.get("dlq_reason", "")
        if self.reason and reason != self.reason:
            return None
        if (home := letter.origin) is None or letter.flaw:
            self.left_out[letter.flaw] += 1
            return None
        if letter.fingerprint in self._seen:
            self.left_out["set aside again"] += 1
            return None
        self._seen.add(letter.fingerprint)
        self.sent[reason] += 1
        return letter.again(home)


async def replay_all(data: Data, topic: str, reason: str) -> None:
    """Send again what is there now: what is set aside once more is not followed."""
    work = Replay(reason)
    async with opened(data) as topics, publishing(data) as publisher:
        async for some in chunks(topics, [topic]):
            chosen = [record for letter in some if (record := work.chosen(letter))]
            await publisher.send(chosen)
    reasons = ", ".join(f"{count} {name}" for name, count in sorted(work.sent.items()))
    typer.echo(f"replayed {work.sent.total()} of {topic}" + (f": {reasons}" if reasons else ""))
    for why, count in work.left_out.items():
        typer.echo(f"left out {count} {why}")


@asynccontextmanager
async def opened(data: Data) -> AsyncIterator[Retained]:
    servers = surroundings.of(data)[KAFKA]
    try:
        async with retained.opened(servers) as topics:
            yield topics
    except KafkaConnectionError as error:
        raise OperatorError(f"no Kafka answers at {servers}") from error


@asynccontextmanager
async def publishing(data: Data) -> AsyncIterator[Publisher]:
    publisher = Publisher(surroundings.of(data)[KAFKA], "igny8-dlq")
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


async def letters(topics: Retained, topic: str) -> AsyncIterator[DeadLetter]:
    """Those of one topic, else of all, partition by partition."""
    names = [dead(topic)] if topic else await topics.topics()
    async for some in chunks(topics, [name for name in names if name.endswith(SUFFIX)]):
        for letter in some:
            yield letter


async def chunks(topics: Retained, names: Sequence[str]) -> AsyncIterator[list[DeadLetter]]:
    places = await topics.places(names)
    if missing := set(names) - {place.topic for place in places}:
        raise OperatorError(f"there is no topic {', '.join(missing)}")
    begin, end = await topics.begin(places), await topics.end(places)
    for place in places:
        async for records in topics.read(place, begin[place], end[place]):
            yield [DeadLetter.of(record) for record in records]


async def letter_at(topics: Retained, place: Place, offset: int) -> DeadLetter:
    places = await topics.places([place.topic])
    begin, end = await topics.begin(places), await topics.end(places)
    if begin.get(place, 0) <= offset < end.get(place, 0):
        async for records in topics.read(place, offset, offset + 1):
            return DeadLetter.of(records[0])
    raise OperatorError(f"there is no dead letter at {place.topic} {place.partition} {offset}")
