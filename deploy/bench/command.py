"""`igny8 bench`: measures, prints tables, keeps the figures, ends with one line of JSON."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import msgspec
import typer
import uvloop
from aiokafka.errors import KafkaError
from rich.console import Console

from deploy.bench import chart, profiling, table
from deploy.bench import report as reports
from deploy.bench import rig as rigs
from deploy.bench.figures import Figure
from deploy.bench.points import POINTS, QUICK, WARM_UP, Point
from deploy.bench.report import Report
from deploy.bench.throughput import Scenario
from deploy.errors import OperatorError
from deploy.local import environment, places, stack
from deploy.local.cache import ROOT
from deploy.options import DATA, Data

FIGURES = ROOT / "docs" / "figures"
NAME = "bench"

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False)


@app.command(name=NAME)
def bench(
    data: Data = DATA,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="The main figures, in 3 minutes.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Points whose names begin so.")] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Say where the time of one worker goes instead.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(help="Where figures are kept; docs/figures for those of all points."),
    ] = None,
) -> None:
    """Measure on a stack of its own, which it removes again."""
    names = only or (QUICK if quick else ())
    with own_stack(data) as (home, settings):
        if profile:
            uvloop.run(profile_all(home, settings, profiled(names)))
        else:
            found = uvloop.run(measure_all(home, settings, chosen(names)))
            conclude(found, to or (None if names else FIGURES))


def chosen(names: Sequence[str]) -> list[Point]:
    """The points whose names begin with one of these; all when there are none."""
    known = [one.name for one in POINTS]
    # A whole name is that point alone: `latency-200` is not `latency-2000`.
    beginnings = tuple(name for name in names if name not in known)
    points = [one for one in POINTS if not names or is_chosen(one.name, names, beginnings)]
    if not points:
        raise OperatorError(f"there is no such point; there are {', '.join(known)}")
    return points


def is_chosen(name: str, names: Sequence[str], beginnings: tuple[str, ...]) -> bool:
    return name in names or name.startswith(beginnings)


def profiled(names: Sequence[str]) -> list[Scenario]:
    points = chosen(names or ("reserve-1", "life-1"))
    return [one for one in points if isinstance(one, Scenario)]


@contextmanager
def own_stack(data: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Servers of its own whatever the surroundings name: their tables are emptied."""
    for name in (environment.KAFKA, *environment.given_databases()):
        if os.environ.pop(name, None):
            log.warning("%s is not used: the benchmark empties tables", name)
    home = Path(mkdtemp(prefix=f"{NAME}-", dir=stack.make_home(data)))
    home.chmod(0o755)
    try:
        with stack.running(home) as settings:
            yield home, settings
    finally:
        places.remove(home)


async def measure_all(home: Path, settings: Mapping[str, str], points: Sequence[Point]) -> Report:
    async with rigs.connected(home, settings) as rig:
        figures, failures = list[Figure](), list[str]()
        log.info("%s", WARM_UP.title)
        await replace(WARM_UP, processes=points[0].processes).measure(rig)
        for number, point in enumerate(points, 1):
            log.info("%d of %d: %s", number, len(points), point.title)
            try:
                figures.append(await point.measure(rig))
            except (OperatorError, KafkaError) as error:
                log.warning("%s", error)
                failures.append(f"{point.title}: {error}")
        return await reports.report(rig, figures, failures)


def conclude(found: Report, folder: Path | None) -> None:
    """Show the figures, keep them where they are to be kept, and end with the summary."""
    table.show(Console(width=table.WIDTH), found)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{NAME}.json").write_bytes(reports.written(found))
        (folder / f"{NAME}.svg").write_text(chart.drawn(found), encoding="utf-8")
        log.info("Kept in %s", folder)
    typer.echo(msgspec.json.encode(reports.summary(found)))
    if found.failures:
        raise typer.Exit(1)


async def profile_all(
    home: Path, settings: Mapping[str, str], scenarios: Sequence[Scenario]
) -> None:
    """One worker each, however many processes the scenario would have."""
    async with rigs.connected(home, settings) as rig:
        for scenario in scenarios:
            log.info("%s", scenario.title)
            typer.echo(f"\n{scenario.title}")
            for line in profiling.written(await profiling.profile(rig, scenario)):
                typer.echo(line)
