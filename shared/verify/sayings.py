"""What a service says is held against the rows that it is about, topic by topic (I11)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias, TypeVar

import msgspec

from shared.contracts.message import Message
from shared.postgres import Transaction
from shared.verifying import Check, Finding, Snapshot, Violation, of_one, violations_in

Row: TypeAlias = tuple[object, ...]
M = TypeVar("M", bound=Message)


class Kind(NamedTuple):
    """What is read of a topic, and what of it the rows do not say."""

    decode: Callable[[bytes], Message]
    differing: Callable[[Transaction, Sequence[Message]], Awaitable[Sequence[Violation]]]


Kinds: TypeAlias = Mapping[str, Kind]  # By topic.


def by_statement(said: type[M], statement: str, row_of: Callable[[M], Row | None]) -> Kind:
    """Give a statement a row of what is said each, where it is about us; it gives what differs."""

    async def differing(tx: Transaction, messages: Sequence[Message]) -> Sequence[Violation]:
        ours = [message for message in messages if isinstance(message, said)]
        rows = [row for message in ours if (row := row_of(message))]
        if not rows:
            return ()
        columns: Sequence[object] = [*zip(*rows, strict=True)]
        return violations_in(await tx.fetch(statement, *columns))

    return Kind(msgspec.json.Decoder(said).decode, differing)


def check(kinds: Kinds) -> Check:
    return of_one("I11", partial(find, kinds), "topics")


async def find(kinds: Kinds, snapshot: Snapshot) -> Finding:
    """Hold what the topics still have against the rows; how much they have lost is counted."""
    finding = Finding()
    for place in snapshot.places(kinds):
        start, sure, _ = snapshot.reach(place)
        finding.skipped += start
        async for records in snapshot.retained.read(place, start, sure):
            values = [record.value or b"" for record in records]
            await compare(snapshot, finding, kinds[place.topic], values)
    return finding


async def compare(
    snapshot: Snapshot, finding: Finding, kind: Kind, values: Sequence[bytes]
) -> None:
    said: list[Message] = []
    finding.checked += len(values)
    for value in values:
        try:
            said.append(kind.decode(value))
        except msgspec.DecodeError as error:
            finding.add(Violation(None, "a fact cannot be read", {"error": str(error)}))
    finding.add(*await kind.differing(snapshot.tx, said))
