"""`igny8 bench`: measures, prints a table, and ends with one line of JSON."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import msgspec
import typer
import uvloop

from deploy.bench import profiling
from deploy.bench import rig as rigs
from deploy.bench.points import POINTS, QUICK, Point
from deploy.bench.throughput import Scenario
from deploy.errors import OperatorError
from deploy.local import environment, places, stack
from deploy.options import DATA, Data

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False)


@app.command(name="bench")
def bench(
    data: Data = DATA,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="The main figures, in 3 minutes.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Points whose names begin so.")] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Say where the time of one worker goes instead.")
    ] = False,
) -> None:
    """Measure on a stack of its own, which it removes again."""
    points = chosen(only or (QUICK if quick else ()))
    with own_stack(data) as (home, settings):
        if profile:
            uvloop.run(profile_all(home, settings, points))
        else:
            uvloop.run(measure_all(home, settings, points))


def chosen(names: Sequence[str]) -> list[Point]:
    points = [one for one in POINTS if not names or one.name.startswith(tuple(names))]
    if not points:
        known = ", ".join(one.name for one in POINTS)
        raise OperatorError(f"there is no such point; there are {known}")
    return points


@contextmanager
def own_stack(data: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Servers of its own whatever the surroundings name: their tables are emptied."""
    for name in (environment.KAFKA, *environment.given_databases()):
        if os.environ.pop(name, None):
            log.warning("%s is not used: the benchmark empties tables", name)
    home = Path(mkdtemp(prefix="bench-", dir=stack.make_home(data)))
    home.chmod(0o755)
    try:
        with stack.running(home) as settings:
            yield home, settings
    finally:
        places.remove(home)


async def measure_all(home: Path, settings: dict[str, str], points: Sequence[Point]) -> None:
    async with rigs.connected(home, settings) as rig:
        for point in points:
            log.info("%s", point.title)
            typer.echo(msgspec.json.encode(await point.measure(rig)))


async def profile_all(home: Path, settings: dict[str, str], points: Sequence[Point]) -> None:
    async with rigs.connected(home, settings) as rig:
        for point in points:
            if isinstance(point, Scenario) and point.processes == 1:
                log.info("%s", point.title)
                typer.echo(f"\n{point.title}")
                for line in profiling.written(await profiling.profile(rig, point)):
                    typer.echo(line)
