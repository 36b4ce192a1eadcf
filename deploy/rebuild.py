"""`igny8 rebuild`: computes what is derived from the logs anew, says what differs, repairs it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import asyncpg
import typer

from deploy import surroundings
from deploy.errors import OperatorError
from deploy.local.environment import database_variable
from deploy.options import DATA, Data
from services.credits.rebuild import Compared, Day, compared, repair
from shared.lanes import LANES
from shared.postgres import CONNECT_TIMEOUT_SECONDS, SESSION, Database, Pool

SERVICE = "credits"
MOST_SHOWN = 20
SETTINGS = SESSION | {
    "application_name": "igny8 rebuild",
    "statement_timeout": "0",  # A lane may be large.
    "work_mem": "64MB",  # Beyond it a hash goes to disk: memory stays bounded.
}
# A database without our tables, or one that does not let us in.
NOT_OURS = (
    OSError,
    asyncpg.UndefinedTableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

Mend: TypeAlias = Callable[[Pool, Sequence[Day]], Awaitable[None]]

log = logging.getLogger(__name__)
app = typer.Typer()


@dataclass(slots=True)
class Report:
    """What was compared, and what differed: everything is counted, the first days are kept."""

    sums: int = 0
    days: int = 0
    shown: list[Day] = field(default_factory=list)

    def include(self, lane: Compared) -> None:
        self.sums += lane.sums
        self.days += len(lane.wrong)
        self.shown += lane.wrong[: MOST_SHOWN - len(self.shown)]


@app.command(name="rebuild")
def command(
    data: Data = DATA,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare.")] = False,
) -> None:
    """Compute the sums of the usage log anew; exit status 1 when they differed."""
    began = time.perf_counter()
    work = rebuilt(surroundings.of(data), leave_alone if check else repair)
    report = asyncio.run(work)
    for line in lines(report):
        typer.echo(line)
    done = "differ" if check or not report.days else "differed and are repaired"
    seconds = time.perf_counter() - began
    typer.echo(f"{report.sums:,} sums compared, {report.days:,} days {done}; {seconds:.1f} s")
    raise typer.Exit(1 if report.days else 0)


async def rebuilt(environment: Mapping[str, str], mend: Mend = repair) -> Report:
    """Compare all lanes, one after the other, and mend what differs."""
    report = Report()
    try:
        async with opened(environment[database_variable(SERVICE)]) as database:
            for pool in database.pools():
                async for lane in compared(pool):
                    log.info("Comparing sums", extra={"detail": f"{lane.lane + 1} of {LANES}"})
                    report.include(lane)
                    await mend(pool, lane.wrong)
    except NOT_OURS as error:
        raise OperatorError(f"the database of {SERVICE}: {error}") from error
    return report


async def leave_alone(pool: Pool, wrong: Sequence[Day]) -> None:
    """What is only looked at stays as it is."""
    del pool, wrong


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    async with asyncpg.create_pool(
        url, min_size=1, max_size=1, timeout=CONNECT_TIMEOUT_SECONDS, server_settings=SETTINGS
    ) as pool:
        yield Database(pool)


def lines(report: Report) -> list[str]:
    """A line a day that differs."""
    shown = [
        f"account {day.account_id}, {day.day:%Y-%m-%d}: {day.kept_credits:,} credits in "
        f"{day.kept:,} sums that are kept, {day.computed_credits:,} in {day.computed:,} computed"
        for day in report.shown
    ]
    more = report.days - len(shown)
    return [*shown, *([f"and {more:,} days more"] if more else [])]
