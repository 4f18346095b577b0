"""Where public answers lie ready: made once a tick, whoever asks, and never by the one who asks for them.

What was asked for lately is made anew with each tick, by the new state, and put in place at once
as a whole: a reader can neither bring back an old answer nor make a second one. The first who asks
for something has it made, for everyone. What is not there costs a look at the address, and a few at
most are made at a time: nobody can keep Roomwatch busy by asking.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec
import structlog

from dashboard.frames import EncodedFrame, Frame
from dashboard.public import badges, embed, oembed
from dashboard.public.facts import EventFacts, Facts
from dashboard.public.go import answers as go
from dashboard.public.go.events import event_facts, leads_on
from dashboard.public.go.leading import Lead
from dashboard.public.keeping import Keeping
from dashboard.public.pictures import Pictures
from dashboard.public.ready import Ready, ready
from dashboard.public.seeing import facts_of
from dashboard.public.status import answers as status
from dashboard.public.status.reading import Days
from dashboard.recent import Recent
from probes.config.embed import Public
from probes.model import Sample
from probes.settings import Config

T = TypeVar("T")
Answer = Callable[[str, Facts], Ready | None]
Exists = Callable[[str, Facts], bool]

ANSWERS: dict[str, Answer] = {
    embed.PREFIX: embed.answer,
    badges.PREFIX: badges.answer,
    status.PREFIX: status.answer,
    status.SUMMARY: status.answer,
    go.PREFIX: go.answer,
}
"""Who answers for the public paths, by how they begin."""

EXISTS: dict[str, Exists] = {
    embed.PREFIX: embed.exists,
    badges.PREFIX: badges.exists,
    status.PREFIX: status.exists,
    status.SUMMARY: status.exists,
    go.PREFIX: go.exists,
}
"""Who can tell at once, of which path, that nothing is there."""

MOST_AT_ONCE = 16
"""First answers that are being made."""

BUSY = ready(
    "Too much is asked for at once. Try again in a second.\n",
    "text/plain; charset=utf-8",
    503,
    Cache_Control="no-store",
    Retry_After="1",
)


_log = structlog.get_logger()


def is_public(path: str) -> bool:
    """Whether `path` is one of those that the desk answers for, public or not there."""
    return path.startswith(tuple(ANSWERS)) or path == oembed.PATH


class Desk:
    """The public answers of the newest tick that the public may see.

    `turn` is another number whenever an answer that lay here was changed or taken away.
    """

    def __init__(self, recent: Recent, config: Callable[[], Config], days: Days | None = None) -> None:
        self._recent = recent
        self._days = days
        self._config = config
        self._frames: deque[Frame] = deque()
        self._newest: Frame | None = None
        self._shown: tuple[Frame, Public] | None = None
        self._facts: Facts | None = None
        self._leads: Mapping[str, Lead] = {}
        self._pictures = Pictures()
        self._ready: dict[str, Ready] = {}
        self._keeping = Keeping()
        self._making: asyncio.Task[None] | None = None
        self._first: dict[str, asyncio.Task[Ready | None]] = {}
        self.turn = 0

    def show(self, encoded: EncodedFrame) -> None:
        """Take over the newest frame; what is asked for is made of it beside the loop."""
        if not self._has_any():
            self._clear()
            return
        self._newest = encoded.frame
        while self._frames and self._frames[-1].at > encoded.frame.at:
            self._frames.pop()  # the clock was set back: these would never be due
        self._frames.append(encoded.frame)
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(_note_a_fault)

    def at_hand(self, path: str) -> Ready | None:
        """The answer for `path` where it lies ready."""
        found = self._ready.get(path)
        if found is not None:
            self._keeping.asked(path, time.monotonic())
        return found or self._pictures.at_hand(path)

    async def answer(self, path: str) -> Ready | None:
        """The answer for `path`, made now if it is the first time; None where nothing public is there."""
        found = self.at_hand(path)
        facts = self._facts
        if found is not None or facts is None or not _may_exist(path, facts):
            return found
        if embed.is_picture(path):
            return await self._pictures.answer(path, facts)
        task = self._first.get(path)
        if task is None:
            if len(self._first) >= MOST_AT_ONCE:
                return BUSY
            task = self._first[path] = asyncio.create_task(self._make_first(path, facts))
            task.add_done_callback(lambda _: self._first.pop(path, None))
        return await asyncio.shield(task)

    def may_have(self, path: str) -> bool:
        """Whether an answer for `path` may be made; what cannot be there costs nothing to ask for."""
        return self._facts is not None and _may_exist(path, self._facts)

    @property
    def facts(self) -> Facts | None:
        """What the public may know now."""
        return self._facts

    @property
    def open(self) -> bool:
        """Whether it is known what is public: nothing is, or something was seen."""
        return self._facts is not None or not self._has_any()

    def close(self) -> None:
        """End what was started to make answers."""
        self._pictures.close()

    async def _make_first(self, path: str, facts: Facts) -> Ready | None:
        made = await asyncio.to_thread(_answer, path, facts)
        if made is not None:
            self._keeping.asked(path, time.monotonic())
            if facts is self._facts:
                self._ready[path] = made
        return made

    async def _make(self) -> None:
        while (frame := self._due()) is not None:
            config = self._config()
            public = config.embed.public
            pasts = {each.name: self._recent.samples(each.name) for each in public.services}
            wanted = self._keeping.wanted(time.monotonic())
            newest = self._newest or frame  # where to go now is told at once, whatever the delay
            # What may stand in for what cannot be made, as far as it is still public.
            last = self._facts if self._shown is not None and self._shown[1] == public else None
            lying = self._ready if last is not None else {}
            self._leads, events = await asyncio.to_thread(_lead, self._leads, newest, config, last)
            facts, made = await asyncio.to_thread(
                _make, frame, pasts, config, events, wanted, self._days, last, lying
            )
            self._shown = frame, public
            if not self._has_any():
                return  # it was closed meanwhile
            self._facts = facts
            self._put(made)

    def _has_any(self) -> bool:
        public = self._config().embed.public
        return bool(public.services or public.events)

    def _put(self, answers: dict[str, Ready]) -> None:
        self._ready = answers
        self.turn += 1

    def _clear(self) -> None:
        """Nothing is public any more."""
        if self._facts is not None or self._frames:
            self._facts = self._shown = None
            self._frames.clear()
            self._put({})

    def _due(self) -> Frame | None:
        """The newest frame that may be seen and was not made yet; older ones are dropped.

        The one that was seen last where something else is public now, and none is due for a while.
        """
        public = self._config().embed.public
        due: Frame | None = None
        while self._frames and self._frames[0].at <= self._frames[-1].at - (public.delay or 0.0):
            due = self._frames.popleft()
        if due is None and self._shown is not None and self._shown[1] != public:
            return self._shown[0]
        return due


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


def _lead(
    before: Mapping[str, Lead], newest: Frame, config: Config, last: Facts | None
) -> tuple[Mapping[str, Lead], tuple[EventFacts, ...]]:
    def lead() -> tuple[Mapping[str, Lead], tuple[EventFacts, ...]]:
        leads = leads_on(before, newest, config)
        return leads, event_facts(leads, newest, config)

    lenient = _Lenient()
    found = lenient.made(lead, (before, last.events if last else ()))
    lenient.say()
    return found


def _make(
    frame: Frame,
    pasts: Mapping[str, Sequence[Sample]],
    config: Config,
    events: tuple[EventFacts, ...],
    paths: Sequence[str],
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
    made = {path: lenient.made(partial(_answer, path, facts), lying.get(path)) for path in paths}
    lenient.say()
    return facts, {path: answer for path, answer in made.items() if answer is not None}


def _answer(path: str, facts: Facts) -> Ready | None:
    for beginning, answer in ANSWERS.items():
        if path.startswith(beginning):
            return answer(path, facts)
    return None


def _may_exist(path: str, facts: Facts) -> bool:
    return all(exists(path, facts) for beginning, exists in EXISTS.items() if path.startswith(beginning))


def _note_a_fault(task: asyncio.Task[None]) -> None:
    """The last answers stay; the next tick tries again."""
    if not task.cancelled() and task.exception() is not None:
        _log.error("public panels could not be made; the last ones stay", exc_info=task.exception())
