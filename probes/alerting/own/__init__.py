"""Roomwatch's own evaluation of the alerts, for teams without Prometheus and for the demo.

It asks of each tick's observations what Prometheus' rules ask of the metrics, with the same numbers.
Time is a service's own where it is a replay: at a pace of 20, a minute of a rule is three wall seconds,
in which Prometheus, which knows the wall's clock alone, says other things. At a pace of 1 they agree.
What an outside alone can know, that a Roomwatch is down or hangs, is left to Prometheus. Nothing is kept
over a restart: what is held back or kept firing begins anew.
"""

from probes.alerting.own.alerts import OwnAlerts

__all__ = ["OwnAlerts"]
