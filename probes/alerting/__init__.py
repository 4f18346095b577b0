"""Alerts: what wakes whom, as Prometheus rules and as Roomwatch's own evaluation of the same conditions."""
