"""The observed ceiling: the most people with whom joins still met the objective.

It takes two levels to know it: one at which joins met the objective, and one at which they
failed for want of capacity. So a quiet night tells none, and neither does an outage far
below what was held before.

- Joins met the objective for `SUSTAINED`: that level was held. If it is one at which they
  had failed before, those failures were no matter of capacity, or there is more of it now:
  the ceiling is unknown again.
- Joins failed for `SUSTAINED` for want of capacity: the ceiling is no higher than this level.
- Where joins never met the objective at any level, the ceiling is the most that was held
  while they failed, once that many are no longer there: until then it may yet be more.

It is kept while the process lives, through reloads too. A restart forgets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from probes.model import Door, Outcome

WANT_OF_CAPACITY = (Outcome.ROOM_FULL, Outcome.UNAVAILABLE, Outcome.TIMEOUT)

SUSTAINED = 30.0
"""Seconds of service time for which joins must go well, or fail, before it says something of a level."""

FEWEST_TRIES = 12
FEWEST_FAILED = 3

OUTAGE = 0.5
"""Failures below this share of the most that was held are an outage, and no ceiling."""

LEFT = 0.95
"""People have left the highest level once fewer than this share of it are there."""


class _Verdict(Enum):
    MET = "met"
    FAILED = "failed"


@dataclass(slots=True)
class _Stretch:
    """Joins that went the same way without a break."""

    verdict: _Verdict | None = None
    since: float = 0.0
    least: int = 0
    most: int = 0

    def take(self, verdict: _Verdict | None, now: float, people: int) -> None:
        if verdict is not self.verdict or now < self.since:
            self.verdict, self.since, self.least, self.most = verdict, now, people, people
        self.least, self.most = min(self.least, people), max(self.most, people)


@dataclass(slots=True)
class Ceiling:
    """What joins told of a service's capacity. Levels are people in all of its rooms."""

    _stretch: _Stretch = field(default_factory=_Stretch)
    _met: int | None = None
    _failed: int | None = None
    _held: int | None = None
    _people: int = 0

    def take(self, now: float, people: int, door: Door | None, tries: int, objective: float) -> None:
        """Read how joins go at service time `now` with `people` in: `door` and the `tries` it rests on."""
        self._people = people
        self._stretch.take(_verdict(door, tries, objective), now, people)
        if now - self._stretch.since < SUSTAINED:
            return
        if self._stretch.verdict is _Verdict.MET:
            self._meet(self._stretch.most)
        elif self._stretch.verdict is _Verdict.FAILED:
            self._fail(self._stretch.least, self._stretch.most)

    def value(self) -> int | None:
        """The ceiling, or None while it is unknown."""
        if self._failed is None:
            return None
        if self._met is not None:
            return self._met or None
        left = self._held is not None and self._people < LEFT * self._held
        return self._held if left else None

    def _meet(self, people: int) -> None:
        self._met = max(self._met or 0, people)
        if self._failed is not None and people > self._failed:
            self._failed = None

    def _fail(self, least: int, most: int) -> None:
        if self._met is not None and least < OUTAGE * self._met:
            return
        self._failed = least if self._failed is None else min(self._failed, least)
        if self._met is None:
            self._held = max(self._held or 0, most)
        else:
            self._met = min(self._met, least)


def _verdict(door: Door | None, tries: int, objective: float) -> _Verdict | None:
    if door is None or door.success_ratio is None or tries < FEWEST_TRIES:
        return None
    if door.success_ratio >= objective:
        return _Verdict.MET
    failed = sum(door.errors.get(outcome, 0.0) for outcome in WANT_OF_CAPACITY)
    return _Verdict.FAILED if failed > 1 - objective and failed * tries >= FEWEST_FAILED - 0.5 else None
