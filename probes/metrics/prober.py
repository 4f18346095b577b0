"""The prober's metrics: our own runs as they happen, the rest from each tick, rendered once a tick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import structlog
from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from probes.alerting.table import Severity
from probes.history.base import Health
from probes.metrics.observed import SERVICE_SERIES, Point, points
from probes.metrics.runs import Runs, Scheduled
from probes.metrics.table import METRICS, SERIES_LIMIT, WEB_SERIES, Kind
from probes.metrics.text import TextFormat
from probes.model import Observation, ProbeResult
from probes.pipeline import UNWRITABLE, Tick
from probes.timeline.entries import Entry, Source

SINKS = ("history", "link", "metrics")

_OWN = 14  # series of the prober about itself
_BUDGET = SERIES_LIMIT - WEB_SERIES - _OWN
_DETAIL = 400
"""Series kept back for nodes, relocations and rooms when our own probes are very many."""


_log = structlog.get_logger()


class Metrics(Collector):
    """A sink whose `text` is the last tick in Prometheus' text format, or the last that could be rendered."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.text = b""
        self._format = TextFormat()
        self._registry = CollectorRegistry()
        self._runs = Runs(self._registry)
        self._dropped = dict.fromkeys(SINKS, 0)
        self._observations: Sequence[Observation] = ()
        self._alerts: Sequence[Entry] = ()
        self._history: Health | None = None
        self._registry.register(self)

    def watch(self, probes: Iterable[tuple[str, str, str, bool]]) -> None:
        """What is scheduled now, as (service, node, probe, is_join).

        New ones are exported at 0 from here on; those that are gone leave.
        """
        scheduled = [Scheduled(*probe) for probe in probes]
        services = len({s.service for s in scheduled})
        self._runs.watch(scheduled, _BUDGET - services * SERVICE_SERIES - _DETAIL)

    def record(self, result: ProbeResult) -> None:
        """Count one run. A run of what is no longer scheduled is left out."""
        self._runs.record(result)

    def late(self, service: str, node: str, probe: str, overruns: int, missed: int) -> None:
        """Runs that did not happen: `overruns` as the one before still ran, `missed` for want of time."""
        self._runs.late((service, node, probe), overruns, missed)

    def dropped(self, sink: str, total: int) -> None:
        """How many ticks a sink has dropped since it started."""
        self._dropped[sink] = total

    def history(self, health: Health) -> None:
        """How the history is doing; shown from the next tick on."""
        self._history = health

    def write(self, tick: Tick) -> None:
        self._observations = tick.observations
        self._alerts = tick.alerts
        try:
            self.text = self._format.render(self._registry.collect())
        except UNWRITABLE as error:
            self._dropped["metrics"] += 1
            _log.error("the metrics of a tick cannot be written", why=str(error))

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for name, labels, value in self._points():
            family = families.get(name)
            if family is None:
                family = families[name] = _family(name)
            family.add_metric(labels, value)
        yield from families.values()

    def _points(self) -> Iterator[Point]:
        yield from points(self._observations, _BUDGET - self._runs.series)
        yield from self._runs.last()
        fires = Counter((e.view.severity, e.view.source) for e in self._alerts if e.view.ended_at is None)
        for severity, source in product((Severity.PAGE, Severity.TICKET), Source):
            yield "roomwatch_alerts_firing", (severity, source), float(fires[severity, source])
        for sink, total in self._dropped.items():
            yield "roomwatch_sink_dropped_total", (sink,), float(total)
        if self._history is not None:
            yield "roomwatch_history_size_bytes", (), float(self._history.size)
            yield "roomwatch_history_write_errors_total", (), float(self._history.errors)
            if self._history.written_at is not None:
                yield "roomwatch_history_written_timestamp_seconds", (), self._history.written_at


def _family(name: str) -> GaugeMetricFamily | CounterMetricFamily:
    spec = METRICS[name]
    make = CounterMetricFamily if spec.kind is Kind.COUNTER else GaugeMetricFamily
    return make(name, spec.help, labels=spec.labels)
