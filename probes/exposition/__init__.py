"""From a service's own metrics, as Prometheus' text or as OpenMetrics, to the samples that are meant."""

from probes.exposition.reader import Exposition, Samples
from probes.exposition.samples import Sample, Selector

__all__ = ["Exposition", "Sample", "Samples", "Selector"]
