"""Everything that is measured, each under the name that `--only` takes."""

from collections.abc import Awaitable
from typing import Protocol

from deploy.bench.backlog import Backlog
from deploy.bench.figures import Figure
from deploy.bench.kinds import (
    CONFIRM,
    HOLD,
    LIFE,
    NAIVE_CONFIRM,
    NAIVE_HOLD,
    NAIVE_LIFE,
    NAIVE_RESERVE,
    REFUSALS,
    RESERVE,
    TRACE,
)
from deploy.bench.latency import bursts, steady
from deploy.bench.limit import Copy
from deploy.bench.questions import Questions
from deploy.bench.restart import Restart
from deploy.bench.rig import Rig
from deploy.bench.subjects import LIMITS
from deploy.bench.throughput import NaiveScenario, Scenario
from deploy.bench.trace import ACCOUNTS as TRACE_ACCOUNTS

MILLION = 1_000_000


class Point(Protocol):
    """One thing that is measured."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def processes(self) -> int: ...
    def measure(self, rig: Rig) -> Awaitable[Figure]: ...


# A stopped worker keeps its place in the group for 45 s, so that a restart is quick: therefore the
# number of processes only ever rises.
POINTS: tuple[Point, ...] = (
    Scenario("reserve-1", "Reserve, 1 process", RESERVE, 1),
    Scenario("hot-1", "Reserve, 1 process, one account", RESERVE, 1, accounts=1),
    Scenario("million-1", "Reserve, 1 process, 1,000,000 accounts", RESERVE, 1, accounts=MILLION),
    Scenario("life-1", "Life, 1 process", LIFE, 1),
    Scenario("limits-hold-1", "Hold of a limit, 1 process", HOLD, 1),
    Scenario("limits-hot-1", "Hold of a limit, 1 process, one account", HOLD, 1, accounts=1),
    Scenario("limits-life-1", "Hold and confirmation, 1 process", CONFIRM, 1),
    Restart("restart", "First effect after kill -9 and restart, 1 process"),
    Copy("copy-reserve", "Limit: COPY of the rows of reserving", ("reservations",)),
    Copy("copy-life", "Limit: COPY of the rows of a life", ("reservations", "ledger", "usage")),
    Scenario("reserve-2", "Reserve, 2 processes", RESERVE, 2),
    NaiveScenario("naive-reserve", "Naive: reserve, 2 processes", NAIVE_RESERVE, 2),
    Scenario("life-2", "Life, 2 processes", LIFE, 2),
    NaiveScenario("naive-life", "Naive: life, 2 processes", NAIVE_LIFE, 2),
    Scenario("million-2", "Reserve, 2 processes, 1,000,000 accounts", RESERVE, 2, MILLION),
    Scenario("refusals-2", "Reserve, 2 processes, 20 % refused", REFUSALS, 2, empty_percent=20),
    Scenario("trace-2", "Life, 2 processes, real trace", TRACE, 2, TRACE_ACCOUNTS),
    steady("latency-200", rate=200, seconds=15, repeats=3),
    steady("latency-2000", rate=2000, seconds=10, repeats=3),
    bursts("latency-trace", times_faster=60),
    Scenario("limits-hold-2", "Hold of a limit, 2 processes", HOLD, 2),
    Scenario("limits-hot-2", "Hold of a limit, 2 processes, one account", HOLD, 2, accounts=1),
    Scenario("limits-life-2", "Hold and confirmation, 2 processes", CONFIRM, 2),
    steady("limits-latency-200", rate=200, seconds=15, repeats=3, subject=LIMITS),
    # Last of limits: of holds that only the naive way knows it would set each end aside.
    NaiveScenario("naive-limits-hold", "Naive: hold, 2 processes", NAIVE_HOLD, 2),
    NaiveScenario("naive-limits-life", "Naive: hold and confirmation", NAIVE_CONFIRM, 2),
    Questions("queries-200", "Questions at 200/s beside lives, 2 processes", 2, 200, 10, 3),
    Backlog("backlog", "Life, 2 processes, 500,000 waiting records", 2),
    Scenario("reserve-4", "Reserve, 4 processes", RESERVE, 4),
    Scenario("life-4", "Life, 4 processes", LIFE, 4),
)
# Java compiles what it does often: the first minute of a broker is like no other.
WARM_UP = Scenario("warm-up", "Warming up the servers", LIFE, 1, repeats=2)
QUICK = ("reserve-2", "naive-reserve", "life-2", "latency-200")
