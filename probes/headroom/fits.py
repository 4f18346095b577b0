"""Lines fitted to many counts at once, each with its own memory and its own bend, and how well each foretold.

No single window is right: a steady crowd wants a long one, a crowd that has just turned
wants a short one. So each series is fitted in many ways at the same time, by least squares
with weights that fade (each of `MEMORIES`) and a growth that bends (each of `BENDS`). Every
`ORIGIN_EVERY` seconds the fits say what comes, and later they are held against what came:
who was right lately counts most (weights as in forecast combination, Bates and Granger 1969).

A count that jumps is read both ways: as news about the growth, and as a step that leaves
the growth as it was, the past being lifted by the height of the step. A single odd count is
left out until the next one agrees with it.

Everything is an array of (series, fits), so that 265 series cost little more than one, and
each series is worked out for itself. Multiplying all counts by a factor changes no weight.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

MEMORIES: Final = (15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 960.0)
"""Seconds after which a point counts a third."""

BENDS: Final = (0.0, -1 / 700, -1 / 300)
"""Shares by which growth itself changes in a second: as it is, and slackening.

Quickening growth is followed, never foretold: it misled more often than it helped.
"""

LEAST_BENT: Final = 0.08
"""A bend is fitted only with a memory long enough to see it: memory times bend is at least this."""

LEAST_LEFT: Final = 0.5
"""A bend is believed until growth has halved, and no further."""

HORIZONS: Final = (15.0, 30.0, 60.0, 120.0, 300.0)
"""How far ahead, in seconds, fits are judged."""

ORIGIN_EVERY: Final = 15.0
JUDGED_OVER: Final = 180.0
SHARPNESS: Final = 6.0
"""A fit that was off twice as far counts this power of two less."""

BENT: Final = 3.0
LONG: Final = 0.2
"""What fits count before anything is known of them: bent ones less, those with a long memory more."""

ENOUGH: Final = 6
"""Counts before a fit says anything."""

ODD: Final = 5.0
"""A count this many times further off than usual is odd."""

_SETTLE = 0.1
_ORIGINS = int(max(HORIZONS) * 1.25 / ORIGIN_EVERY) + 1


class Fits:
    """Many series, each fitted in all ways. A slot is one series; an empty one holds nothing."""

    def __init__(self, slots: int) -> None:
        kinds = [
            (memory, bend, step)
            for step in (False, True)
            for memory in MEMORIES
            for bend in BENDS
            if not bend or memory * abs(bend) >= LEAST_BENT
        ]
        self._memory = np.array([memory for memory, _, _ in kinds])
        self._bend = np.array([bend for _, bend, _ in kinds])
        self._steps = np.array([step for _, _, step in kinds])
        self._prior = LONG * np.log(self._memory) - BENT * np.sqrt(np.abs(self._bend) * 300)
        fits = len(kinds)
        self._at: float | None = None
        # Weighted sums over the past, seen from now: of 1, g, g², y, g·y, with g how far growth got since.
        self._sums = np.zeros((5, slots, fits))
        self._base = np.full(slots, np.nan)
        self._count = np.zeros(slots)
        self._usual = np.zeros(slots)
        self._odd = np.zeros(slots)
        self._lines = np.zeros((2, slots, fits))
        # As for one of whom nothing is known: whichever slot is free, a new series begins alike.
        self._unjudged = np.exp(self._prior - self._prior.max())
        self._unjudged /= self._unjudged.sum()
        self._weight = np.tile(self._unjudged, (slots, 1))
        self._losses = np.zeros((len(HORIZONS), slots, fits))
        self._judged = np.zeros((len(HORIZONS), slots))
        self._misses = np.zeros((len(HORIZONS), slots))
        # What was said at the last origins: level, growth and weight of each fit; and when, and for whom.
        self._said = np.zeros((_ORIGINS, 3, slots, fits))
        self._said_at = np.full(_ORIGINS, -math.inf)
        self._said_for = np.zeros((_ORIGINS, slots), dtype=bool)
        self._origins = 0

    @property
    def slots(self) -> int:
        return len(self._base)

    def clear(self, slot: int) -> None:
        """Forget one series."""
        self._base[slot] = np.nan
        self._said_for[:, slot] = False
        self._count[slot] = self._usual[slot] = self._odd[slot] = 0.0
        self._judged[:, slot] = self._misses[:, slot] = 0.0
        for sums in (self._sums, self._lines, self._losses):
            sums[:, slot] = 0.0
        self._weight[slot] = self._unjudged

    def widened(self, slots: int) -> Fits:
        """The same series, and empty slots after them."""
        wide = Fits(slots)
        had = self.slots
        wide._at, wide._origins, wide._said_at = self._at, self._origins, self._said_at
        for name in ("_base", "_count", "_usual", "_odd", "_weight"):
            getattr(wide, name)[:had] = getattr(self, name)
        for name in ("_sums", "_lines", "_losses", "_judged", "_misses", "_said_for"):
            getattr(wide, name)[:, :had] = getattr(self, name)
        wide._said[:, :, :had] = self._said
        return wide

    def take(self, at: float, counts: Numbers) -> None:
        """Read the counts of all slots at a time later than the last; nan where there is none."""
        passed = 0.0 if self._at is None else at - self._at
        self._at = at
        fresh = np.isnan(self._base) & ~np.isnan(counts)
        self._base[fresh] = counts[fresh]
        known = ~np.isnan(counts)
        y = np.where(known, counts - self._base, 0.0)
        off = np.where(known, y - self._next(passed), 0.0)
        self._fade(passed)
        kept = known & ~self._sift(known, off)
        self._feed(y, kept)
        if self._origins == 0 or at - self._said_at[(self._origins - 1) % _ORIGINS] >= ORIGIN_EVERY - 1e-6:
            self._judge(at, y, kept)
            self._say(at)

    @property
    def ready(self) -> Flags:
        """Which slots were seen often enough, and foretold once at least what then came."""
        ready: Flags = (self._count >= ENOUGH) & (self._judged > 0).any(0)
        return ready

    @property
    def growth(self) -> Numbers:
        """People a second, now."""
        growth: Numbers = (self._weight * self._lines[1]).sum(1)
        return growth

    @property
    def misses(self) -> Numbers:
        """For each of `HORIZONS`, by how much growth until then was misjudged lately, in people a second."""
        misses: Numbers = np.where(self._judged > 0, self._misses / np.maximum(self._judged, 1e-9), np.nan)
        return misses

    @property
    def usual(self) -> Numbers:
        """By how many people one count is usually off."""
        return self._usual

    def ahead(self, grid: Numbers) -> Numbers:
        """The people of each slot at each of the coming seconds of `grid`, as (slots, seconds)."""
        levels: Numbers = self._base + (self._weight * self._lines[0]).sum(1)
        slopes = self._weight * self._lines[1]
        reach = np.stack([self._reach(seconds) for seconds in grid])
        # Row by row, not as one product of matrices: a series' numbers depend on nobody else's place.
        grown: Numbers = np.einsum("sf,hf->sh", slopes, reach)
        grown += levels[:, None]
        return grown

    def disagreement(self, grid: Numbers) -> Numbers:
        """How far the fits are from one another, by weight, at each of the coming seconds of `grid`."""
        reach = np.stack([self._reach(seconds) for seconds in grid])
        level, slope = self._lines
        w = self._weight
        mean = (w * level).sum(1)[:, None] + np.einsum("sf,hf->sh", w * slope, reach)
        square = (
            (w * level**2).sum(1)[:, None]
            + 2 * np.einsum("sf,hf->sh", w * level * slope, reach)
            + np.einsum("sf,hf->sh", w * slope**2, reach**2)
        )
        apart: Numbers = np.sqrt(np.maximum(square - mean**2, 0.0))
        return apart

    def _next(self, seconds: float) -> Numbers:
        level, slope = self._lines
        expected: Numbers = (self._weight * (level + slope * self._reach(seconds))).sum(1)
        return expected

    def _reach(self, seconds: float) -> Numbers:
        """How many people come in `seconds` for each person a second of growth, by fit."""
        bent = self._bend != 0
        bend = np.where(bent, self._bend, 1.0)
        until = np.where(bent, math.log(LEAST_LEFT) / bend, math.inf)
        curved = np.minimum(seconds, until)
        straight = seconds - curved
        reach: Numbers = np.where(bent, np.expm1(bend * np.where(bent, curved, 0.0)) / bend, seconds)
        on: Numbers = np.where(bent, LEAST_LEFT * straight, 0.0)
        return np.add(reach, on)

    def _fade(self, passed: float) -> None:
        """See the past from `passed` seconds later, and count it less."""
        bent = self._bend != 0
        bend = np.where(bent, self._bend, 1.0)
        turn = np.exp(-self._bend * passed)
        back = np.where(bent, np.expm1(-bend * np.where(bent, passed, 0.0)) / bend, -passed)
        one, g, g2, y, gy = self._sums
        fade = np.exp(-passed / self._memory)
        self._sums = fade * np.stack(
            [
                one,
                turn * g + back * one,
                turn**2 * g2 + 2 * turn * back * g + back**2 * one,
                y,
                turn * gy + back * y,
            ]
        )

    def _sift(self, known: Flags, off: Numbers) -> Flags:
        """Which counts are odd and wait for the next. One that the next agrees with is a step."""
        seasoned = self._count >= ENOUGH
        odd = known & seasoned & (np.abs(off) > ODD * self._usual)
        waits = odd & (self._odd * off <= 0)
        lift = np.where(odd & ~waits, off, 0.0)[:, None] * self._steps
        self._sums[3] += lift * self._sums[0]
        self._sums[4] += lift * self._sums[1]
        self._odd = np.where(odd, np.sign(off), np.where(known, 0.0, self._odd))
        size = np.where(seasoned, np.minimum(np.abs(off), (ODD - 1) * self._usual), np.abs(off))
        share = np.maximum(1 / (self._count + 1), _SETTLE)
        self._usual = np.where(
            known & (self._count > 0), self._usual + share * (size - self._usual), self._usual
        )
        return waits

    def _feed(self, y: Numbers, kept: Flags) -> None:
        self._sums[0] += kept[:, None]
        self._sums[3] += np.where(kept, y, 0.0)[:, None]
        self._count += kept
        one, g, g2, sum_y, gy = self._sums
        spread = one * g2 - g * g
        enough = spread > 1e-9 * one * g2
        slope = np.where(enough, (one * gy - g * sum_y) / np.where(enough, spread, 1.0), 0.0)
        some = one > 0
        level = np.where(some, (sum_y - slope * g) / np.where(some, one, 1.0), 0.0)
        self._lines = np.stack([level, slope])

    def _judge(self, at: float, y: Numbers, kept: Flags) -> None:
        """Hold what was said a while ago against what came."""
        share = 1 - math.exp(-ORIGIN_EVERY / JUDGED_OVER)
        least = (0.5 * self._usual + 1e-9 * np.abs(y) + 1e-300)[:, None]
        for i, horizon in enumerate(HORIZONS):
            ages = at - self._said_at
            nearest = int(np.argmin(np.abs(ages - horizon)))
            age = float(ages[nearest])
            if abs(age - horizon) > max(ORIGIN_EVERY / 2, horizon / 4):
                continue
            level, slope, weight = self._said[nearest]
            said = level + slope * self._reach(age)
            judged = kept & self._said_for[nearest]
            loss = np.log(np.abs(y[:, None] - said) + least)
            missed = np.abs(y - (weight * said).sum(1)) / age
            step = np.where(judged, share, 0.0)
            self._losses[i] += step[:, None] * (loss - self._losses[i])
            self._judged[i] += step * (1 - self._judged[i])
            self._misses[i] += step * (missed - self._misses[i])
        self._weigh()

    def _weigh(self) -> None:
        judged = (self._judged > 0).sum(0)
        loss = self._losses.sum(0) / np.maximum(judged, 1)[:, None]
        merit = self._prior - SHARPNESS * (loss - loss.min(1, keepdims=True))
        weight = np.exp(merit - merit.max(1, keepdims=True))
        self._weight = weight / weight.sum(1, keepdims=True)

    def _say(self, at: float) -> None:
        here = self._origins % _ORIGINS
        self._said[here, :2] = self._lines
        self._said[here, 2] = self._weight
        self._said_at[here] = at
        self._said_for[here] = self._count >= ENOUGH
        self._origins += 1
