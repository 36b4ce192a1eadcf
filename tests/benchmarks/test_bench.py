"""The benchmark measures what it says: a small run of it, and how figures are judged and shown."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from deploy import measured
from deploy.bench import chart, report, table, trace
from deploy.bench import rig as rigs
from deploy.bench.command import chosen, own_stack
from deploy.bench.figures import Answers, Cost, Delay, Duration, Figure, Rate, Spread
from deploy.bench.kinds import CONFIRM, NAIVE_CONFIRM, NAIVE_LIFE, RESERVE, drawn
from deploy.bench.latency import steady
from deploy.bench.points import POINTS
from deploy.bench.questions import MIX, Questions
from deploy.bench.report import Machine, Report
from deploy.bench.subjects import LIMITS
from deploy.bench.targets import judge
from deploy.bench.throughput import NaiveScenario, Scenario
from deploy.errors import OperatorError
from deploy.local import places

FEW = replace(RESERVE, lives=drawn(3_000))
A_HANDFUL = drawn(20)
HOW_HOLDS_ENDED = "SELECT DISTINCT state, granted = confirmed FROM naive.holds"
COST = Cost(50.0, 20.0, 15.0, 85.0)
MONTHS_OVER = """
    SELECT count(*) FROM pg_class
    WHERE relkind = 'r' AND relname ~ '^(usage|ledger)_2'
      AND right(relname, 7) < to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')
