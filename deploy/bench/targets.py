"""What the figures must show, and whether they do."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from deploy.bench.figures import Answers, Delay, Duration, Figure, Rate


class Verdict(Struct, frozen=True):
    """One target beside what was measured."""

    what: str
    limit: str
    measured: str
    is_met: bool


class Measured:
    """The figures of one run by name; KeyError for what was not measured."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._figures: Mapping[str, Figure] = {figure.name: figure for figure in figures}

    def rate(self, name: str) -> float:
        return self._rate(name).rate.median

    def cpu(self, name: str) -> float:
        return self._rate(name).cpu.total

    def memory(self, name: str) -> float:
        return max(self._rate(name).peak_mebibytes)

    def delay(self, name: str) -> Delay:
        figure = self._figures[name]
        assert isinstance(figure, Delay), f"{name} is a delay"
        return figure

    def answers(self, name: str) -> Answers:
        figure = self._figures[name]
        assert isinstance(figure, Answers), f"{name} are answers"
        return figure

    def seconds(self, name: str) -> float:
        figure = self._figures[name]
        assert isinstance(figure, Duration), f"{name} is a duration"
        return figure.seconds.median

    def _rate(self, name: str) -> Rate:
        figure = self._figures[name]
        assert isinstance(figure, Rate), f"{name} is a rate"
        return figure


class Target(NamedTuple):
    """A bound on one number: the least that it may be, or the most."""

    what: str
    measure: Callable[[Measured], float]
    bound: float
    unit: str
    is_floor: bool


def at_least(what: str, bound: float, unit: str, measure: Callable[[Measured], float]) -> Target:
    return Target(what, measure, bound, unit, is_floor=True)


def at_most(what: str, bound: float, unit: str, measure: Callable[[Measured], float]) -> Target:
    return Target(what, measure, bound, unit, is_floor=False)


def share(part: str, whole: str) -> Callable[[Measured], float]:
    """One rate in percent of another."""
    return lambda known: 100 * known.rate(part) / known.rate(whole)


TARGETS = (
    at_least("requests, 2 processes", 15_000, "/s", lambda known: known.rate("reserve-2")),
    at_least("lives, 2 processes", 7_500, "/s", lambda known: known.rate("life-2")),
    at_least(
        "requests, times the naive way",
        50,
        "x",
        lambda known: known.rate("reserve-2") / known.rate("naive-reserve"),
    ),
    at_least(
        "holds of limits, times the naive way",
        50,
        "x",
        lambda known: known.rate("limits-hold-2") / known.rate("naive-limits-hold"),
    ),
    at_least("one hot account, of 1,000 accounts", 60, "%", share("hot-1", "reserve-1")),
    at_least("1,000,000 accounts, of 1,000 accounts", 60, "%", share("million-1", "reserve-1")),
    at_most("CPU a request, all parties", 80, "us", lambda known: known.cpu("reserve-2")),
    at_most("reply at 200/s, p50", 15, "ms", lambda known: known.delay("latency-200").p50.median),
    at_most("reply at 200/s, p99", 60, "ms", lambda known: known.delay("latency-200").p99.median),
    at_most(
        "reply at 2,000/s, p99", 200, "ms", lambda known: known.delay("latency-2000").p99.median
    ),
    at_most("queries p95", 50, "ms", lambda known: known.answers("queries-200").p95.median),
    at_most("memory a process, 500,000 waiting", 300, "MiB", lambda known: known.memory("backlog")),
    at_most("first effect after kill -9", 4, "s", lambda known: known.seconds("restart")),
)


def judge(figures: Sequence[Figure]) -> list[Verdict]:
    """Of every target whose figures were measured."""
    known, verdicts = Measured(figures), []
    for target in TARGETS:
        try:
            verdicts.append(verdict_on(target, target.measure(known)))
        except KeyError:
            continue
    return verdicts


def verdict_on(target: Target, measured: float) -> Verdict:
    is_met = measured >= target.bound if target.is_floor else measured <= target.bound
    word = "at least" if target.is_floor else "at most"
    limit = f"{word} {shown(target.bound)} {target.unit}"
    return Verdict(target.what, limit, f"{shown(measured)} {target.unit}", is_met)


def shown(number: float) -> str:
    """Three digits say all that such a measurement knows."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
