"""Where the last day of each public service comes from: from history at first, then from each tick.

History is read once, beside the loop and in small pieces, when a service becomes public (at a start
and at a reload); from then on a tick is added as it is shown, so that bars are as fresh as numbers are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dashboard.conditional import digest
from dashboard.frames import Frame
from dashboard.public.day import BAR, BARS, DAY, Component, Day, Episode, Happening, Upcoming
from dashboard.public.facts import Announcement, Facts, ServiceFacts
from dashboard.public.seeing import TOLD, announcements_of, move_of
from dashboard.public.status.bars import components
from dashboard.public.status.happenings import (
    newest_first,
    of_announcements,
    of_states,
)
from dashboard.public.status.moves import Manner, Moved, of_moves
from dashboard.public.status.past import BEGIN, Past
from probes.config.embed import Public, PublicPanel
from probes.history import Reader
from probes.model import Relocation, Sample
from probes.settings import Config

EVERY = 5.0
"""Seconds between two looks whether a service's past is to be read."""

_A_BAR = 120
"""Ticks read of each bar: one in ten seconds. A worse state lasts half a minute at least."""

_A_CHANGE = 400
_MOST_CHANGES = 20
"""Ticks read of the begin of a state, and how many such in a bar: it is told as it was before the start."""

_MOST_RELOCATIONS = 100
_MOST_NOTES = 500


@dataclass(slots=True)
class Known:
    """One service's last day with what is not in its ticks. `walls`: when relocations were, in wall time."""

    past: Past = field(default_factory=Past)
    relocations: dict[str, Relocation] = field(default_factory=dict)
    walls: dict[tuple[str, float], float] = field(default_factory=dict)


