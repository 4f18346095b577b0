"""How Roomwatch itself is doing, as metrics of the web process."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from dashboard.hub import Hub


class Vitals:
    """The metrics that only the web process knows; joined with the prober's once a tick."""

    def __init__(self, version: str) -> None:
        self.started_at = time.time()
        self._registry = CollectorRegistry()
