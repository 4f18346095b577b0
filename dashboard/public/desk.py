"""Where public answers lie ready: made once a tick, whoever asks, and never by the one who asks for them.

What was asked for lately is made anew with each tick, by the new state, and put in place at once
as a whole: a reader can neither bring back an old answer nor make a second one. The first who asks
for something has it made, for everyone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import structlog

from dashboard.frames import EncodedFrame, Frame
from dashboard.public import embed
from dashboard.public.facts import Facts
from dashboard.public.ready import Ready
from dashboard.public.seeing import facts_of
from dashboard.recent import Recent
from probes.model import Sample
from probes.settings import Config

Answer = Callable[[str, Facts], Ready | None]

ANSWERS: dict[str, Answer] = {
    embed.PREFIX: embed.answer,
}
"""Who answers for the public paths, by how they begin."""

FORGOTTEN_AFTER = 60.0
"""Seconds after which an answer that nobody asks for is made no more."""

MOST_FIRST = 32
"""First answers that are made at once; a flood of addresses is turned away and not queued."""

_log = structlog.get_logger()


def is_public(path: str) -> bool:
    """Whether `path` is one of those that the desk answers for, public or not there."""
    return path.startswith(tuple(ANSWERS))


class Desk:
    """The public answers of the newest tick that the public may see."""

    def __init__(self, recent: Recent, config: Callable[[], Config]) -> None:
        self._recent = recent
        self._config = config
        self._frames: deque[Frame] = deque()
        self._facts: Facts | None = None
        self._ready: dict[str, Ready] = {}
        self._asked: dict[str, float] = {}
        self._making: asyncio.Task[None] | None = None
        self._first: dict[str, asyncio.Task[Ready | None]] = {}

    def show(self, encoded: EncodedFrame) -> None:
        """Take over the newest frame; what is asked for is made of it beside the loop."""
        if not self._config().embed.public.services:
            return
        self._frames.append(encoded.frame)
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(_note_a_fault)

    def at_hand(self, path: str) -> Ready | None:
        """The answer for `path` where it lies ready."""
        found = self._ready.get(path)
        if found is not None:
            self._asked[path] = time.monotonic()
        return found

    async def answer(self, path: str) -> Ready | None:
        """The answer for `path`, made now if it is the first time; None where nothing public is there."""
        found = self.at_hand(path)
        if found is not None or self._facts is None:
            return found
        task = self._first.get(path)
        if task is None:
            task = self._first[path] = asyncio.create_task(asyncio.to_thread(_answer, path, self._facts))
            task.add_done_callback(lambda _: self._first.pop(path, None))
        made = await asyncio.shield(task)
        if made is not None:
            self._ready.setdefault(path, made)
            self._asked[path] = time.monotonic()
        return made

    @property
    def busy(self) -> bool:
        """Whether so many first answers are being made that another would only wait."""
        return len(self._first) >= MOST_FIRST

    @property
    def open(self) -> bool:
        """Whether there is anything to answer with yet."""
        return self._facts is not None

    async def _make(self) -> None:
        while (frame := self._due()) is not None:
            config = self._config()
            public = config.embed.public
            pasts = {each.name: self._recent.samples(each.name) for each in public.services}
            now = time.monotonic()
            self._asked = {path: at for path, at in self._asked.items() if now - at < FORGOTTEN_AFTER}
            self._facts, self._ready = await asyncio.to_thread(
                _make, frame, pasts, config, tuple(self._asked)
            )

    def _due(self) -> Frame | None:
        """The newest frame that may be seen and was not made yet; older ones are dropped."""
        delay = self._config().embed.public.delay or 0.0
        due: Frame | None = None
        while self._frames and self._frames[0].at <= self._frames[-1].at - delay:
            due = self._frames.popleft()
        return due


def _make(
    frame: Frame, pasts: Mapping[str, Sequence[Sample]], config: Config, paths: Sequence[str]
) -> tuple[Facts, dict[str, Ready]]:
    seen = {name: [s for s in samples if s.at <= frame.at] for name, samples in pasts.items()}
    facts = facts_of(frame, seen, config.embed.public, config.objectives.join_success)
    made = {path: _answer(path, facts) for path in paths}
    return facts, {path: answer for path, answer in made.items() if answer is not None}


def _answer(path: str, facts: Facts) -> Ready | None:
    for beginning, answer in ANSWERS.items():
        if path.startswith(beginning):
            return answer(path, facts)
    return None


def _note_a_fault(task: asyncio.Task[None]) -> None:
    """The last answers stay; the next tick tries again."""
    if not task.cancelled() and task.exception() is not None:
        _log.error("public panels could not be made; the last ones stay", exc_info=task.exception())
