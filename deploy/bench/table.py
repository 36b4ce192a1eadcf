"""The figures as a person reads them on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from deploy.bench.figures import Answers, Delay, Duration, Rate, Spread
from deploy.bench.report import Report
from deploy.bench.targets import Verdict, shown

WIDTH = 180
DISTURBED_CORES = 0.2


def show(console: Console, report: Report) -> None:
    """Rates, delays, answers and durations as far as there are any, then the targets."""
    figures = report.figures
    rates = [figure for figure in figures if isinstance(figure, Rate)]
    delays = [figure for figure in figures if isinstance(figure, Delay)]
    answers = [figure for figure in figures if isinstance(figure, Answers)]
    durations = [figure for figure in figures if isinstance(figure, Duration)]
    tables = (
        of_rates(rates),
        of_delays(delays),
        of_answers(answers),
        of_durations(durations),
        of_targets(report.targets),
    )
    for table in tables:
        if table.row_count:
            console.print(table)
    for failure in report.failures:
        console.print(f"Not measured: {failure}", markup=False, soft_wrap=True)
    console.print(surroundings(report), soft_wrap=True)


def surroundings(report: Report) -> str:
    """When and on what, and whether the machine was ours alone."""
    machine = report.machine
    where = f"{machine.cores} cores, {machine.memory_gibibytes} GiB, {machine.processor}"
    versions = ", ".join(f"{name} {number}" for name, number in report.versions.items())
    words = f"{report.date}; {where}; {machine.system}; {versions}."
    if report.elsewhere > DISTURBED_CORES:
        words += f" Others kept {report.elsewhere:.1f} cores busy: a quiet machine is faster."
    return words


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
        "operations",
        "s",
        "Python",
        "PostgreSQL",
        "Kafka",
        "all",
        "MiB each",
        "others' cores",
    )
    for one in rates:
        cpu = (one.cpu.python, one.cpu.postgres, one.cpu.kafka, one.cpu.total)
        memory = ", ".join(f"{size:.0f}" for size in one.peak_mebibytes)
        asked = f"{one.repeats} x {one.operations:,}"
        spread = f"{shown(one.rate.least)} - {shown(one.rate.most)}"
        others = f"{one.elsewhere.median:.1f}"
        numbers = (shown(one.rate.median), spread, asked, shown(one.seconds))
        table.add_row(one.title, *numbers, *map(shown, cpu), memory, others)
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


def of_answers(answers: Sequence[Answers]) -> Table:
    """All kinds of questions together, then the p95 of each."""
    table = empty(
        "Milliseconds from when a question was due to its answer: median (most) of the repeats",
        "",
        "p50",
        "p95",
        "p99",
        "questions",
        "usage rows",
        "lives/s meanwhile",
        "others' cores",
    )
    for one in answers:
        spreads = map(with_most, (one.p50, one.p95, one.p99))
        asked = f"{one.repeats} x {one.questions:,}"
        beside = f"{one.usage_rows:,}", with_least(one.lives_a_second)
        table.add_row(one.title, *spreads, asked, *beside, f"{one.elsewhere.median:.1f}")
        for kind, p95 in one.p95_by_kind.items():
            table.add_row(f"  {kind}", "", with_most(p95))
    return table


def with_least(spread: Spread) -> str:
    return f"{shown(spread.median)} ({shown(spread.least)})"


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
