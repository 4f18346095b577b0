"""Makes facts and answers of a frame, beside the loop. What cannot be made stays as it was last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec
import structlog

from dashboard.frames import Frame
from dashboard.public import paths
from dashboard.public.facts import EventFacts, Facts
from dashboard.public.go.events import event_facts, leads_on
from dashboard.public.go.leading import Lead
from dashboard.public.ready import Ready
from dashboard.public.seeing import facts_of
from dashboard.public.status.reading import Days
from probes.model import Sample
from probes.settings import Config

T = TypeVar("T")

_log = structlog.get_logger()


class _Lenient:
    """Makes one thing after another. What cannot be made stays as it was last, and touches no other."""

    def __init__(self) -> None:
        self._faults: list[Exception] = []

    def made(self, make: Callable[[], T], last: T) -> T:
        try:
            return make()
        except Exception as fault:  # noqa: BLE001 - a fault of one panel is none of the others
            self._faults.append(fault)
            return last

    def say(self) -> None:
        """Say so in the log, once for all."""
        if self._faults:
            first, count = self._faults[0], len(self._faults)
            _log.error("what is public could not all be made; its last stays", faults=count, exc_info=first)


def lead_on(
    before: Mapping[str, Lead], newest: Frame, at: float, config: Config, last: Facts | None
) -> tuple[Mapping[str, Lead], tuple[EventFacts, ...]]:
    """Where events are at wall time `at`, by the newest frame, with what the next tick needs to know."""

    def lead() -> tuple[Mapping[str, Lead], tuple[EventFacts, ...]]:
        leads = leads_on(before, newest, at, config)
        return leads, event_facts(leads, at, config)

    lenient = _Lenient()
    found = lenient.made(lead, (before, last.events if last else ()))
    lenient.say()
    return found


def make(
    frame: Frame,
    pasts: Mapping[str, Sequence[Sample]],
    config: Config,
    events: tuple[EventFacts, ...],
    wanted: Sequence[str],
    days: Days | None,
    last: Facts | None,
    lying: Mapping[str, Ready],
) -> tuple[Facts, dict[str, Ready]]:
    """What is public of `frame`. `last` and `lying` stand in for what cannot be made."""
    lenient = _Lenient()
    seen = {name: [s for s in samples if s.at <= frame.at] for name, samples in pasts.items()}
    facts = facts_of(frame, seen, config.embed.public, config.objectives.join_success, events)
    if days is not None:
        day = lenient.made(partial(days.day, frame, seen, facts, config), last.day if last else None)
        facts = msgspec.structs.replace(facts, day=day)
    made = {path: lenient.made(partial(paths.answer, path, facts), lying.get(path)) for path in wanted}
    lenient.say()
    return facts, {path: answer for path, answer in made.items() if answer is not None}
