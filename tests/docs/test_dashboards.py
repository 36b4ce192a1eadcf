"""What operators are shown and woken by is what processes really tell."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from prometheus_client.metrics import MetricWrapperBase

from shared import metrics
from shared.contracts.types import JsonObject
from tests.docs.reading import ROOT, anchors, page

DASHBOARDS: dict[str, JsonObject] = {
    name: json.loads(page(f"deploy/dashboards/{name}.json")) for name in ("credits", "limits")
}
ALERTS = page("deploy/dashboards/alerts.yaml")
EXPRESSIONS = re.findall(r"^ +expr: (.+)$", ALERTS, re.MULTILINE)

SUFFIXES = re.compile(r"_(bucket|sum|count)$")
SELECTOR = re.compile(r"(igny8_[a-z_]+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([^)]*)\)")
LABEL = re.compile(r"([a-z_]+)=")
ADDED = {"le", "instance", "handler"}  # By histograms, by scraping, by `label_replace`.
SCRAPED = {"job"}  # Whose workers they are.


def told() -> dict[str, tuple[str, ...]]:
    """Every metric as it is scraped, with its labels."""
    found: Iterable[Any] = (x for x in vars(metrics).values() if isinstance(x, MetricWrapperBase))
    return {
        name: metric._labelnames  # noqa: SLF001 - Nothing else tells.
        for metric in found
        for name in (sample_name(metric),)
    }


def sample_name(metric: MetricWrapperBase) -> str:
    (family,) = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else family.name


def expressions_of(name: str) -> Iterator[str]:
    for panel in DASHBOARDS[name]["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


@pytest.mark.parametrize(
    "expression", [*EXPRESSIONS, *(said for name in DASHBOARDS for said in expressions_of(name))]
)
def test_every_metric_that_is_asked_for_exists_with_its_labels(expression: str) -> None:
    known, labels = told(), set[str]()
    used = SELECTOR.findall(expression)
    assert used
    for name, selected in used:
        own = known[SUFFIXES.sub("", name)]
        labels |= set(own)
        assert set(LABEL.findall(selected)) <= set(own) | SCRAPED
    grouped = {label.strip() for found in GROUPED.findall(expression) for label in found.split(",")}
    assert grouped <= labels | ADDED


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_metric_is_on_the_dashboard(name: str) -> None:
    asked = {SUFFIXES.sub("", n) for x in expressions_of(name) for n, _ in SELECTOR.findall(x)}
    assert asked == told().keys()


@pytest.mark.parametrize("name", DASHBOARDS)
def test_no_panel_covers_another(name: str) -> None:
    panels = DASHBOARDS[name]["panels"]
    covered = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(covered) == len(set(covered))
    assert {x for x, _ in covered} == set(range(24))
    ids = [panel["id"] for panel in panels]
    assert len(ids) == len(set(ids))


def test_every_alert_says_how_bad_it_is_and_where_its_remedy_stands() -> None:
    names = re.findall(r"- alert: (\w+)", ALERTS)
    runbooks = re.findall(r"runbook: (\S+)#(\S+)", ALERTS)
    assert len(names) == len(set(names)) == len(EXPRESSIONS) == len(runbooks)
    assert len(re.findall(r"labels: {severity: (?:page|ticket)}", ALERTS)) == len(names)
    assert len(re.findall(r"summary: \S", ALERTS)) == len(names)
    for where, anchor in runbooks:
        assert (ROOT / where).exists()
        assert anchor in anchors(page(where))
