"""Frames that the public may not see yet, by the delay that the config asks for."""

from __future__ import annotations

from collections import deque

from dashboard.frames import Frame


class Waiting:
    """The oldest first. `newest` is the last that came, which alone knows where an event is now.

    Wall time goes on from the newest frame by a clock that nobody sets, so that frames fall due, and what
    was seen grows old, though no more frames come.
    """

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self.newest: Frame | None = None
        self._came = 0.0

    def add(self, frame: Frame, now: float) -> None:
        """Take over a frame that came at `now`, monotonic seconds."""
        self.newest, self._came = frame, now
        while self._frames and self._frames[-1].at > frame.at:
            self._frames.pop()  # the clock was set back: these would never be due
        self._frames.append(frame)

    def clock(self, now: float) -> float:
        """The wall time at `now`, 0 where no frame has come."""
        return self.newest.at + now - self._came if self.newest else 0.0

    def take(self, delay: float, now: float) -> Frame | None:
        """The newest frame that is `delay` seconds old and was not taken yet; those before it are dropped."""
        due: Frame | None = None
        while self._frames and self._frames[0].at <= self.clock(now) - delay:
            due = self._frames.popleft()
        return due

    def clear(self) -> None:
        self._frames.clear()
        self.newest = None
