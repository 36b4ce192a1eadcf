"""Everything that is measured, each under the name that `--only` takes."""

from collections.abc import Awaitable
from typing import Protocol

from deploy.bench.figures import Figure
from deploy.bench.rig import Rig
from deploy.bench.throughput import LIFE, RESERVE, NaiveScenario, Scenario


class Point(Protocol):
    """One thing that is measured."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    def measure(self, rig: Rig) -> Awaitable[Figure]: ...


# A stopped worker keeps its place in the group for 45 s, so that a restart is quick: the number of
# processes only ever rises.
POINTS: tuple[Point, ...] = (
    Scenario("reserve-1", "Reserve, 1 process", RESERVE, 1),
    Scenario("life-1", "Reserve and complete, 1 process", LIFE, 1),
    Scenario("reserve-2", "Reserve, 2 processes", RESERVE, 2),
    Scenario("life-2", "Reserve and complete, 2 processes", LIFE, 2),
    NaiveScenario("naive-reserve-2", "Naive: reserve, 2 processes", 2, is_whole=False),
    NaiveScenario("naive-life-2", "Naive: reserve and complete, 2 processes", 2, is_whole=True),
    Scenario("reserve-4", "Reserve, 4 processes", RESERVE, 4),
    Scenario("life-4", "Reserve and complete, 4 processes", LIFE, 4),
)
QUICK = ("reserve-2", "life-2", "naive-reserve-2", "latency-200")
