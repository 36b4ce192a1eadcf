"""Writes the figures of the last whole benchmark into README.md: `python -m deploy.measured`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from deploy.bench.figures import Answers, Delay, Duration, Rate
from deploy.bench.report import Report
from deploy.bench.table import surroundings, with_least, with_most
from deploy.bench.targets import shown
from deploy.local.cache import ROOT

README = ROOT / "README.md"
FIGURES = ROOT / "docs" / "figures" / "bench.json"
CHART = Path("docs", "figures", "bench.svg")
BEGIN = "<!-- Made by `python -m deploy.measured` from docs/figures/bench.json: -->\n"
END = "<!-- End of the figures. -->\n"
NOTHING = "Not measured yet: `make bench`.\n"


def filled(page: str) -> str:
    """The page with the figures that there are now."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, "the page has both lines"
    return before + BEGIN + figures() + END + after


def figures() -> str:
    if not FIGURES.exists():
        return NOTHING
    return "\n".join(lines(msgspec.json.decode(FIGURES.read_bytes(), type=Report))) + "\n"


def lines(report: Report) -> Iterator[str]:
    """Tables of rates, delays, answers and durations; then the targets, and what it all ran on."""
    found = report.figures
    yield from table(
        ["operations a second", "median", "least - most", "CPU us each", "MiB a process"],
        [rate(one) for one in found if isinstance(one, Rate)],
    )
    yield from table(
        ["milliseconds to the answer: median (most)", "p50", "p99", "p99.9"],
        [delay(one) for one in found if isinstance(one, Delay)],
    )
    yield from table(
        ["milliseconds to the answer of a question", "p50", "p95", "p99", "lives/s meanwhile"],
        [row for one in found if isinstance(one, Answers) for row in answers(one)],
    )
    yield from table(
        ["seconds", "median", "least - most"],
        [duration(one) for one in found if isinstance(one, Duration)],
    )
    yield from table(
        ["target", "", "measured", ""],
        [(x.what, x.limit, x.measured, "met" if x.is_met else "not met") for x in report.targets],
    )
    if report.failures:
        yield f"Not measured: {'; '.join(report.failures)}.\n"
    yield f"{surroundings(report)} [Chart]({CHART}), [all figures]({FIGURES.relative_to(ROOT)})."


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(head)} |"
        yield f"|---{'|---:' * (len(head) - 1)}|"
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""


def rate(one: Rate) -> Sequence[str]:
    spread = f"{shown(one.rate.least)} - {shown(one.rate.most)}"
    memory = ", ".join(f"{size:.0f}" for size in one.peak_mebibytes)
    return one.title, shown(one.rate.median), spread, shown(one.cpu.total), memory


def delay(one: Delay) -> Sequence[str]:
    return one.title, with_most(one.p50), with_most(one.p99), with_most(one.p999)


def answers(one: Answers) -> Iterator[Sequence[str]]:
    """All kinds together, then each alone."""
    title = f"{one.title}, {one.usage_rows:,} usage rows"
    spreads = with_most(one.p50), with_most(one.p95), with_most(one.p99)
    yield title, *spreads, with_least(one.lives_a_second)
    for kind, p95 in one.p95_by_kind.items():
        yield f"`{kind}`", "", with_most(p95), "", ""


def duration(one: Duration) -> Sequence[str]:
    spread = f"{one.seconds.least:.2f} - {one.seconds.most:.2f}"
    return one.title, f"{one.seconds.median:.2f}", spread


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
