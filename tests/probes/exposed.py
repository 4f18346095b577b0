"""Reads what Metrics rendered, with prometheus_client's own parser."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from probes.metrics import Metrics
from probes.model import Observation
from tests.probes.seen import tick

ONE_POLL = ("spaces", "n1", "rooms", False)
ONE_JOIN = ("spaces", "n1", "join", True)
SPACES = {"rooms_service": "spaces"}


def shown(*observations: Observation) -> Metrics:
    """What is exported of `observations` while one poll and one join are scheduled."""
    metrics = Metrics()
    metrics.watch([ONE_POLL, ONE_JOIN])
    metrics.write(tick(*observations))
    return metrics


def series(metrics: Metrics) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(metrics.text.decode()):
        for sample in family.samples:
            yield sample.name, dict(sample.labels), sample.value


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The value of the one series with these labels; None where there is none."""
    found = [v for n, has, v in series(metrics) if n == name and labels.items() <= has.items()]
    assert len(found) <= 1, f"{name} {labels} is there {len(found)} times"
    return found[0] if found else None


def names(metrics: Metrics) -> set[str]:
    return {family.name for family in text_string_to_metric_families(metrics.text.decode())}
