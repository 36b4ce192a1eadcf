"""How the invariants of a service are looked at: check by check, in several sessions at once."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Collection, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module

from shared.retained import Retained
from shared.verifying import SOURCES, Check, Finding, Invariants, Snapshot, Source

TOLD_EVERY_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Invariant:
    """One invariant of one service, and what was found."""

    id: str
    service: str
    words: str
    finding: Finding = field(default_factory=Finding)
    seconds: float = 0.0


@dataclass(slots=True)
class Report:
    """What was found in the services that were looked at."""

    invariants: list[Invariant] = field(default_factory=list)
    worth_knowing: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not any(invariant.finding.broken for invariant in self.invariants)


def invariants_of(service: str) -> Invariants:
    found: Invariants = import_module(f"services.{service}.verify").INVARIANTS
    return found


async def examine(
    report: Report, service: str, snapshot: Snapshot, sources: Collection[Source] = SOURCES
) -> None:
    """Make every check of a service, and add what they find to a report."""
    must = invariants_of(service)
    checks = [check for check in must.checks if check.source in sources]
    looked_at = {name for check in checks for name in check.invariants}
    words = {name: said for name, said in must.words.items() if name in looked_at}
    found = {name: Invariant(name, service, said) for name, said in words.items()}
    examination = Examination(service, found, len(checks))
    watcher = asyncio.create_task(examination.tell(snapshot.retained))
    try:
        await examination.make_all(checks, snapshot)
    finally:
        watcher.cancel()
    report.invariants += found.values()
    report.worth_knowing += await must.worth_knowing(snapshot.tx)


@dataclass(slots=True)
class Examination:
    """What was found so far, and how far it is."""

    service: str
    found: Mapping[str, Invariant]
    checks: int
    begun: int = 0
    detail: str = ""

    async def make_all(self, checks: Collection[Check], snapshot: Snapshot) -> None:
        """Have each session make one check after the other; only the first one reads topics."""
        topics = deque(check for check in checks if check.source == "topics")
        rows = deque(check for check in checks if check.source == "rows")
        others = [replace(snapshot, tx=tx) for tx in snapshot.beside]
        await together(
            self._make(snapshot, topics, rows), *(self._make(other, rows) for other in others)
        )

    async def _make(self, snapshot: Snapshot, *queues: deque[Check]) -> None:
        for queue in queues:
            while queue:
                check = queue.popleft()
                self.begun += 1
                self.detail = f"{' '.join(check.invariants)}, {self.begun} of {self.checks}"
                self._log(self.detail)
                await self._make_one(check, snapshot)

    async def _make_one(self, check: Check, snapshot: Snapshot) -> None:
        began = time.perf_counter()
        findings = await check.find(snapshot)
        seconds = (time.perf_counter() - began) / len(findings)
        for name, finding in findings.items():
            self.found[name].finding.include(finding)
            self.found[name].seconds += seconds

    async def tell(self, topics: Retained) -> None:
        """Say how many records were read, again and again: a topic may take minutes."""
        while True:
            await asyncio.sleep(TOLD_EVERY_SECONDS)
            self._log(f"{self.detail}; {topics.records_read:,} records")

    def _log(self, detail: str) -> None:
        log.info("Verifying %s", self.service, extra={"detail": detail})


async def together(*works: Coroutine[None, None, None]) -> None:
    """Do these side by side; the first that fails ends the others, and is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
