"""What viewers are sent, and the two ways to send it: as it is, and compressed once for all."""

from __future__ import annotations

import asyncio
import zlib
from functools import cached_property
from typing import ClassVar

from dashboard.frames import EncodedFrame, stream_event
from dashboard.recent import Recent
from dashboard.squeezing import HEADER, Block, ending, stored

Headers = list[tuple[bytes, bytes]]

_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"vary", b"accept-encoding"),
    (b"x-accel-buffering", b"no"),
]


class Event:
    """One event for everyone; its block is made when the first viewer needs it."""

    def __init__(self, plain: bytes) -> None:
        self.plain = plain

    @cached_property
    def block(self) -> Block:
        return Block(self.plain)


class Events:
    """The newest frame as an event, and what those who come back have missed."""

    def __init__(self, recent: Recent) -> None:
        self._recent = recent
        self._of: EncodedFrame | None = None
        self._newest = Event(b"")
        self._missed: dict[tuple[bytes, int], asyncio.Task[Event]] = {}

    def newest(self, frame: EncodedFrame) -> Event:
        if frame is not self._of:
            self._of, self._newest = frame, Event(frame.event)
        return self._newest

    async def missed(self, after: int, seq: int) -> Event:
        """All since frame `after`, as one event that brings a viewer to frame `seq`.

        There are few windows a tick, so few are compressed, and none on the loop.
        """
        window = await self._recent.window(after=after)
        task = self._missed.get((window, seq))
        if task is None:
            self._missed = {key: each for key, each in self._missed.items() if key[1] == seq}
            task = asyncio.create_task(asyncio.to_thread(_compressed, stream_event("catchup", window, seq)))
            self._missed[window, seq] = task
        return await asyncio.shield(task)


def _compressed(plain: bytes) -> Event:
    event = Event(plain)
    _ = event.block
    return event


class Plain:
    """One viewer's stream of events as they are. Its bytes: `first`, then each of `add`, then `end`."""

    __slots__ = ("first",)
    headers: ClassVar[Headers] = _HEADERS

    def __init__(self, greeting: bytes) -> None:
        self.first = greeting

    def add(self, event: Event) -> bytes:
        return event.plain

    def end(self, event: bytes) -> bytes:
        return event


class Squeezed:
    """One viewer's stream as gzip; what was sent goes into the check at its end."""

    __slots__ = ("_check", "_length", "first")
    headers: ClassVar[Headers] = [*_HEADERS, (b"content-encoding", b"gzip")]

    def __init__(self, greeting: bytes) -> None:
        self._check, self._length = zlib.crc32(greeting), len(greeting)
        self.first = HEADER + stored(greeting)

    def add(self, event: Event) -> bytes:
        self._check, self._length = event.block.after(self._check, self._length)
        return event.block.squeezed

    def end(self, event: bytes) -> bytes:
        return ending(event, self._check, self._length)
