"""What was announced of the accounts of a partition: a few bytes an account, a bit an entry."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from shared.contracts.credits import BalanceChanged, Fact
from shared.kafka import Record
from shared.verifying import Violation

CE_ID = "ce_id"
BITS = 8

Said: TypeAlias = Fact | BalanceChanged


class Heard(NamedTuple):
    """A record and what it says."""

    record: Record
    said: Said


@dataclass(slots=True)
class Announced:
    """What everybody was told of one account."""

    version: int = 0  # The highest of what was told before the books were looked at.
    state: BalanceChanged | None = None
    _entries: bytearray = field(default_factory=bytearray)

    def hear(self, said: Said) -> None:
        if isinstance(said, BalanceChanged):
            if self.state is None or said.version >= self.state.version:
                self.state = said
        elif getattr(said, "transaction_id", None) is not None:
            self._mark(said.seq)

    def _mark(self, seq: int) -> None:
        missing = seq // BITS + 1 - len(self._entries)
        if missing > 0:
            self._entries.extend(bytes(missing))
        self._entries[seq // BITS] |= 1 << seq % BITS

    def has_entry(self, seq: int) -> bool:
        byte = self._entries[seq // BITS : seq // BITS + 1]
        return bool(byte) and bool(byte[0] >> seq % BITS & 1)

    def missing_until(self, seq: int) -> int:
        """How many of the entries 1 to `seq` were not announced."""
        until = (1 << seq + 1) - 2
        return seq - (int.from_bytes(self._entries, "little") & until).bit_count()


Accounts: TypeAlias = defaultdict[str, Announced]


@dataclass(slots=True)
class Order:
    """Whether an account's versions rise within one topic, repeats apart.

    A version below one that came before is a repeat when its `ce_id` came before as well: that
    needs a second look at the topic, at the few that are in question.
    """

    _newest: dict[str, int] = field(default_factory=dict)
    _late: dict[bytes, Heard] = field(default_factory=dict)

    def hear(self, heard: Iterable[Heard]) -> None:
        for record, said in heard:
            if said.version >= self._newest.get(said.account_id, 0):
                self._newest[said.account_id] = said.version
            else:
                self._late.setdefault(identity(record), Heard(record, said))

    @property
    def last_in_question(self) -> int | None:
        return max((heard.record.offset for heard in self._late.values()), default=None)

    def hear_again(self, records: Iterable[Record]) -> None:
        """Of two records with one id the second is a repeat."""
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
