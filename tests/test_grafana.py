"""The Grafana dashboard's shape: what Grafana needs to show it, and only metrics that there are."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from typing import Any

import pytest

from probes.alerting.recording import RECORDED
from probes.metrics import METRICS, Kind
from tests.grafana import Query, dashboard, panels, queries

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SHOWN = {"row", "stat", "timeseries", "state-timeline", "table"}
OF_PROMETHEUS = {"ALERTS", "scrape_samples_post_metric_relabeling"}
QUERIES = list(queries())
WORDS = re.compile(r"\b(?:rooms|roomwatch)_\w+|\bALERTS\b|\bscrape_\w+|\w+:\w+:\w+")


def names(query: Query) -> set[str]:
    """The metrics that a query asks for; labels and their values are left out."""
    bare = re.sub(r"\{[^}]*\}|\b(?:by|without|on)\s*\([^)]*\)", "", query.expression)
    return set(WORDS.findall(bare))


def known() -> set[str]:
    parts = {
        f"{name}_{part}"
        for name, spec in METRICS.items()
        if spec.kind is Kind.HISTOGRAM
        for part in ("bucket", "sum", "count")
    }
    return METRICS.keys() | parts | RECORDED.keys() | OF_PROMETHEUS


def test_it_is_a_dashboard_that_any_grafana_can_take() -> None:
    """No number of one Grafana's own database in it, and no data source but the one that is chosen."""
    made = dashboard()
    assert made["schemaVersion"] == 39
    assert made["uid"] == "roomwatch"
    assert "id" not in made
    assert "__inputs" not in made
    assert made["refresh"] in made["timepicker"]["refresh_intervals"]


def test_each_panel_has_a_number_a_kind_and_words() -> None:
    assert {panel["type"] for panel in panels()} == SHOWN
    assert Counter(panel["id"] for panel in panels()).most_common(1)[0][1] == 1
    for panel in panels():
        assert panel["title"]
        if panel["type"] != "row":
            assert panel["description"].endswith("."), panel["title"]
            assert panel["targets"], panel["title"]
            assert {"defaults", "overrides"} == panel["fieldConfig"].keys()


def test_panels_lie_side_by_side_and_within_the_page() -> None:
    places = [panel["gridPos"] for panel in panels()]
    for place in places:
        assert place["x"] >= 0
        assert place["w"] > 0
        assert place["h"] > 0
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        assert not _overlap(one, other), f"{one} {other}"
    assert places == sorted(places, key=lambda place: (place["y"], place["x"])), (
        "read in the order of the file"
    )


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in ("xw", "yh")
    )


def sources(part: Any) -> list[Any]:
    """Every data source that is named anywhere."""
    if isinstance(part, dict):
        own = [part["datasource"]] if "datasource" in part else []
        return own + [s for v in part.values() for s in sources(v)]
    return [s for v in part for s in sources(v)] if isinstance(part, list) else []


def test_whoever_looks_chooses_the_prometheus() -> None:
    found = sources({**dashboard(), "annotations": dashboard()["annotations"]["list"][1:]})
    assert len(found) > len(QUERIES)
    assert all(source == SOURCE for source in found)


def test_the_variables_that_are_used_are_those_that_there_are() -> None:
    variables = {variable["name"]: variable for variable in dashboard()["templating"]["list"]}
    used = {name for query in QUERIES for name in re.findall(r"\$(\w+)", query.expression)}
    assert used == (variables.keys() - {"datasource"}) | {"__rate_interval"}
    assert variables["datasource"]["query"] == "prometheus"
    for name in variables.keys() - {"datasource"}:
        metric, label = re.fullmatch(
            r"label_values\((\w+), (\w+)\)", variables[name]["query"]["query"]
        ).groups()  # type: ignore[union-attr]
        assert metric in METRICS
        assert label == name
        assert variables[name]["allValue"] == ".*", "what has no such label is shown, too"


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.where)
def test_a_query_asks_for_metrics_that_there_are(query: Query) -> None:
    assert names(query)
    assert names(query) <= known()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.where)
def test_two_replicas_are_one_line_unless_it_is_about_them(query: Query) -> None:
    """Never a sum over instances: people would be counted twice."""
    assert re.search(r"\bsum\b(?! without \(outcome\))", query.expression) is None
    by = re.findall(r"(?:max|min) by \(([^)]*)\)", query.expression)
    assert by or names(query) <= RECORDED.keys()
    about_us = [metric for metric in names(query) if "rooms_service" not in labels_of(metric)]
    assert all(("instance" in group) == bool(about_us) for group in by if names(query) - {"ALERTS"})


def labels_of(name: str) -> tuple[str, ...]:
    base = re.sub(r"_(?:bucket|sum|count)$", "", name)
    recorded = ("rooms_service",) if name in RECORDED or name == "ALERTS" else ()
    return METRICS[base].labels if base in METRICS else recorded


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.where)
def test_a_legend_names_labels_that_are_left(query: Query) -> None:
    by = re.findall(r" by \(([^)]*)\)", query.expression)
    if by:
        left = {label.strip() for label in by[0].split(",")}
        assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= left
