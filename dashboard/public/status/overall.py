"""How it is altogether: the worst of the public services in one sentence."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.public.facts import Facts
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
    return Overall(
        worst.state, f"{worst.label}: {worst.sentence}" if several else worst.sentence, worst.since
    )
