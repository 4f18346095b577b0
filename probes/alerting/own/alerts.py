"""What fires now, of all services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import nsmallest

from probes.alerting.firing import Firing
from probes.alerting.own.holding import Holding
from probes.alerting.own.joining import Joining
from probes.alerting.own.places import places
from probes.alerting.own.sources import Sources
from probes.alerting.table import ALERTS
from probes.config.objectives import Objectives
from probes.model import Observation

MOST_TOLD = 60
"""The most alerts of one service that are told: pages come first, then the first of the table."""

_ORDER = {
    alert.name: place
    for place, alert in enumerate(sorted(ALERTS.values(), key=lambda alert: alert.severity.rank))
}


class OwnAlerts:
    """Looks at each tick's observations and says which alerts fire."""

    def __init__(self) -> None:
        self._objectives = Objectives()
        self._audiences: Mapping[str, int] = {}
        self._services: dict[str, _Service] = {}

    def follow(self, objectives: Objectives, audiences: Mapping[str, int]) -> None:
        """Take over a changed config, with the audience from which rooms of each service matter.

        What fires goes on firing while its condition holds.
        """
        self._objectives, self._audiences = objectives, audiences

    def look(self, observations: Sequence[Observation], at: float) -> tuple[Firing, ...]:
        """All that fires at wall time `at`, by service, the gravest first; each at most `MOST_TOLD`."""
        self._services = {seen.name: self._services.get(seen.name) or _Service() for seen in observations}
        return tuple(
            firing
            for seen in observations
            for firing in self._services[seen.name].look(
                seen, at, self._objectives, self._audiences.get(seen.name, 1)
            )
        )


class _Service:
    """What is remembered of one service from one tick to the next."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._holding = Holding()
        self._joining = Joining()
        self._sources = Sources()

    def look(self, seen: Observation, at: float, objectives: Objectives, audience: int) -> list[Firing]:
        now = self._clock.at(at, seen.pace)
        found = [
            *self._joining.look(seen, at, now, objectives),
            *places(seen, at, audience),
            *self._sources.look(seen, at, now),
        ]
        return nsmallest(MOST_TOLD, self._holding.take(found, now), key=_rank)


class Clock:
    """Seconds of a service: the wall's, or more of them where it is replayed faster. It never goes back."""

    def __init__(self) -> None:
        self._now = 0.0
        self._wall: float | None = None

    def at(self, wall: float, pace: float | None) -> float:
        """The service's seconds at wall time `wall`, since the first."""
        passed = 0.0 if self._wall is None else max(0.0, wall - self._wall)
        self._wall = wall
        self._now += passed * max(1.0, pace or 1.0)
        return self._now


def _rank(firing: Firing) -> tuple[int, str, str, str, str, str]:
    about = firing.subject
    return _ORDER[about.alert], about.node, about.room, about.lineage, about.probe, about.what
