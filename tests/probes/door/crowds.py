"""Crowds at a door whose truth is known: who tries, who is let in and who waits, second by second."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from probes.model import Outcome


class Second(NamedTuple):
    """The counters after this second, and how many people wait then."""

    at: float
    counts: dict[Outcome, int]
    waiting: int


def crowd(
    comes: Callable[[int], float],
    gets_in: Callable[[int], float],
    *,
    retry: Callable[[random.Random], float],
    give_up: float = 0.0,
    seconds: int = 300,
    number: int = 1,
) -> Iterator[Second]:
    """People come at `comes` a second and get in with the chance `gets_in`; the others come again."""
    dice = random.Random(number)
    due: Counter[int] = Counter()
    joined = failed = waiting = 0
    for second in range(seconds):
        back = due.pop(second, 0)
        waiting -= back
        for _ in range(back + int(comes(second) + dice.random())):
            if dice.random() < gets_in(second):
                joined += 1
                continue
            failed += 1
            if dice.random() >= give_up:
                waiting += 1
                due[second + max(1, round(retry(dice)))] += 1
        yield Second(float(second), {Outcome.JOINED: joined, Outcome.TIMEOUT: failed}, waiting)
