"""From growth to the seconds until it is full, with an honest range.

The range comes from three things, as independent errors: how far off the same forecast was
lately at about this distance, how far apart the fits are, and what nobody can foresee (growth
changes its pace: by `UNFORESEEN` of itself in `UNFORESEEN_AFTER` seconds). `SOONER` and `LATER`,
the widths to either side, are set so that about five of six truths lie within the range on the
curves of `python -m tests.bench forecast`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from probes.headroom.fits import HORIZONS, Fits, Numbers

FURTHEST: Final = 6 * 3600.0
"""Seconds ahead that a forecast reaches; what is not full by then is never full at this pace."""

GRID: Final[Numbers] = np.concatenate([np.arange(0.0, 60.0, 10.0), np.geomspace(60.0, FURTHEST, 48)])

SOONER: Final = 1.4
LATER: Final = 1.0
MISSED: Final = 1.25  # a mean absolute error as a standard deviation
APART: Final = 0.3
UNFORESEEN: Final = 0.35
UNFORESEEN_AFTER: Final = 600.0


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes of every slot: people at each of `GRID`, and within what range. Rows of nan: not known."""

    level: Numbers
    low: Numbers
    high: Numbers
    growth: Numbers
    growth_low: Numbers
    growth_high: Numbers


@dataclass(frozen=True, slots=True)
class Forecast:
    """One series. `seconds`, `soonest` and `latest` until it is full; `math.inf` is never, None unknown."""

    growth: float | None = None
    growth_low: float | None = None
    growth_high: float | None = None
    seconds: float | None = None
    soonest: float | None = None
    latest: float | None = None

    def later(self, passed: float) -> Forecast:
        """The same forecast `passed` seconds later."""
        if self.seconds is None or self.soonest is None or self.latest is None:
            return self
        return replace(
            self,
            seconds=max(0.0, self.seconds - passed),
            soonest=max(0.0, self.soonest - passed),
            latest=max(0.0, self.latest - passed),
        )


UNKNOWN: Final = Forecast()


def ahead(fits: Fits) -> Ahead:
    """What the fits say of the coming hours."""
    level = fits.ahead(GRID)
    growth = fits.growth
    missed = MISSED * _missed(fits.misses) * GRID
    changed = UNFORESEEN * np.abs(growth)[:, None] * GRID * np.sqrt(np.minimum(GRID / UNFORESEEN_AFTER, 1.0))
    apart = APART * fits.disagreement(GRID)
    off = np.sqrt(missed**2 + changed**2 + apart**2 + fits.usual[:, None] ** 2)
    level[~fits.ready] = np.nan
    spread = off[:, _MINUTE] / GRID[_MINUTE]
    return Ahead(level, level - LATER * off, level + SOONER * off, growth, growth - spread, growth + spread)


_MINUTE: Final = int(np.searchsorted(GRID, 60.0))


def _missed(misses: Numbers) -> Numbers:
    """By how much growth was misjudged at each distance of `GRID`, people a second, as (slots, seconds).

    Between the horizons in a line of their logarithms, beyond them as at the nearest that was judged.
    """
    at = np.log(np.maximum(GRID, HORIZONS[0]))
    knots = np.log(np.array(HORIZONS))
    filled = misses.copy()
    for i in range(1, len(filled)):
        filled[i] = np.where(np.isnan(filled[i]), filled[i - 1], filled[i])
    filled = np.nan_to_num(filled)
    right = np.clip(np.searchsorted(knots, at), 1, len(knots) - 1)
    share = np.clip((at - knots[right - 1]) / (knots[right] - knots[right - 1]), 0.0, 1.0)
    between: Numbers = (filled[right - 1].T * (1 - share)) + filled[right].T * share
    return between


def forecast(seen: Ahead, slot: int, capacity: float | None) -> Forecast:
    """One slot's forecast, as of the last count that the fits know."""
    if math.isnan(seen.level[slot, 0]):
        return UNKNOWN
    grown = Forecast(float(seen.growth[slot]), float(seen.growth_low[slot]), float(seen.growth_high[slot]))
    if capacity is None:
        return grown
    curves = seen.level[slot], seen.high[slot], seen.low[slot]
    seconds, soonest, latest = (_reached(curve, capacity) for curve in curves)
    return replace(grown, seconds=seconds, soonest=soonest, latest=latest)


def _reached(people: Numbers, capacity: float) -> float:
    """When a curve over `GRID` first reaches `capacity`; `math.inf` if it does not."""
    there = people >= capacity
    first = int(np.argmax(there))
    if not there[first]:
        return math.inf
    if first == 0:
        return 0.0
    before, after = float(people[first - 1]), float(people[first])
    start, end = float(GRID[first - 1]), float(GRID[first])
    return start + (end - start) * (capacity - before) / (after - before)
