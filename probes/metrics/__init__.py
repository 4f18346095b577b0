"""What Prometheus reads: one table of metrics, and the prober's half of it rendered once a tick."""

from probes.metrics.prober import Metrics
from probes.metrics.table import METRICS, SERIES_LIMIT, Kind, Side, Spec

__all__ = ["METRICS", "SERIES_LIMIT", "Kind", "Metrics", "Side", "Spec"]
