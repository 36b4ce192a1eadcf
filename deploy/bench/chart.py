"""The figures as one picture: bars with the spread of their repeats, in plain SVG."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import chain
from typing import NamedTuple

from deploy.bench.figures import Answers, Delay, Rate, Spread
from deploy.bench.report import Report
from deploy.bench.targets import shown

WIDTH, LABELS, BAR, GAP, HEAD = 960, 330, 14, 8, 34
PLOT = WIDTH - LABELS - 150  # Room for the number behind a bar.
INK, FAINT, PAPER = "#1f2933", "#7b8794", "#ffffff"
COLOURS = {"Python": "#2f6fab", "PostgreSQL": "#4f9d69", "Kafka": "#c98a2b"}
BLUE = COLOURS["Python"]
FONT = "font-family='Helvetica,Arial,sans-serif'"


class Part(NamedTuple):
    """A piece of a bar, in the unit of its panel."""

    size: float
    colour: str


class Bar(NamedTuple):
    """A row of a panel."""

    label: str
    parts: Sequence[Part]
    said: str
    spread: Spread | None = None


class Panel(NamedTuple):
    """Bars with one scale."""

    title: str
    bars: Sequence[Bar]
    colours: Mapping[str, str] = {}

    @property
    def height(self) -> int:
        return HEAD + len(self.bars) * (BAR + GAP) + GAP

    @property
    def most(self) -> float:
        ends = (
            max(sum(p.size for p in b.parts), b.spread.most if b.spread else 0) for b in self.bars
        )
        return max(ends, default=1.0)


def drawn(report: Report) -> str:
    """One SVG document; nothing in it is loaded from elsewhere."""
    made = [panel for panel in panels(report) if panel.bars]
    height = sum(panel.height for panel in made) + HEAD + 2 * GAP
    shapes, top = [heading(report)], HEAD + GAP
    for panel in made:
        shapes += shapes_of(panel, top)
        top += panel.height
    size = f"width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}'"
    paper = f"<rect width='{WIDTH}' height='{height}' fill='{PAPER}'/>"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>{paper}{''.join(shapes)}</svg>\n"


def heading(report: Report) -> str:
    machine = report.machine
    where = f"{machine.cores} cores, {machine.memory_gibibytes} GiB, {machine.processor}"
    return text(12, 24, f"{report.date}, everything on one machine: {where}", FAINT, 12)


def panels(report: Report) -> Iterator[Panel]:
    rates = [figure for figure in report.figures if isinstance(figure, Rate)]
    delays = [figure for figure in report.figures if isinstance(figure, Delay)]
    asked = [figure for figure in report.figures if isinstance(figure, Answers)]
    ours = [rate for rate in rates if not rate.name.startswith("copy")]
    yield Panel(
        "Operations a second (line: least to most of the repeats)", list(map(of_rate, ours))
    )
    known = [rate for rate in ours if not rate.name.startswith("naive")]
    yield Panel("Processor time, us an operation:", list(map(of_cpu, known)), COLOURS)
    yield Panel(
        "From when a request was due to its reply, ms",
        [bar for delay in delays for bar in of_delay(delay)],
    )
    yield Panel(
        "From when a question was due to its answer, ms", list(chain(*map(of_answers, asked)))
    )


def of_answers(answers: Answers) -> Iterator[Bar]:
    for word, spread in (("p50", answers.p50), ("p95", answers.p95), ("p99", answers.p99)):
        said = f"{shown(spread.median)} ms"
        yield Bar(f"{answers.title}, {word}", [Part(spread.median, BLUE)], said, spread)


def of_rate(rate: Rate) -> Bar:
    colour = FAINT if rate.name.startswith("naive") else BLUE
    part = Part(rate.rate.median, colour)
    return Bar(rate.title, [part], f"{shown(rate.rate.median)}/s", rate.rate)


def of_cpu(rate: Rate) -> Bar:
    spent = (rate.cpu.python, rate.cpu.postgres, rate.cpu.kafka)
    parts = [Part(size, colour) for size, colour in zip(spent, COLOURS.values(), strict=True)]
    return Bar(rate.title, parts, " + ".join(map(shown, spent)))


def of_delay(delay: Delay) -> Iterator[Bar]:
    for word, spread in (("p50", delay.p50), ("p99", delay.p99)):
        said = f"{shown(spread.median)} ms"
        yield Bar(f"{delay.title}, {word}", [Part(spread.median, BLUE)], said, spread)


def shapes_of(panel: Panel, top: float) -> Iterator[str]:
    words = (span(word, colour) for word, colour in ((panel.title, INK), *panel.colours.items()))
    yield f"<text x='12' y='{top + 18:.1f}' font-size='14'>{' '.join(words)}</text>"
    scale = PLOT / panel.most
    for number, bar in enumerate(panel.bars):
        yield from shapes_of_bar(bar, top + HEAD + number * (BAR + GAP), scale)


def shapes_of_bar(bar: Bar, top: float, scale: float) -> Iterator[str]:
    yield text(12, top + BAR - 3, bar.label, INK, 12)
    left = float(LABELS)
    for part in bar.parts:
        width = part.size * scale
        yield (
            f"<rect x='{left:.1f}' y='{top:.1f}' width='{width:.1f}' height='{BAR}'"
            f" fill='{part.colour}'/>"
        )
        left += width
    if bar.spread:
        least, most = (LABELS + end * scale for end in (bar.spread.least, bar.spread.most))
        middle = top + BAR / 2
        yield f"<path d='M{least:.1f} {middle:.1f}H{most:.1f}' stroke='{INK}'/>"
        left = max(left, most)
    yield text(left + 6, top + BAR - 3, bar.said, FAINT, 12)


def span(words: str, colour: str) -> str:
    return f"<tspan fill='{colour}'>{escape(words)}</tspan>"


def text(x: float, y: float, words: str, colour: str, size: int) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' fill='{colour}' font-size='{size}'>{escape(words)}</text>"
    )
