"""What our own probes did: counters and histograms that live as long as their probe is scheduled."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram

from probes.metrics.labels import label
from probes.metrics.observed import Point
from probes.metrics.table import METRICS, OTHER, RUN_BOUNDS, STAGE_BOUNDS
from probes.model import JOIN_OUTCOMES, POLL_OUTCOMES, Outcome, ProbeResult

STAGE_LIMIT = 40
"""The most (service, stage) pairs with a histogram of their own."""

_PROBE_LABELS = ("rooms_service", "rooms_node", "probe")
_STAGES_A_SERVICE = 9
_HISTOGRAM_EXTRAS = 3  # +Inf, sum and count
_STAGE_SERIES = len(STAGE_BOUNDS) + _HISTOGRAM_EXTRAS
_PROBE_SERIES = len(POLL_OUTCOMES) + len(RUN_BOUNDS) + _HISTOGRAM_EXTRAS + 7


class Scheduled(NamedTuple):
    """One probe of the schedule. `is_join`: it joins, it does not poll."""

    service: str
    node: str
    probe: str
    is_join: bool


Key = tuple[str, str, str]
"""Service, node and probe as they are named in results."""

Labels = tuple[str, str, str]
"""The same as label values; several probes share one where the series would be too many."""


class _Last(NamedTuple):
    success: bool
    seconds: float
    at: float
    succeeded_at: float | None
    failures: int  # in a row, up to the last run


def _counter(name: str, registry: CollectorRegistry) -> Counter:
    spec = METRICS[name]
    return Counter(name, spec.help, spec.labels, registry=registry)


def _histogram(name: str, registry: CollectorRegistry) -> Histogram:
    spec = METRICS[name]
    return Histogram(name, spec.help, spec.labels, registry=registry, buckets=spec.bounds)


class Runs:
    """Counts runs by probe. Only what `watch` named last is counted and exported."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._runs = _counter("roomwatch_probe_runs_total", registry)
        self._missed = _counter("roomwatch_probe_missed_total", registry)
        self._overruns = _counter("roomwatch_probe_overruns_total", registry)
        self._joins = _counter("roomwatch_joins_total", registry)
        self._duration = _histogram("roomwatch_probe_duration_seconds", registry)
        self._stage = _histogram("roomwatch_join_stage_seconds", registry)
        self._labels: dict[Key, Labels] = {}
        self._joining: set[str] = set()
        self._stages: set[tuple[str, str]] = set()
        self._last: dict[Key, _Last] = {}
        self._outcomes: dict[Labels, tuple[Outcome, ...]] = {}

    @property
    def series(self) -> int:
        """The most series that what is scheduled can come to."""
        return _cost(set(self._labels.values()), len(self._joining))

    def watch(self, probes: Iterable[Scheduled], budget: int) -> None:
        """Follow the schedule: what is new starts at 0, what is gone leaves, within `budget` series."""
        scheduled = list(probes)
        joining = {label(s.service) for s in scheduled if s.is_join}
        labels = _fold(scheduled, budget, len(joining))
        outcomes = {
            labels[s.service, s.node, s.probe]: JOIN_OUTCOMES if s.is_join else POLL_OUTCOMES
            for s in scheduled
        }
        for gone in self._outcomes.keys() - outcomes.keys():
            self._forget(gone)
        for new in outcomes.keys() - self._outcomes.keys():
            self._begin(new, outcomes[new])
        self._follow_joins(joining)
        self._labels, self._outcomes = labels, outcomes
        self._last = {key: last for key, last in self._last.items() if key in labels}

    def record(self, result: ProbeResult) -> None:
        key = result.service, result.node, result.probe
        labels = self._labels.get(key)
        if labels is None:
            return
        self._runs.labels(*labels, result.outcome.value).inc()
        self._duration.labels(*labels).observe(result.seconds)
        before = self._last.get(key)
        succeeded_at = result.at if result.outcome.success else before.succeeded_at if before else None
        failures = 0 if result.outcome.success else 1 + (before.failures if before else 0)
        self._last[key] = _Last(result.outcome.success, result.seconds, result.at, succeeded_at, failures)
        if self._outcomes[labels] is JOIN_OUTCOMES:
            self._record_join(label(result.service), result)

    def late(self, key: Key, overruns: int, missed: int) -> None:
        if key in self._labels:
            self._overruns.labels(*self._labels[key]).inc(overruns)
            self._missed.labels(*self._labels[key]).inc(missed)

    def last(self) -> Iterator[Point]:
        """How the last runs went; of probes that share their labels, the worst."""
        together: dict[Labels, list[_Last]] = {}
        for key, last in self._last.items():
            together.setdefault(self._labels[key], []).append(last)
        for labels, runs in together.items():
            yield "roomwatch_probe_success", labels, float(all(r.success for r in runs))
            yield "roomwatch_probe_failures_in_a_row", labels, float(max(r.failures for r in runs))
            yield "roomwatch_probe_last_duration_seconds", labels, max(r.seconds for r in runs)
            yield "roomwatch_probe_last_run_timestamp_seconds", labels, min(r.at for r in runs)
            good = [r.succeeded_at for r in runs if r.succeeded_at is not None]
            if good:
                yield "roomwatch_probe_last_success_timestamp_seconds", labels, min(good)

    def _begin(self, labels: Labels, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self._runs.labels(*labels, outcome.value)
        for metric in (self._missed, self._overruns, self._duration):
            metric.labels(*labels)

    def _forget(self, labels: Labels) -> None:
        self._runs.remove_by_labels(dict(zip(_PROBE_LABELS, labels, strict=True)))
        for metric in (self._missed, self._overruns, self._duration):
            metric.remove(*labels)

    def _follow_joins(self, joining: set[str]) -> None:
        for gone in self._joining - joining:
            self._joins.remove_by_labels({"rooms_service": gone})
        for service, stage in [pair for pair in self._stages if pair[0] not in joining]:
            self._stages.remove((service, stage))
            self._stage.remove(service, stage)
        for new in joining - self._joining:
            for outcome in JOIN_OUTCOMES:
                self._joins.labels(new, outcome.value)
            self._has_series(new, "total")
        self._joining = joining

    def _record_join(self, service: str, result: ProbeResult) -> None:
        self._joins.labels(service, result.outcome.value).inc()
        stages: Mapping[str, float] = result.attempt.stages if result.attempt else {}
        for stage, seconds in stages.items():
            if stage != "total" and self._has_series(service, label(stage)):
                self._stage.labels(service, label(stage)).observe(seconds)
        if result.outcome is Outcome.JOINED and self._has_series(service, "total"):
            self._stage.labels(service, "total").observe(stages.get("total", result.seconds))

    def _has_series(self, service: str, stage: str) -> bool:
        """Whether the stage has a histogram; it gets one while there is room."""
        if (service, stage) in self._stages:
            return True
        mine = sum(1 for other, _ in self._stages if other == service)
        if len(self._stages) >= STAGE_LIMIT or mine >= _STAGES_A_SERVICE:
            return False
        self._stages.add((service, stage))
        self._stage.labels(service, stage)
        return True


def _cost(labels: set[Labels], joining: int) -> int:
    stages = min(STAGE_LIMIT, joining * _STAGES_A_SERVICE) * _STAGE_SERIES
    return len(labels) * _PROBE_SERIES + joining * len(JOIN_OUTCOMES) + stages


def _fold(scheduled: list[Scheduled], budget: int, joining: int) -> dict[Key, Labels]:
    """Labels for each probe, the finest that fit the budget.

    First every node has its own; then only the first few nodes of each service,
    the rest sharing `_other`; in the end only the first few services.
    """
    services = len({s.service for s in scheduled})
    most_nodes = max(_ranks(scheduled).values(), default=0) + 1
    grains = [(0, own) for own in range(services)] + [(own, services) for own in range(most_nodes + 1)]

    def cost(grain: tuple[int, int]) -> int:
        return _cost(set(_labels(scheduled, *grain).values()), joining)

    finest = bisect_right(grains, budget, key=cost) - 1
    return _labels(scheduled, *grains[max(finest, 0)])


def _ranks(scheduled: list[Scheduled]) -> dict[tuple[str, str], int]:
    """Each node's place among the nodes of its service."""
    ranks: dict[tuple[str, str], int] = {}
    count: dict[str, int] = {}
    for s in scheduled:
        if (s.service, s.node) not in ranks:
            ranks[s.service, s.node] = count.get(s.service, 0)
            count[s.service] = count.get(s.service, 0) + 1
    return ranks


def _labels(scheduled: list[Scheduled], own_nodes: int, own_services: int) -> dict[Key, Labels]:
    ranks = _ranks(scheduled)
    services = set(list(dict.fromkeys(s.service for s in scheduled))[:own_services])
    labels: dict[Key, Labels] = {}
    for s in scheduled:
        service = label(s.service) if s.service in services else OTHER
        node = label(s.node) if ranks[s.service, s.node] < own_nodes else OTHER
        labels[s.service, s.node, s.probe] = (service, node, label(s.probe))
    return labels
