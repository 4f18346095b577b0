"""How Roomwatch itself is doing, as metrics of the web process."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from dashboard.hub import Hub
from dashboard.webhook import OUTCOMES
from probes.metrics import METRICS

SENDERS = ("livekit", "alertmanager")
"""Whose webhooks are taken."""


@dataclass(frozen=True, slots=True)
class Lags:
    """The worst loop lag of each process since the last tick, seconds."""

    prober: float
    web: float


class Vitals:
    """The metrics that only the web process knows; their text follows the prober's once a tick."""

    def __init__(self, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._gauge("roomwatch_build_info").labels(version).set(1)
        self._frame_at = self._gauge("roomwatch_frame_timestamp_seconds")
        self._viewers = self._gauge("roomwatch_viewers")
        self._lag = self._gauge("roomwatch_loop_lag_seconds")
        self._skipped = self._counter("roomwatch_frames_skipped_total")
        self._restarts = self._counter("roomwatch_prober_restarts_total")
        self._hooks = self._counter("roomwatch_hooks_total")
        for sender, outcome in product(SENDERS, OUTCOMES):
            self._hooks.labels(sender, outcome)
        self._build = self._histogram("roomwatch_frame_build_seconds")
        self._late = self._histogram("roomwatch_web_loop_lag_seconds")
        self._skipped_before = 0

    def frame(self, at: float, build_seconds: float) -> None:
        """A frame was made at wall time `at`."""
        self._frame_at.set(at)
        self._build.observe(build_seconds)

    def hook(self, sender: str, outcome: str) -> None:
        """A webhook came from one of `SENDERS`, and this became of it."""
        self._hooks.labels(sender, outcome).inc()

    def late(self, seconds: float) -> None:
        """The loop woke up so late."""
        self._late.observe(seconds)

    def prober_restarted(self) -> None:
        self._restarts.inc()

    def render(self, hub: Hub, lags: Lags) -> bytes:
        """Prometheus' text format of this process's metrics."""
        self._viewers.set(hub.viewers)
        skipped = hub.skipped  # read once: it asks every viewer
        self._skipped.inc(skipped - self._skipped_before)
        self._skipped_before = skipped
        self._lag.labels("prober").set(lags.prober)
        self._lag.labels("web").set(lags.web)
        return generate_latest(self._registry)

    def _gauge(self, name: str) -> Gauge:
        spec = METRICS[name]
        return Gauge(name, spec.help, spec.labels, registry=self._registry)

    def _counter(self, name: str) -> Counter:
        return Counter(name, METRICS[name].help, METRICS[name].labels, registry=self._registry)

    def _histogram(self, name: str) -> Histogram:
        spec = METRICS[name]
        return Histogram(name, spec.help, buckets=spec.bounds, registry=self._registry)
