"""The figures as a person reads them on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from deploy.bench.figures import Delay, Duration, Figure, Rate, Spread
from deploy.bench.targets import Verdict, shown

WIDTH = 150


def show(console: Console, figures: Sequence[Figure], verdicts: Sequence[Verdict]) -> None:
    """Rates, delays and durations as far as there are any, then the targets."""
    rates = [figure for figure in figures if isinstance(figure, Rate)]
    delays = [figure for figure in figures if isinstance(figure, Delay)]
    durations = [figure for figure in figures if isinstance(figure, Duration)]
    tables = (of_rates(rates), of_delays(delays), of_durations(durations), of_targets(verdicts))
    for table in tables:
        if table.row_count:
            console.print(table)


def empty(title: str, *columns: str) -> Table:
    """A table whose first column is words and whose others are numbers."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def of_rates(rates: Sequence[Rate]) -> Table:
    table = empty(
        "Operations a second: median of the repeats; CPU in us an operation",
        "",
        "/s",
        "least - most",
        "Python",
        "PostgreSQL",
        "Kafka",
        "all",
        "MiB",
        "others' cores",
    )
    for one in rates:
        cpu = (one.cpu.python, one.cpu.postgres, one.cpu.kafka, one.cpu.total)
        memory = f"{one.peak_mebibytes:.0f}" if one.peak_mebibytes else ""
        spread = f"{shown(one.rate.least)} - {shown(one.rate.most)}"
        others = f"{one.elsewhere.median:.1f}"
        table.add_row(one.title, shown(one.rate.median), spread, *map(shown, cpu), memory, others)
    return table


def of_delays(delays: Sequence[Delay]) -> Table:
    table = empty(
        "Milliseconds from when a request was due to its answer: median (most) of the repeats",
        "",
        "p50",
        "p99",
        "p99.9",
        "requests",
        "others' cores",
    )
    for one in delays:
        spreads = map(with_most, (one.p50, one.p99, one.p999))
        asked = f"{one.repeats} x {one.requests:,}"
        table.add_row(one.title, *spreads, asked, f"{one.elsewhere.median:.1f}")
    return table


def with_most(spread: Spread) -> str:
    return f"{shown(spread.median)} ({shown(spread.most)})"


def of_durations(durations: Sequence[Duration]) -> Table:
    table = empty("Seconds", "", "median", "least - most")
    for one in durations:
        spread = f"{one.seconds.least:.2f} - {one.seconds.most:.2f}"
        table.add_row(one.title, f"{one.seconds.median:.2f}", spread)
    return table


def of_targets(verdicts: Sequence[Verdict]) -> Table:
    table = empty("Targets", "", "target", "measured", "")
    for one in verdicts:
        table.add_row(one.what, one.limit, one.measured, "met" if one.is_met else "NOT MET")
    return table