"""
CALM = Spread(0.0, 0.0, 0.1)


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[Path, Mapping[str, str]]]:
    folder = Path(mkdtemp(prefix="igny8-bench-tests-"))
    folder.chmod(0o755)
    with own_stack(folder) as running:
        yield running
    places.remove(folder)


def rate(name: str, a_second: float) -> Rate:
    spread = Spread(a_second, a_second * 0.9, a_second * 1.1)
    return Rate(name, name, spread, 60_000, 3, COST, CALM, (120.0, 110.0))


def a_report(*figures: Figure) -> Report:
    machine = Machine("Linux", "a processor", 2, 24)
    return Report(
        "2026-01-01 12:00 UTC", machine, {"python": "3.11"}, figures, judge(figures), [], 0.5
    )


async def test_a_small_run_counts_every_request_of_both_ways_and_times_the_answers(
    stack: tuple[Path, Mapping[str, str]],
) -> None:
    ours = Scenario("reserve-1", "ours", FEW, 1, accounts=10, repeats=1)
    naive = NaiveScenario("naive-life", "naive", replace(NAIVE_LIFE, lives=A_HANDFUL), 1, 1)
    asked = steady("latency-50", rate=50, seconds=1, repeats=1, processes=1)
    async with rigs.connected(*stack) as rig:
        fast = await ours.measure(rig)
        reference = await naive.measure(rig)
        waited = await asked.measure(rig)
    assert fast.operations == 3_000
    assert fast.rate.median > reference.rate.median > 0
    assert fast.cpu.python > 0
    assert fast.cpu.postgres > 0
    assert fast.cpu.kafka > 0
    assert waited.requests == 50
    assert 0 < waited.p50.median <= waited.p99.median <= waited.p999.median


async def test_of_limits_every_hold_and_confirmation_counts_in_both_ways(
    stack: tuple[Path, Mapping[str, str]],
) -> None:
    few = replace(CONFIRM, lives=drawn(500))
    ours = Scenario("limits-life-1", "ours", few, 1, accounts=10, repeats=1)
    naive = NaiveScenario("naive-limits-life", "naive", replace(NAIVE_CONFIRM, lives=A_HANDFUL), 1)
    asked = steady("limits-latency-50", 50, 1, repeats=1, processes=1, subject=LIMITS)
    async with rigs.connected(*stack) as rig:
        fast = await ours.measure(rig)
        waited = await asked.measure(rig)
        reference = await naive.measure(rig)
        states = await rig.database.fetch(HOW_HOLDS_ENDED)
    assert (fast.operations, waited.requests) == (500, 50)
    assert fast.rate.median > reference.rate.median > 0
    assert [tuple(row) for row in states] == [("confirmed", True)]


async def test_questions_about_a_long_past_are_answered_while_commands_are_obeyed(
    stack: tuple[Path, Mapping[str, str]],
) -> None:
    asked = Questions("queries-40", "asked", 1, 40, 1, repeats=1, operations=5_000, lives=15_000)
    async with rigs.connected(*stack) as rig:
        found = await asked.measure(rig)
        assert await rig.database.fetchval("SELECT count(*) FROM reservations") == 35_000
        assert await rig.database.fetchval(MONTHS_OVER) == 0
    assert (found.questions, found.usage_rows) == (40, 5_000)
    assert found.lives_a_second.median > 0
    assert 0 < found.p50.median <= found.p95.median <= found.p99.median
    assert set(found.p95_by_kind) == {query for query, _ in MIX}


def test_limits_are_held_against_their_own_naive_way() -> None:
    rates = rate("limits-hold-2", 10_000), rate("naive-limits-hold", 250)
    assert [verdict.is_met for verdict in judge(rates)] == [False]
    assert report.summary(a_report(*rates)).times_naive_limits == 40


def test_a_target_is_judged_only_where_its_figures_were_measured() -> None:
    verdicts = judge([rate("reserve-2", 14_000), rate("naive-reserve", 250)])
    assert [(verdict.what, verdict.is_met) for verdict in verdicts] == [
        ("requests, 2 processes", False),
        ("requests, times the naive way", True),
        ("CPU a request, all parties", False),
    ]


def test_the_last_line_says_how_fast_the_system_and_the_naive_way_are() -> None:
    found = report.summary(a_report(rate("reserve-2", 14_000), rate("naive-reserve", 250)))
    assert (found.system, found.naive, found.times_naive) == (14_000, 250, 56)
    assert found.system_lives is None
    assert found.times_naive_limits is None


def test_table_chart_and_json_show_every_figure() -> None:
    wait = Spread(9.0, 8.0, 10.0)
    delay = Delay("latency-200", "Request to reply", wait, wait, wait, 3000, 3, CALM)
    p95 = Spread(41.5, 40.0, 43.0)
    rates = Spread(8765.0, 8000.0, 9000.0)
    kinds = {"usage.log": p95}
    answers = Answers(
        "queries-200", "Questions", wait, p95, p95, kinds, 2000, 3, 10**6, rates, CALM
    )
    restart = Duration("restart", "Restart", CALM, 3)
    found = a_report(rate("reserve-2", 15_678), delay, answers, restart)
    page = StringIO()
    table.show(Console(file=page, width=table.WIDTH), found)
    assert "15,678" in page.getvalue()
    assert "8,765 (8,000)" in page.getvalue()
    assert "usage.log" in page.getvalue()
    assert "a quiet machine is faster" in page.getvalue()
    assert "15,678/s" in "".join(ET.fromstring(chart.drawn(found)).itertext())  # noqa: S314 - Ours.
    kept = json.loads(report.written(found))
    assert [figure["name"] for figure in kept["figures"]] == [
        "reserve-2",
        "latency-200",
        "queries-200",
        "restart",
    ]
    assert ("queries p95", True) in [(one.what, one.is_met) for one in found.targets]
    assert "| `usage.log` |  | 41.5 (43) |" in "\n".join(measured.lines(found))


def test_points_are_chosen_by_how_their_names_begin_and_never_fall_in_processes() -> None:
    assert [point.name for point in chosen(["copy"])] == ["copy-reserve", "copy-life"]
    assert [point.name for point in chosen(["latency-200"])] == ["latency-200"]
    processes = [point.processes for point in POINTS]
    assert processes == sorted(processes)
    with pytest.raises(OperatorError, match="there is no such point"):
        chosen(["nothing"])


def test_the_real_trace_is_an_hour_of_calls_in_order() -> None:
    calls = trace.calls()
    assert len(calls) == 28_185
    assert calls[0].seconds == 0
    assert [call.seconds for call in calls] == sorted(call.seconds for call in calls)
    assert 3000 < calls[-1].seconds < 3700
