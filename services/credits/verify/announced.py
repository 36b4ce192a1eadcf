"""What was announced of the accounts of a partition: a few bytes an account, a bit an entry."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

from shared.contracts.credits import BalanceChanged, Fact

BITS = 8

Said: TypeAlias = Fact | BalanceChanged


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
