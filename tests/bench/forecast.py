"""How far off the time to full is, ours and Prometheus' predict_linear's, on the same curves in one run.

An error is the time foretold less the true one, in seconds; "never" is infinitely far off.
predict_linear gets the window that suits each shape best, found with the truth in hand: nobody
at a real launch can choose so well.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np

from probes.headroom.forecast import Forecast
from probes.headroom.growing import Growing, of_room
from tests.bench.curves import SHAPES, Curve, Numbers, curves
from tests.bench.product import percentile

BEFORE = (120, 300, 600)
"""Seconds before full at which is asked how long it takes."""

EARLIEST = 120
"""Seconds for which a curve has been seen, at least, when it is asked."""

WINDOWS = {"2m": 120, "5m": 300, "10m": 600, "15m": 900, "30m": 1800}
CURVES = 200
SEED_CURVES = 40

Errors = dict[int, list[float]]


def measure() -> dict[str, object]:
    """One entry a shape, and what our forecast costs."""
    spent = _Cpu()
    shapes = {shape: _shape(shape, spent) for shape in SHAPES}
    return {
        "seconds_off": "median of |foretold - true|; `in_range`: how often the truth lay in our range",
        "shapes": shapes,
        "in_range": round(statistics.mean(s["in_range"] for s in shapes.values()), 3),
        "worse": [f"{shape}, {b} s before" for shape, s in shapes.items() for b in s["worse_at"]],
        "cpu_ms_a_second_of_200_rooms": round(spent.mean_ms(), 2),
    }


def _middle(values: Iterable[float | None]) -> float:
    return round(percentile([math.inf if v is None else v for v in values], 0.5), 0)


class _Cpu:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.count = 0

    def mean_ms(self) -> float:
        return 1000 * self.seconds / max(1, self.count)


def _shape(shape: str, spent: _Cpu) -> dict[str, object]:
    filled = curves(shape, SEED_CURVES if shape.startswith("seed") else CURVES)
    told = foretold(filled, spent)
    ours = {b: [abs(seconds(f) - b) for f in told[b]] for b in BEFORE}
    theirs = {name: predicted(filled, window) for name, window in WINDOWS.items()}
    best = min(theirs, key=lambda name: sum(math.log(max(1.0, e)) for e in medians(theirs[name]).values()))
    inside = {b: statistics.mean(within(f, b) for f in told[b]) for b in BEFORE}
    off, best_off = medians(ours), medians(theirs[best])
    return {
        "seconds_off": off,
        "predict_linear": {name: medians(errors) for name, errors in theirs.items()},
        "best_window": best,
        "worse_at": [b for b in BEFORE if off[b] > best_off[b]],
        "in_range_at": {b: round(share, 2) for b, share in inside.items()},
        "range_at": {
            b: [_middle(f.soonest for f in told[b]), _middle(f.latest for f in told[b])] for b in BEFORE
        },
        "said_never": {b: round(statistics.mean(math.isinf(seconds(f)) for f in told[b]), 2) for b in BEFORE},
        "in_range": statistics.mean(inside.values()),
    }


def foretold(filled: Sequence[Curve], spent: _Cpu) -> Mapping[int, list[Forecast]]:
    """Our forecasts, all curves watched as rooms of one service, second by second."""
    asked = sorted(
        (c.full_at - before, before, i)
        for i, c in enumerate(filled)
        for before in BEFORE
        if c.full_at - before >= EARLIEST
    )
    names = [of_room("n", str(i)) for i in range(len(filled))]
    growing, told, now = Growing(), {before: [] for before in BEFORE}, 0
    for at, group in groupby(asked, key=lambda each: each[0]):
        for second in range(now, at + 1):
            counts = {names[i]: int(n) for i, n in enumerate(_at(filled, second)) if not math.isnan(n)}
            began = time.process_time()
            growing.take(float(second), counts)
            spent.seconds += time.process_time() - began
            spent.count += 1
        now = at + 1
        for _, before, i in group:
            told[before].append(growing.forecast(names[i], round(filled[i].capacity)))
    return told


def _at(filled: Sequence[Curve], second: int) -> list[float]:
    return [float(c.seen[second]) if second < len(c.seen) else math.nan for c in filled]


def predicted(filled: Sequence[Curve], window: int) -> Errors:
    return {
        before: [
            abs(linear_seconds(c.seen, c.full_at - before, window, c.capacity) - before)
            for c in filled
            if c.full_at - before >= EARLIEST
        ]
        for before in BEFORE
    }


def predict_linear(seen: Numbers, at: int, window: int) -> tuple[float, float]:
    """The people at second `at` and their growth a second, as `predict_linear(x[window], t)` has them.

    By its documentation, simple linear regression over the samples of the last `window` seconds, with
    the value at the time of evaluation as the start; nan are samples that are not there.
    """
    times = np.arange(max(0, at - window), at + 1)
    people = seen[times]
    known = ~np.isnan(people)
    x, y = times[known] - float(at), people[known]
    middle = x.mean()
    slope = float(((x - middle) * (y - y.mean())).sum() / ((x - middle) ** 2).sum())
    return float(y.mean() - slope * middle), slope


def linear_seconds(seen: Numbers, at: int, window: int, capacity: float) -> float:
    """The seconds from `at` until predict_linear says `capacity`; infinite where it never does."""
    level, slope = predict_linear(seen, at, window)
    if level >= capacity:
        return 0.0
    return (capacity - level) / slope if slope > 0 else math.inf


def seconds(told: Forecast) -> float:
    return math.inf if told.seconds is None else told.seconds


def within(told: Forecast, truth: float) -> bool:
    return told.soonest is not None and told.latest is not None and told.soonest <= truth <= told.latest


def medians(errors: Errors) -> dict[int, float]:
    return {before: round(percentile(found, 0.5), 1) for before, found in errors.items()}
