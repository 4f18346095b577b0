"""A retry storm: more and more tries, and no more people who get in."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from probes.door.counters import WINDOW, Counters
from probes.door.crowd import admitted, total
from probes.model import Door

LOOK_BACK = 300.0
"""Seconds of service time in which the tries are looked for that it grew from."""

GROWTH = 1.5
"""By how much tries must have grown."""

NO_GROWTH = 1.2
"""By how much those who get in may have grown at most."""

TRIES_EACH = 3.0
"""From how many tries per person on it is a storm; it is over below `OVER_BELOW`."""

OVER_BELOW = 2.0

SUSTAINED = 10.0
"""Seconds of service time for which all that must hold before it is named."""

FEWEST_A_SECOND = 5.0
"""How many tries a second it takes."""


class Rates(NamedTuple):
    """Tries a second and how many of them get in."""

    tries: float
    admitted: float


class Storm(NamedTuple):
    """Whether there is one; `before`: the rates that it grew from; `since`: when that was first seen."""

    on: bool = False
    before: Rates = Rates(0.0, 0.0)
    since: float | None = None

    def moved_to(self, counters: Collection[Counters], door: Door | None, now: float) -> Storm:
        """The storm at service time `now`, as the counters of answering endpoints show it.

        Without known counts there is none.
        """
        tries_each = door.tries_per_person if door else None
        latest = rates(counters, 0.0) if tries_each is not None else None
        if latest is None or tries_each is None or (self.since is not None and now < self.since):
            return Storm()
        if self.on:
            over = tries_each < OVER_BELOW or latest.tries < NO_GROWTH * self.before.tries
            return Storm() if over else self
        many = tries_each >= TRIES_EACH and latest.tries >= FEWEST_A_SECOND
        before = calmest(counters) if many else None
        if before is None or not _grew(latest, before):
            return Storm()
        since = now if self.since is None else self.since
        return Storm(now - since >= SUSTAINED, before, since)


def _grew(latest: Rates, before: Rates) -> bool:
    """Whether tries did, and those who get in did not."""
    return latest.tries >= GROWTH * before.tries and latest.admitted <= NO_GROWTH * before.admitted


def calmest(counters: Collection[Counters]) -> Rates | None:
    """The stretch of `LOOK_BACK` with the fewest tries."""
    steps = int(LOOK_BACK / WINDOW)
    past = [found for step in range(1, steps) if (found := rates(counters, step * WINDOW)) is not None]
    return min(past, default=None)


def rates(counters: Collection[Counters], until: float) -> Rates | None:
    """Per second over `WINDOW`, `until` seconds ago; None where it is not known as a whole."""
    tries = let_in = 0.0
    for each in counters:
        lately = each.over(WINDOW, until)
        if lately.seconds < WINDOW * 0.99:
            return None
        tries += total(lately) / lately.seconds
        let_in += admitted(lately) / lately.seconds
    return Rates(tries, let_in) if counters else None
