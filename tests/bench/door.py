"""How far the estimate of those who wait is from the truth, on simulated crowds, against other estimators."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from probes.config.door import DoorSettings
from probes.door import Counters
from probes.door.crowd import failed, waiting
from probes.model import Outcome
from tests.bench.product import percentile
from tests.probes.door.crowds import Habit, Second, crowd

RETRY = 10.0
_SECONDS = 300
_SETTLED = 40
"""Seconds after which every estimator has seen what it needs."""

_FEWEST = 50
"""People who wait in truth, below which a share of them says nothing."""

HABITS: dict[str, Habit] = {
    "all alike": lambda dice: RETRY,
    "half to one and a half": lambda dice: dice.uniform(0.5 * RETRY, 1.5 * RETRY),
    "exponential": lambda dice: dice.expovariate(1 / RETRY),
    "lognormal": lambda dice: dice.lognormvariate(math.log(RETRY) - 0.32, 0.8),
    "apps and people": lambda dice: (0.3 if dice.random() < 0.5 else 1.7) * RETRY,
}


class Shape(NamedTuple):
    """How many come a second, and with what chance they get in."""

    comes: Callable[[int], float]
    gets_in: Callable[[int], float]


SHAPES = {
    "steady": Shape(lambda s: 100, lambda s: 0.5),
    "filling": Shape(lambda s: min(200.0, s), lambda s: 0.5),
    "outage": Shape(lambda s: 60, lambda s: 0.1 if 100 <= s < 200 else 0.99),
    "rush": Shape(lambda s: 400 if 100 <= s < 130 else 20, lambda s: 0.4),
}

Estimator = Callable[[Counters, DoorSettings], float | None]


def _over_half_a_minute(counters: Counters, door: DoorSettings) -> float | None:
    recent = counters.recent()
    return door.retry_every * failed(recent) / recent.seconds if recent.seconds else None


def _fading(counters: Counters, door: DoorSettings) -> float:
    """Those who failed a while ago count less, as where each second has the same chance of a next try."""
    steps = range(round(6 * door.retry_every))
    return sum(failed(counters.over(1.0, float(s))) * math.exp(-(s + 0.5) / door.retry_every) for s in steps)


ESTIMATORS: dict[str, Estimator] = {
    "failed within retry_every": lambda counters, door: waiting([counters], tuple(Outcome), door).people,
    "failures/s of 30 s x retry_every": _over_half_a_minute,
    "exponential weights": _fading,
}


def measure() -> dict[str, object]:
    """Relative errors, median and 95th percentile, second by second where at least 50 people wait."""
    known = {name: [_errors(shape, habit) for habit in HABITS.values()] for name, shape in SHAPES.items()}
    return {
        "by_estimator": {
            name: _summary([e for all_of in known.values() for each in all_of for e in each[name]])
            for name in ESTIMATORS
        },
        "ours_by_shape": {
            name: _summary([e for each in all_of for e in each[next(iter(ESTIMATORS))]])
            for name, all_of in known.items()
        },
        "ours_where_what_is_assumed_is_wrong": _wrong(),
    }


def _errors(shape: Shape, habit: Habit) -> dict[str, list[float]]:
    errors: dict[str, list[float]] = {name: [] for name in ESTIMATORS}
    counters, door = Counters(), DoorSettings()
    for second in crowd(*shape, retry=habit, seconds=_SECONDS):
        counters.take(second.counts, second.at)
        if second.at >= _SETTLED and second.waiting >= _FEWEST:
            for name, estimate in ESTIMATORS.items():
                errors[name].append(abs((estimate(counters, door) or 0.0) / second.waiting - 1))
    return errors


def _wrong() -> dict[str, float]:
    """The estimate over the truth at the end of a steady crowd: 1 is right."""
    steady, habit = SHAPES["steady"], HABITS["all alike"]
    varied = HABITS["half to one and a half"]
    return {
        "they try every 5 s": _ratio(crowd(*steady, retry=lambda dice: 5.0)),
        "they try every 20 s": _ratio(crowd(*steady, retry=lambda dice: 20.0)),
        "one in five gives up": _ratio(crowd(*steady, retry=habit, give_up=0.2)),
        "each keeps a habit of 5 to 15 s": _ratio(crowd(*steady, retry=varied, own_habits=True)),
    }


def _ratio(seconds: Iterable[Second]) -> float:
    counters, truth = Counters(), 0
    for second in seconds:
        counters.take(second.counts, second.at)
        truth = second.waiting
    return round((waiting([counters], tuple(Outcome), DoorSettings()).people or 0) / truth, 2)


def _summary(errors: list[float]) -> dict[str, float]:
    return {"median": round(percentile(errors, 0.5), 3), "p95": round(percentile(errors, 0.95), 3)}
