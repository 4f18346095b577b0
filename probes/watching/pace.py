"""How fast a service's own time goes, against the wall's."""

from __future__ import annotations

from collections import deque

STRETCH = 10.0
"""Wall seconds over which the pace is taken."""

_LEAST = 1.0
_MOST = 256


class Pace:
    """Service seconds a wall second over the recent answers of one endpoint."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def take(self, wall: float, service: float) -> None:
        if self._marks and (service < self._marks[-1][1] or wall < self._marks[-1][0]):
            self._marks.clear()
        self._marks.append((wall, service))
        while self._marks[0][0] < wall - STRETCH:
            self._marks.popleft()

    def value(self) -> float | None:
        """The pace, or None before there is a second to take it from. Within 5 % of 1 it is 1."""
        if not self._marks:
            return None
        (wall, service), (last_wall, last_service) = self._marks[0], self._marks[-1]
        if last_wall - wall < _LEAST:
            return None
        pace = (last_service - service) / (last_wall - wall)
        return 1.0 if 0.95 <= pace <= 1.05 else round(pace, 2)
