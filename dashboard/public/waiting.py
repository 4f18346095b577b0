"""Frames that the public may not see yet, by the delay that the config asks for."""

from __future__ import annotations

from collections import deque

from dashboard.frames import Frame


class Waiting:
    """The oldest first. `newest` is the last that came, which alone knows where an event is now."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self.newest: Frame | None = None

    def __bool__(self) -> bool:
        return bool(self._frames)

    def add(self, frame: Frame) -> None:
        self.newest = frame
        while self._frames and self._frames[-1].at > frame.at:
            self._frames.pop()  # the clock was set back: these would never be due
        self._frames.append(frame)

    def take(self, delay: float) -> Frame | None:
        """The newest frame that is `delay` seconds old and was not taken yet; those before it are dropped."""
        due: Frame | None = None
        while self._frames and self._frames[0].at <= self._frames[-1].at - delay:
            due = self._frames.popleft()
        return due

    def clear(self) -> None:
        self._frames.clear()
