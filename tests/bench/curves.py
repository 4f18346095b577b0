"""Curves that fill a room, with the second they do, and what a poll sees of them.

Every curve ends past its capacity, so that the truth is known. The noise is what
rooms services do to counts: people come in waves, a count is refreshed every
five seconds, an answer is missing, one tells half of the rooms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seeds import load
from seeds.model import Room
from seeds.play import Played

Numbers = NDArray[np.float64]
Dice = np.random.Generator

LEAD = 900
"""Seconds for which a curve has been seen, at least, before it is full."""


@dataclass(frozen=True)
class Curve:
    """One room: its people second by second, as they are seen (nan: no answer), and when it is full."""

    seen: Numbers
    capacity: float
    full_at: int


def curves(shape: str, count: int) -> list[Curve]:
    """`count` curves of one shape, the same for the same numbers."""
    return [SHAPES[shape](np.random.default_rng([number, *shape.encode()])) for number in range(count)]


def _linear(dice: Dice) -> Curve:
    capacity, lasts = _capacity(dice), dice.integers(LEAD, 3600)
    start = dice.uniform(0.0, 0.4)
    t = np.arange(lasts + 300)
    return _curve(dice, capacity * (start + (1 - start) * t / lasts), capacity)


def _s_curve(dice: Dice) -> Curve:
    """Logistic growth to somewhat more than the capacity; 10 to 90 % takes 10 to 40 minutes."""
    capacity, rate = _capacity(dice), 2 * math.log(9) / dice.uniform(600, 2400)
    most = dice.uniform(1.03, 1.6)
    full = -math.log(most - 1) / rate  # seconds after the middle
    t = np.arange(-max(LEAD, 4 / rate + full), 1 / rate) + full
    people = most * capacity / (1 + np.exp(-rate * t))
    return _curve(dice, people, capacity)


def _decay(dice: Dice) -> Curve:
    """Fast at first, then ever slower: the door of a launch."""
    capacity, slows = _capacity(dice), dice.uniform(300, 1500)
    most = dice.uniform(1.03, 1.8)
    start = dice.uniform(0.0, 0.3)
    full = slows * math.log((most - start) / (most - 1))
    lead = max(0.0, LEAD - full)
    t = np.arange(-lead, full + 120)
    people = capacity * np.where(
        t < 0, start * (1 + t / (lead + 1)), most - (most - start) * np.exp(-t / slows)
    )
    return _curve(dice, people, capacity)


def _step(dice: Dice) -> Curve:
    """Steady, with one to three jumps of up to a quarter of the room, each within seconds."""
    capacity, lasts = _capacity(dice), int(dice.integers(LEAD, 3600))
    t = np.arange(lasts + 600)
    people = t / lasts
    for _ in range(dice.integers(1, 4)):
        at, height, takes = dice.uniform(0.1, 1.0) * lasts, dice.uniform(0.05, 0.25), dice.uniform(2, 30)
        people = people + height * np.clip((t - at) / takes, 0, 1)
    return _curve(dice, people * capacity * dice.uniform(0.9, 1.0), capacity)


def _stall(dice: Dice) -> Curve:
    """Steady, still for two to eight minutes, then on at another pace."""
    capacity, lasts = _capacity(dice), int(dice.integers(LEAD, 3600))
    start, stop, still = dice.uniform(0.0, 0.3), dice.uniform(0.2, 0.95) * lasts, dice.uniform(120, 480)
    on = dice.uniform(0.5, 1.5)
    t = np.arange(3 * lasts + 600)
    moved = np.minimum(t, stop) + on * np.maximum(0.0, t - stop - still)
    return _curve(dice, capacity * (start + (1 - start) * moved / lasts), capacity)


def _seed(name: str, room: int, least: float) -> Callable[[Dice], Curve]:
    """A real launch's room, were its capacity somewhere between `least` and all of its people."""

    def make(dice: Dice) -> Curve:
        seed = load(name)
        told = seed.rooms[room]
        played = Played(seed, int(dice.integers(1_000_000)))
        people = np.array(
            [
                next(float(r.participants) for r in played.at(float(t)).rooms if r.id == told.id)
                for t in range(told.opens, told.points[_highest(told)].t)
            ]
        )
        capacity = float(people.max()) * dice.uniform(least, 0.985)
        return _curve(dice, people, capacity, smooth=False)

    return make


def _highest(room: Room) -> int:
    return max(range(len(room.points)), key=lambda i: room.points[i].participants)


SHAPES: dict[str, Callable[[Dice], Curve]] = {
    "linear": _linear,
    "s-curve": _s_curve,
    "decay": _decay,
    "step": _step,
    "stall": _stall,
    "seed 2023-05-24, room 1": _seed("spaces-2023-05-24", 0, 0.88),
    "seed 2023-05-24, room 2": _seed("spaces-2023-05-24", 1, 0.8),
    "seed 2024-08-12": _seed("spaces-2024-08-12", 0, 0.5),
}


def _capacity(dice: Dice) -> float:
    """From a room of 500 to a launch of 700,000."""
    return float(math.exp(dice.uniform(math.log(500), math.log(700_000))))


def _curve(dice: Dice, people: Numbers, capacity: float, smooth: bool = True) -> Curve:
    """`people` as they are, in waves; then as they are seen."""
    full_at = int(np.argmax(people >= capacity))
    waves = people + (np.sqrt(people) * _waves(dice, len(people)) if smooth else 0.0)
    return Curve(seen=_seen(dice, np.rint(np.maximum(waves, 0.0))), capacity=capacity, full_at=full_at)


def _waves(dice: Dice, count: int) -> Numbers:
    """Noise as large as a Poisson count's that is forgotten over some 20 seconds."""
    memory = 0.95
    kicks = dice.normal(0.0, math.sqrt(1 - memory**2), count)
    waves = np.empty(count)
    last = 0.0
    for i, kick in enumerate(kicks):
        last = memory * last + kick
        waves[i] = last
    return waves


def _seen(dice: Dice, people: Numbers) -> Numbers:
    count = len(people)
    seen = people.copy()
    if dice.random() < 0.5:  # the service refreshes its counts every five seconds
        seen = seen[(np.arange(count) // 5) * 5]
    odd = dice.random(count) < 0.01
    seen[odd] = np.rint(seen[odd] * dice.uniform(0.0, 1.6, int(odd.sum())))
    seen[dice.random(count) < 0.05] = np.nan
    for start in dice.integers(0, count, max(1, count // 900)):
        seen[start : start + int(dice.integers(5, 40))] = np.nan
    return seen
