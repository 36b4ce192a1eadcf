"""Whether what a service says of an account comes in the order of the account's versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec
from aiokafka import TopicPartition as Place

from shared.contracts.types import Json
from shared.kafka import Record
from shared.verifying import Finding, Snapshot, Violation

CE_ID = "ce_id"


class Versioned(Protocol):
    """What says how an account stood when it was said."""

    @property
    def account_id(self) -> str: ...

    @property
    def version(self) -> int: ...


S = TypeVar("S")
V = TypeVar("V", bound=Versioned)


class Heard(NamedTuple, Generic[S]):
    """A record and what it says."""

    record: Record
    said: S


def understood(
    readers: Mapping[str, Callable[[bytes], S]], records: Sequence[Record], finding: Finding
) -> Iterator[Heard[S]]:
    """Those that can be read; what cannot is wrong."""
    finding.checked += len(records)
    for record in records:
        try:
            yield Heard(record, readers[record.topic](record.value or b""))
        except msgspec.DecodeError:
            where = {"partition": record.partition, "offset": record.offset}
            finding.add(Violation(None, "a fact cannot be read", {"topic": record.topic} | where))


@dataclass(slots=True)
class Order(Generic[V]):
    """Whether an account's versions rise within one topic, repeats apart.

    A version below one that came before is a repeat when its `ce_id` came before as well: that
    needs a second look at the topic, at the few that are in question.
    """

    _newest: dict[str, int] = field(default_factory=dict)
    _late: dict[bytes, Heard[V]] = field(default_factory=dict)

    def hear(self, heard: Iterable[Heard[V]]) -> None:
        for record, said in heard:
            if said.version >= self._newest.get(said.account_id, 0):
                self._newest[said.account_id] = said.version
            else:
                self._late.setdefault(identity(record), Heard(record, said))

    async def look_again(self, snapshot: Snapshot, place: Place, start: int) -> None:
        """Of two records with one id the second is a repeat."""
        last = max((heard.record.offset for heard in self._late.values()), default=start)
        async for records in snapshot.retained.read(place, start, last):
            for record in records:
                late = self._late.get(identity(record))
                if late is not None and record.offset < late.record.offset:
                    del self._late[identity(record)]

    def inversions(self) -> list[Violation]:
        what = "a fact was announced after a later one"
        return [
            Violation(
                said.account_id,
                what,
                {
                    "topic": record.topic,
                    "partition": record.partition,
                    "offset": record.offset,
                    "version": said.version,
                },
            )
            for record, said in self._late.values()
        ]


def identity(record: Record) -> bytes:
    return next((value for name, value in record.headers if name == CE_ID and value), b"")


class Versions(NamedTuple):
    """How far an account is in the books, and how far everybody was told."""

    stored: int
    told: int  # The highest of what was told before the books were looked at.
    state: int  # Of the newest state, whenever that was told.


def contradiction(account_id: str, versions: Versions) -> Violation | None:
    """Where what everybody believes is older or newer than what stands in the books."""
    if versions.told > versions.stored:
        what = "a version was announced that the books have not reached"
        numbers = {"announced": versions.told, "version": versions.stored}
        return Violation(account_id, what, numbers)
    if versions.state < versions.stored:
        what = "the state of an account was not announced"
        numbers = {"announced": versions.state, "version": versions.stored}
        return Violation(account_id, what, numbers)
    return None


def differing(
    account_id: str, announced: Mapping[str, Json], stored: Mapping[str, Json]
) -> Violation | None:
    """Where two states of one version are not the same."""
    names = [name for name in {**announced, **stored} if announced.get(name) != stored.get(name)]
    if not names:
        return None
    what = "the state that was announced is not the one in the books"
    numbers: dict[str, Json] = {
        "announced": {name: announced.get(name) for name in names},
        "stored": {name: stored.get(name) for name in names},
    }
    return Violation(account_id, what, numbers)
