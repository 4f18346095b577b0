"""Crowds at a door whose truth is known: who tries, who is let in and who waits, second by second."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from probes.model import Outcome

Habit = Callable[[random.Random], float]
"""Draws how many seconds pass until somebody tries again."""


class Second(NamedTuple):
    """The counters after this second, and how many people wait then."""

    at: float
    counts: dict[Outcome, int]
    waiting: int


def crowd(
    comes: Callable[[int], float],
    gets_in: Callable[[int], float],
    *,
    retry: Habit,
    give_up: float = 0.0,
    own_habits: bool = False,
    seconds: int = 300,
    number: int = 1,
) -> Iterator[Second]:
    """People come at `comes` a second and get in with the chance `gets_in`; the others come again.

    `own_habits`: each draws once and keeps to it, else each draws anew after every try.
    """
    dice = random.Random(number)
    due: defaultdict[int, list[float]] = defaultdict(list)
    joined = failed = waiting = 0
    for second in range(seconds):
        back = due.pop(second, [])
        waiting -= len(back)
        new = [retry(dice) for _ in range(int(comes(second) + dice.random()))]
        for habit in back + new:
            if dice.random() < gets_in(second):
                joined += 1
                continue
            failed += 1
            if dice.random() >= give_up:
                waiting += 1
                pause = habit if own_habits else retry(dice)
                due[second + max(1, round(pause))].append(habit)
        yield Second(float(second), {Outcome.JOINED: joined, Outcome.TIMEOUT: failed}, waiting)
