"""Worker processes of a measurement: started, frozen while topics are filled, thawed, stopped."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from signal import SIGCONT, SIGSTOP, Signals

import psutil

from deploy.local import programs
from deploy.local.programs import Program

MEBIBYTE = 1024 * 1024


@dataclass
class Crew:
    """Workers that are ready, and the most memory that each of them was seen to have."""

    members: Sequence[Program]
    peak_mebibytes: dict[str, float] = field(default_factory=dict)

    def look_at_memory(self) -> None:
        for one in self.members:
            if process := one.process:
                size = psutil.Process(process.pid).memory_info().rss / MEBIBYTE
                self.peak_mebibytes[one.name] = max(self.peak_mebibytes.get(one.name, 0.0), size)

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(one.process.pid) for one in self.members if one.process]

    def freeze(self) -> None:
        """Let nobody work while there is something to prepare."""
        self._signal(SIGSTOP)

    def thaw(self) -> None:
        self._signal(SIGCONT)

    def _signal(self, number: Signals) -> None:
        for one in self.members:
            if process := one.process:
                process.send(number)


@contextmanager
def working(members: Sequence[Program]) -> Iterator[Crew]:
    """Have workers that share the partitions; let them finish at the end."""
    with programs.running(members):
        yield Crew(members)
