"""The people who are turned away: how many wait, and how often each of them tries.

The crowd's own numbers are never told; these are estimates, with what they assume.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import NamedTuple

from probes.config.door import DoorSettings
from probes.door.counters import Counters, Stretch
from probes.model import Outcome
from probes.watching.wording import number, percent, stretch

PERSON_WINDOW = 60.0
"""Seconds of service time over which tries per person are taken."""

LEAST_KNOWN = 10.0
"""Seconds of tries that must be known before anything is said of tries per person."""

FEWEST = 10
"""How many tries it takes."""

MOST_TRIES = 100.0
"""Stands for this many tries per person or more."""


class Waiting(NamedTuple):
    """How many wait, None where that is not known, and in one sentence why it is that many."""

    people: int | None
    basis: str


NOBODY_COUNTS = "Not known: only our own joins are counted here, and they do not show how many others wait"
NO_FAILURES = "Not known: the service counts who gets in, but nobody who is turned away"
NOT_YET = "Not known: the service has not told its counts of joins twice in the last 30 s"


def waiting(counters: Collection[Counters], told: Iterable[Outcome], door: DoorSettings) -> Waiting:
    """The people who were turned away and will try again, `counters` being those of answering endpoints.

    Little's law: who comes in at a rate and stays for a time is rate times time
    people. Those who fail stay for `retry_every`, so all who failed within that
    time wait. Of the estimators in `tests/bench/door.py` this one errs least in the
    median. It is as wrong as `retry_every` is, and by the same factor.
    """
    if all(outcome.success for outcome in told):
        return Waiting(None, NOT_YET if not counters else NO_FAILURES)
    turned_away = 0.0
    known = False
    for each in counters:
        lately = each.over(door.retry_every)
        if lately.seconds > 0:
            known = True
            turned_away += failed(lately) * door.retry_every / lately.seconds
    if not known:
        return Waiting(None, NOT_YET)
    people = round((1 - door.give_up) * turned_away)
    return Waiting(people, _basis(round(turned_away), door))


def _basis(turned_away: int, door: DoorSettings) -> str:
    every = stretch(door.retry_every)
    gives_up = f"{percent(door.give_up)} to give up" if door.give_up else "nobody to give up"
    return (
        f"{number(turned_away)} tries failed in {every}; each person is taken to try again "
        f"every {every}, and {gives_up}"
    )


def tries_per_person(counters: Iterable[Counters], door: DoorSettings) -> float | None:
    """The tries of the last minute, over the people who came in that minute.

    Who came is who got in, who gave up, and by how many those who wait grew; a fall
    is not taken off, as those people tried before.
    """
    tries = left = grown = 0.0
    for each in counters:
        length = min(PERSON_WINDOW, each.over(PERSON_WINDOW + door.retry_every).seconds - door.retry_every)
        if length < LEAST_KNOWN:
            continue
        lately = each.over(length)
        tries += total(lately)
        left += admitted(lately) + door.give_up * failed(lately)
        waiting_now, waited = each.over(door.retry_every), each.over(door.retry_every, until=length)
        grown += (1 - door.give_up) * (failed(waiting_now) - failed(waited))
    if tries < FEWEST:
        return None
    came = left + max(0.0, grown)
    return min(MOST_TRIES, max(1.0, tries / came)) if came > 0 else MOST_TRIES


def total(stretch: Stretch) -> float:
    return math.fsum(stretch.tries.values())


def admitted(stretch: Stretch) -> float:
    return math.fsum(count for outcome, count in stretch.tries.items() if outcome.success)


def failed(stretch: Stretch) -> float:
    return math.fsum(count for outcome, count in stretch.tries.items() if not outcome.success)
