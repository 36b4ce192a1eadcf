"""A publisher that keeps what it is given, as a broker would have it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec
from aiokafka.record.memory_records import MemoryRecords

from shared.contracts.message import Message
from shared.contracts.types import JsonObject
from shared.envelope import Outgoing
from shared.publisher import Publisher, packed
from shared.wire import Run, batch

Contract = TypeVar("Contract", bound=Message)


class Sent(NamedTuple):
    """One record as it lies in the log."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    def header(self, name: str) -> bytes | None:
        (value,) = (value for found, value in self.headers if found == name)
        return value

    @property
    def said(self) -> JsonObject:
        said: JsonObject = msgspec.json.decode(self.value or b"")
        return said


class Recorder(Publisher):
    """Takes everything at once."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    async def send_runs(self, made: Iterable[Run]) -> None:
        for run in made:
            self.sent += opened(run)

    def topics(self) -> list[str]:
        return [record.topic for record in self.sent]

    def of(self, *topics: str) -> list[Sent]:
        return [record for record in self.sent if record.topic in topics]

    def messages(self, contract: type[Contract]) -> list[Contract]:
        """What was sent to a message's own topic."""
        return [
            msgspec.json.decode(record.value or b"", type=contract)
            for record in self.of(contract.topic)
        ]


def opened(run: Run) -> list[Sent]:
    """Read a run with aiokafka's reader, which is not ours."""
    records = MemoryRecords(bytes(batch(run, -1, -1, -1)))
    found = []
    while (lot := records.next_batch()) is not None:
        assert lot.validate_crc()
        found += [
            Sent(run.topic, run.partition, one.key, one.value, tuple(one.headers)) for one in lot
        ]
    return found


def sent(records: Sequence[Outgoing]) -> list[Sent]:
    """What the broker would hold of these, partition by partition."""
    return [record for run in packed(records) for record in opened(run)]
