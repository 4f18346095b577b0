"""What happens outside the rooms: how many try to get in, how many do, and why the others do not.

The service's own counters are better than our few tries, and are used where it has them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping

from probes.config.door import DoorSettings
from probes.door.counters import Counters
from probes.door.crowd import NOBODY_COUNTS, total, tries_per_person, waiting
from probes.door.tries import OwnJoins, Tries
from probes.model import Door, Observer, Outcome

__all__ = ["Counters", "OwnJoins", "Tries", "door_by_probe", "door_by_service"]

_NOTHING = 1e-6
"""What is left of no tries at all where they are spread between two answers."""


def door_by_service(
    answering: Collection[Counters], silent: Collection[Counters], settings: DoorSettings
) -> tuple[Door, int]:
    """The door as the service's counters show it, and how many recent tries that rests on.

    Shares come from the endpoints that answer, totals from all. Where nobody who is
    turned away is counted, who gets in is no share of anything.
    """
    tries: dict[Outcome, float] = {}
    totals: Counter[Outcome] = Counter()
    rate: float | None = None
    for counters in answering:
        recent = counters.recent()
        for outcome, count in recent.tries.items():
            tries[outcome] = tries.get(outcome, 0.0) + count
        if recent.seconds > 0:
            rate = (rate or 0.0) + total(recent) / recent.seconds
    for counters in (*answering, *silent):
        totals.update(counters.totals)
    counts_failures = any(not outcome.success for outcome in totals)
    crowd = waiting(answering, totals, settings)
    door = Door(
        observer=Observer.SERVICE,
        tries_per_second=rate,
        success_ratio=_ratio(tries) if counts_failures else None,
        errors=_errors(tries),
        waiting=crowd.people,
        waiting_basis=crowd.basis,
        tries_per_person=tries_per_person(answering, settings) if counts_failures else None,
        totals=_sorted(totals),
    )
    return door, round(math.fsum(tries.values()))


def door_by_probe(own: OwnJoins, totals: Counter[Outcome]) -> Door:
    """The door as our own joins see it. How many others try is unknown."""
    return Door(
        observer=Observer.PROBE,
        success_ratio=_ratio(own.outcomes),
        errors=_errors(own.outcomes),
        waiting_basis=NOBODY_COUNTS,
        totals=_sorted(totals),
    )


def _ratio(tries: Mapping[Outcome, float]) -> float | None:
    count = math.fsum(tries.values())
    return math.fsum(n for o, n in tries.items() if o.success) / count if count > _NOTHING else None


def _errors(tries: Mapping[Outcome, float]) -> dict[Outcome, float]:
    count = math.fsum(tries.values())
    return {o: tries[o] / count for o in sorted(tries) if tries[o] > _NOTHING and not o.success}


def _sorted(totals: Mapping[Outcome, int]) -> dict[Outcome, int]:
    return {outcome: totals[outcome] for outcome in sorted(totals)}
