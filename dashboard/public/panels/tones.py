"""What is good and what is not, as the colours of panels, badges and the status page tell it."""

from __future__ import annotations

from dashboard.public.facts import ServiceFacts
from dashboard.public.panels.parts import Tone
from probes.model import State
from probes.state.joining import FAILING_BELOW

TONES = {State.OK: Tone.GOOD, State.STRAINED: Tone.WARN, State.FAILING: Tone.BAD, State.UNKNOWN: Tone.GREY}


def joins_now(service: ServiceFacts) -> State:
    """How joins are now. Shares may be rounded, so the service's own state has the first word."""
    if service.success is None or service.state is State.UNKNOWN:
        return State.UNKNOWN
    if service.state is State.OK or service.success >= service.goal:
        return State.OK
    return State.FAILING if service.success < FAILING_BELOW else State.STRAINED
