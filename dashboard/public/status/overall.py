"""How it is altogether: the worst of the public services in one sentence."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.public.day import Day
from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.status.bars import WORST_FIRST
from probes.model import State


class Overall(NamedTuple):
    """`since` is in the service's time; None where it is not known."""

    state: State
    sentence: str
    since: float | None


def overall(facts: Facts) -> Overall:
    """The worst counts; what was seen before watching broke off counts for nothing."""
    if not facts.services:
        return Overall(State.UNKNOWN, "We cannot see how it is", None)
    if not facts.alive:
        return Overall(State.UNKNOWN, "We cannot see how it is just now; what follows was seen last", None)
    worst = min(facts.services, key=lambda service: WORST_FIRST.index(service.state))
    several = len(facts.services) > 1 and worst.state is not State.OK
    said = f"{worst.label}: {worst.sentence}" if several else worst.sentence
    since = worst.since if worst.since is not None else _begun(worst, facts.day)
    return Overall(worst.state, said, since)


def _begun(service: ServiceFacts, day: Day | None) -> float | None:
    """When what goes on began, where no state before it is known of the last ticks."""
    if service.state is State.OK:
        return None
    going_on = (each for each in (day.episodes if day else ()) if each.until is None)
    return next((each.time for each in going_on if each.service in ("", service.label)), None)
