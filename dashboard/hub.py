"""The latest frame, and everyone who waits for the next.

One frame is encoded once, whatever the number of viewers. A viewer takes the
newest frame when it is ready for one, so a slow viewer skips and never queues.
"""

from __future__ import annotations

import asyncio
import time

from dashboard.frames import EncodedFrame

_SLICE = 100
"""Viewers woken before the loop gets a turn: some 5 ms of work."""


class Viewer:
    """One open event stream. `turn` counts the hub's frames up to the last one it was given."""

    __slots__ = ("_waiting", "closed", "turn")

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.closed = False
        self._waiting: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Until there is something new, or nothing more to come."""
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def close(self) -> None:
        self.closed = True
        self.wake()


class Hub:
    """Holds the newest frame; wakes viewers in slices so that the loop stays free."""

    def __init__(self) -> None:
        self.latest: EncodedFrame | None = None
        self.closed = False
        self._turn = 0
        self._skipped = 0
        self._heard = time.monotonic()
        self._viewers: set[Viewer] = set()
        self._waking: asyncio.Task[None] | None = None

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    @property
    def skipped(self) -> int:
        """Frames that viewers did not get because a newer one came first; those still stuck included."""
        return self._skipped + sum(self._skipped_by(viewer) for viewer in self._viewers)

    def _skipped_by(self, viewer: Viewer) -> int:
        return max(self._turn - viewer.turn - 1, 0)

    @property
    def silent_seconds(self) -> float:
        """Since the last frame, or since the start; whatever is done to the clock."""
        return time.monotonic() - self._heard

    def join(self) -> Viewer:
        viewer = Viewer(max(self._turn - 1, 0))  # the newest frame is still to come
        viewer.closed = self.closed
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        if viewer in self._viewers:
            self._skipped += self._skipped_by(viewer)
            self._viewers.remove(viewer)

    def publish(self, frame: EncodedFrame) -> None:
        """Make `frame` the newest and wake everyone."""
        self.latest = frame
        self._heard = time.monotonic()
        self._turn += 1
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._wake_all())

    async def _wake_all(self) -> None:
        turn = 0
        while turn != self._turn:  # again, if a frame came while waking for the one before
            turn = self._turn
            for index, viewer in enumerate(list(self._viewers), 1):
                viewer.wake()
                if index % _SLICE == 0:
                    await asyncio.sleep(0)

    def next_for(self, viewer: Viewer) -> EncodedFrame | None:
        """The newest frame, or None when `viewer` has it already. Counts what it skipped."""
        if self.latest is None or viewer.turn == self._turn:
            return None
        self._skipped += self._skipped_by(viewer)
        viewer.turn = self._turn
        return self.latest

    def close(self) -> None:
        """End every stream: the server is going."""
        self.closed = True
        for viewer in self._viewers:
            viewer.close()
