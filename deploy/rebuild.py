"""`igny8 rebuild`: computes what is derived from other rows anew, says what differs, repairs it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import product
from typing import Annotated, Any, TypeAlias

import typer

from deploy import surroundings
from deploy.books import one_connection, open_to_us
from deploy.errors import OperatorError
from deploy.local.cache import ROOT
from deploy.local.services import SERVICES
from deploy.options import DATA, Data
from shared.lanes import LANES
from shared.postgres import SESSION, Database, Pool
from shared.rebuilding import Compared, Rebuilding, Step, Wrong

FOLDER = ROOT / "services"
MOST_SHOWN = 20
SETTINGS = SESSION | {
    "application_name": "igny8 rebuild",
    "statement_timeout": "0",  # A lane may be large.
    "work_mem": "64MB",  # Beyond it a hash goes to disk: memory stays bounded.
}

Mend: TypeAlias = Callable[[Step, Pool, Sequence[Any]], Awaitable[None]]

log = logging.getLogger(__name__)
app = typer.Typer()


@dataclass(slots=True)
class Report:
    """What was compared, and what differed: everything is counted, the first are kept."""

    service: str
    rebuilding: Rebuilding
    compared: int = 0
    wrong: int = 0
    shown: list[Wrong] = field(default_factory=list)

    def include(self, lane: Compared[Any]) -> None:
        self.compared += lane.count
        self.wrong += len(lane.wrong)
        self.shown += lane.wrong[: MOST_SHOWN - len(self.shown)]


@app.command(name="rebuild")
def command(
    data: Data = DATA,
    service: Annotated[str, typer.Option(help="Only this one; else all that can be.")] = "",
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare.")] = False,
) -> None:
    """Compute sums and counters anew; exit status 1 when any differed."""
    began, act = time.perf_counter(), leave_alone if check else mend
    chosen, environment = [service] if service else rebuildable(), surroundings.of(data)
    wrong = 0
    for one in chosen:
        report = asyncio.run(rebuilt(environment, one, act))
        done = "differ" if check or not report.wrong else "differed and are repaired"
        # At once: what is repaired is repaired, whatever the next one meets.
        typer.echo("\n".join(lines(report, done)))
        wrong += report.wrong
    typer.echo(f"{time.perf_counter() - began:.1f} s")
    raise typer.Exit(1 if wrong else 0)


def rebuildable() -> list[str]:
    """The services of which something can be computed anew."""
    return [service for service in SERVICES if (FOLDER / service / "rebuild.py").is_file()]


def rebuilding_of(service: str) -> Rebuilding:
    if service not in rebuildable():
        known = ", ".join(rebuildable())
        raise OperatorError(f"nothing of {service} can be rebuilt; there is {known}")
    found: Rebuilding = import_module(f"services.{service}.rebuild").REBUILDING
    return found


async def mend(step: Step, pool: Pool, wrong: Sequence[Any]) -> None:
    """Repair what differs."""
    await step.repair(pool, wrong)


async def leave_alone(step: Step, pool: Pool, wrong: Sequence[Any]) -> None:
    """What is only looked at stays as it is."""
    del step, pool, wrong


async def rebuilt(environment: Mapping[str, str], service: str, act: Mend = mend) -> Report:
    """Compare all lanes of a service, one after the other, and do with what differs."""
    report = Report(service, rebuilding_of(service))
    url = surroundings.database_url(environment, service)
    with open_to_us(service, OSError):
        async with one_connection(url, SETTINGS) as only:
            for pool, step in product(Database(only).pools(), report.rebuilding.steps):
                async for lane in step.compared(pool):
                    detail = f"{service}, {lane.lane + 1} of {LANES}"
                    log.info("Comparing %s", report.rebuilding.what, extra={"detail": detail})
                    report.include(lane)
                    await act(step, pool, lane.wrong)
    return report


def lines(report: Report, done: str) -> Iterator[str]:
    """A line for each that differs, and how many there are."""
    for one in report.shown:
        yield one.words
    repaired = report.rebuilding.repaired
    if more := report.wrong - len(report.shown):
        yield f"and {more:,} {repaired} more"
    what = f"{report.compared:,} {report.rebuilding.what} compared"
    yield f"{report.service:10}{what}, {report.wrong:,} {repaired} {done}"
