"""Where public answers lie ready: made once a tick, whoever asks, and never by the one who asks for them.

What was asked for lately is made anew with each tick, by the new state, and put in place at once
as a whole: a reader can neither bring back an old answer nor make a second one. The first who asks
for something has it made, for everyone. What is not there costs a look at the address, and a few at
most are made at a time: nobody can keep Roomwatch busy by asking.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import msgspec
import structlog

from dashboard.frames import EncodedFrame, Frame
from dashboard.public import paths
from dashboard.public.facts import EventFacts, Facts
from dashboard.public.go.events import PATH as LINKS
from dashboard.public.go.leading import Lead
from dashboard.public.keeping import Keeping
from dashboard.public.making import lead_on, make
from dashboard.public.panels import embed
from dashboard.public.panels.pictures import Pictures
from dashboard.public.ready import Ready, ready
from dashboard.public.status.reading import Days
from dashboard.public.waiting import Waiting
from dashboard.recent import Recent
from probes.config.embed import Public
from probes.settings import Config

MOST_AT_ONCE = 16
"""First answers that are being made."""

BUSY = ready(
    "Too much is asked for at once. Try again in a second.\n",
    "text/plain; charset=utf-8",
    503,
    Cache_Control="no-store",
    Retry_After="1",
)

QUIET = 5.0
"""Seconds without a frame after which what hangs on the clock alone is made anew, and again each time."""

_log = structlog.get_logger()


class Desk:
    """The public answers of the newest tick that the public may see.

    `turn` is another number whenever an answer that lay here was changed or taken away.
    """

    def __init__(self, recent: Recent, config: Callable[[], Config], days: Days | None = None) -> None:
        self._clock = time.monotonic
        self._recent = recent
        self._days = days
        self._config = config
        self._waiting = Waiting()
        self._shown: tuple[Frame, Public] | None = None
        self._facts: Facts | None = None
        self._ahead: Facts | None = None
        self._leads: Mapping[str, Lead] = {}
        self._pictures = Pictures()
        self._ready: dict[str, Ready] = {}
        self._keeping = Keeping()
        self._making: asyncio.Task[None] | None = None
        self._alone: asyncio.TimerHandle | None = None
        self._first: dict[str, asyncio.Task[Ready | None]] = {}
        self.turn = 0

    def show(self, encoded: EncodedFrame) -> None:
        """Take over the newest frame; what is asked for is made of it beside the loop."""
        self._waiting.add(encoded.frame, self._clock())
        self._begin()

    def _begin(self) -> None:
        if not self._has_any():
            self._clear()
            return
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(_note_a_fault)
        self._wait_for_a_frame()

    def _wait_for_a_frame(self) -> None:
        """None comes while the prober is away; yet a delay runs out, and a room is unheard of too long."""
        if self._alone is not None:
            self._alone.cancel()
        self._alone = asyncio.get_running_loop().call_later(QUIET, self._begin)

    def at_hand(self, path: str) -> Ready | None:
        """The answer for `path` where it lies ready."""
        found = self._ready.get(path)
        if found is not None:
            self._keeping.asked(path, self._clock())
        return found or self._pictures.at_hand(path)

    async def answer(self, path: str) -> Ready | None:
        """The answer for `path`, made now if it is the first time; None where nothing public is there."""
        found = self.at_hand(path)
        facts = self._known(path)
        if found is not None or facts is None or not paths.may_exist(path, facts):
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
        facts = self._known(path)
        return facts is not None and paths.may_exist(path, facts)

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
        if self._alone is not None:
            self._alone.cancel()
        self._pictures.close()

    async def _make_first(self, path: str, facts: Facts) -> Ready | None:
        made = await asyncio.to_thread(paths.answer, path, facts)
        if made is not None:
            self._keeping.asked(path, self._clock())
            if facts is self._known(path):
                self._ready[path] = made
        return made

    async def _make(self) -> None:
        shown = self._shown[0] if self._shown else None
        frame = self._due() or shown
        while frame is not None:
            config = self._config()
            public = config.embed.public
            pasts = {each.name: self._recent.samples(each.name) for each in public.services}
            wanted = self._keeping.wanted(self._clock())
            # What may stand in for what cannot be made, as far as it is still public.
            last = self._facts if self._shown is not None and self._shown[1] == public else None
            lying = self._ready if last is not None else {}
            events = await self._lead(config, last)
            facts, made = await asyncio.to_thread(
                make, frame, pasts, config, events, wanted, self._days, last, lying
            )
            if not self._has_any():
                return  # it was closed meanwhile
            self._shown = frame, public
            self._facts = facts
            self._put(made)
            frame = self._due()
        if self._facts is None and self._waiting.newest is not None:
            await self._lead_ahead(self._waiting.newest)

    async def _lead(self, config: Config, last: Facts | None) -> tuple[EventFacts, ...]:
        """Where to go now, which is told at once, whatever the delay."""
        newest, at = self._waiting.newest, self._waiting.clock(self._clock())
        if newest is None:
            return last.events if last else ()
        self._leads, events = await asyncio.to_thread(lead_on, self._leads, newest, at, config, last)
        return events

    async def _lead_ahead(self, newest: Frame) -> None:
        """After a start: where to go now is told at once, while all else waits for the delay."""
        config = self._config()
        wanted = [path for path in self._keeping.wanted(self._clock()) if path.startswith(LINKS)]
        events = await self._lead(config, self._ahead)
        nothing_else = msgspec.structs.replace(newest, services=(), notes=())
        ahead, made = await asyncio.to_thread(make, nothing_else, {}, config, events, wanted, None, None, {})
        if self._has_any():
            self._ahead = ahead
            self._put(made)

    def _known(self, path: str) -> Facts | None:
        """What the answer for `path` is made of."""
        if self._facts is None and path.startswith(LINKS):
            return self._ahead
        return self._facts

    def _due(self) -> Frame | None:
        """The newest frame that may be seen and was not made yet."""
        return self._waiting.take(self._config().embed.public.delay or 0.0, self._clock())

    def _has_any(self) -> bool:
        public = self._config().embed.public
        return bool(public.services or public.events)

    def _put(self, answers: dict[str, Ready]) -> None:
        self._ready = answers
        self.turn += 1

    def _clear(self) -> None:
        """Nothing is public any more."""
        self._waiting.clear()
        if self._facts is not None or self._ahead is not None:
            self._facts = self._ahead = self._shown = None
            self._put({})


def _note_a_fault(task: asyncio.Task[None]) -> None:
    """The last answers stay; the next tick tries again."""
    if not task.cancelled() and task.exception() is not None:
        _log.error("public panels could not be made; the last ones stay", exc_info=task.exception())