class Days:
    """The last day of what is public. `config()` and `history()` are those of now, `clock()` is wall time."""

    def __init__(
        self,
        config: Callable[[], Config],
        history: Callable[[], Reader],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._clock = clock
        self._history = history
        self._known: dict[str, Known] = {}
        self._announcements: dict[str, Announcement] = {}
        self._path = ""

    async def run(self) -> None:
        """Read what is public and was not read yet, for as long as the web process lives."""
        while True:
            await self.read()
            await asyncio.sleep(EVERY)

    async def read(self) -> None:
        """Read what is to be read now; nothing where the page is not public."""
        config = self._config()
        wanted = _wanted(config)
        if config.history.path != self._path:
            self._path = config.history.path
            self._known, self._announcements = {}, {}
        # A copy first: beside the loop a day is made, which may take one out.
        self._known = {name: known for name, known in list(self._known.items()) if name in wanted}
        until = self._clock() - (config.embed.public.delay or 0.0)
        for name in wanted - self._known.keys():
            known = await _read(self._history(), name, until)
            if name in _wanted(self._config()):
                self._known[name] = known
                notes = await asyncio.to_thread(self._history().timeline, until - DAY, until, _MOST_NOTES)
                self._announce(announcements_of(notes.notes, config.embed.public))

    def day(
        self, frame: Frame, pasts: Mapping[str, Sequence[Sample]], facts: Facts, config: Config
    ) -> Day | None:
        """The day up to `frame`; `pasts` are its last ticks by service. None until history was read."""
        if PublicPanel.STATUS not in facts.panels:
            return None
        known = {s.name: self._known[s.name] for s in facts.services if s.name in self._known}
        if not known:
            return None
        self._announce(facts.announcements)
        told: list[Happening] = []
        episodes: list[Episode] = []
        shown: list[Component] = []
        for service in facts.services:
            seen = next(each for each in frame.services if each.name == service.name)
            of = known.get(service.name)
            if of is None or not self._take_in(
                of, service.name, pasts.get(service.name, ()), seen.relocations
            ):
                continue
            manner = _manner(service, facts, config.embed.public)
            moves = _moves(of, service.name, config) if PublicPanel.RELOCATION in facts.panels else []
            happened, ill = of_states(of.past.turns, moves, manner)
            told += [*happened, *of_moves(moves, manner)]
            episodes += ill
            shown += components(service, of.past, [node.id for node in seen.nodes], facts, manner.exact)
        told += of_announcements(list(self._announcements.values()), facts)
        return Day(
            since=min((of.past.since or frame.at for of in known.values()), default=frame.at),
            components=tuple(shown),
            happenings=newest_first(told, frame.at),
            episodes=tuple(sorted(episodes, key=lambda each: -each.at)),
            upcoming=_upcoming(frame, facts),
        )

    def _take_in(
        self, of: Known, name: str, samples: Sequence[Sample], relocations: Sequence[Relocation]
    ) -> bool:
        """Whether the newest ticks go on from what is known; a clock that went back has it read again."""
        if samples and samples[-1].at < of.past.last - BAR:
            self._known.pop(name, None)
            return False
        of.past.add(_newer(samples, of.past.last))
        for relocation in relocations:
            of.relocations.pop(relocation.id, None)
            of.relocations[relocation.id] = relocation
        while len(of.relocations) > _MOST_RELOCATIONS:
            del of.relocations[next(iter(of.relocations))]
        return True

    def _announce(self, announcements: Sequence[Announcement]) -> None:
        for each in announcements:
            self._announcements[each.key] = each
        while len(self._announcements) > _MOST_NOTES:
            del self._announcements[min(self._announcements, key=lambda key: self._announcements[key].at)]


def _wanted(config: Config) -> set[str]:
    public = config.embed.public
    return {service.name for service in public.services} if PublicPanel.STATUS in public.panels else set()


async def _read(history: Reader, service: str, until: float) -> Known:
    known = Known()
    last: list[Sample] = []
    start = (until // BAR - BARS + 1) * BAR
    while start < until:
        end = min(start + BAR, until)
        piece = await asyncio.to_thread(_piece, history, service, start, end, last)
        known.past.add(piece)
        last = piece[-1:] or last
        start += BAR
    # What has not settled is in each tick, as it was then.
    kept = await asyncio.to_thread(history.relocations, service)
    settled = [relocation for relocation in kept if relocation.settled][-_MOST_RELOCATIONS:]
    known.relocations = {relocation.id: relocation for relocation in settled}
    return known


def _piece(history: Reader, service: str, start: float, end: float, last: list[Sample]) -> list[Sample]:
    """Some ticks of a bar after the `last` one, and all around a change of state.

    What happened has its id from when it began, to the tick.
    """
    some = history.window(service, start, end, _A_BAR)
    changes = [(a.at, b.at) for a, b in pairwise([*last, *some]) if a.state is not b.state]
    if some and not last:
        changes.insert(0, (start, some[0].at))  # the first state of all begins here
    for before, after in changes[:_MOST_CHANGES]:
        some += history.window(service, before, min(after + BEGIN, end), _A_CHANGE)
    return sorted(some, key=lambda sample: sample.at)


def _newer(samples: Sequence[Sample], last: float) -> list[Sample]:
    newer = []
    for sample in reversed(samples):
        if sample.at <= last:
            break
        newer.append(sample)
    return newer[::-1]


def _manner(service: ServiceFacts, facts: Facts, public: Public) -> Manner:
    return Manner(
        service=service.name,
        label=service.label if len(facts.services) > 1 else "",
        joins=PublicPanel.JOINS in facts.panels,
        causes=PublicPanel.ERRORS in facts.panels,
        exact=public.numbers == "exact",
    )


def _moves(of: Known, name: str, config: Config) -> list[Moved]:
    """Moves that are told, the oldest first."""
    follow = next(service.lineage.settle for service in config.services if service.name == name)
    found = []
    for relocation in of.relocations.values():
        if relocation.status in TOLD:
            move = move_of(name, relocation, config.embed.public)
            ended_at = _wall(of, relocation.id, move.ended)
            went_on_at = _wall(of, relocation.id, move.at)
            settled_at = _wall(of, relocation.id, move.at + follow) if move.settled else None
            found.append(Moved(move, ended_at, went_on_at, settled_at, follow))
    return sorted(found, key=lambda moved: moved.move.at)


def _wall(of: Known, relocation: str, at: float) -> float | None:
    """Looked up once: it stays the same."""
    key = relocation, at
    if key not in of.walls:
        wall = of.past.wall(at)
        if wall is None:
            return None
        while len(of.walls) > 4 * _MOST_RELOCATIONS:
            del of.walls[next(iter(of.walls))]
        of.walls[key] = wall
    return of.walls[key]


def _upcoming(frame: Frame, facts: Facts) -> tuple[Upcoming, ...]:
    """Launches of public services that have not started, by each service's own clock."""
    found = []
    for event in frame.events:
        service = next((s for s in facts.services if s.name == event.service), None)
        now = (service.at if service else None) or frame.at
        if service is not None and event.starts_at is not None and event.starts_at > now:
            key = digest(event.name.encode())
            found.append(Upcoming(key=key, title=event.title, starts_at=event.starts_at))
    return tuple(sorted(found, key=lambda each: each.starts_at))
