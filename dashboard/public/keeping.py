"""Which public answers are made anew with a tick: what was asked for last, and pictures in turn."""

from __future__ import annotations

from collections.abc import Collection, Sequence

FORGOTTEN_AFTER = 60.0
"""Seconds after which an answer that nobody asks for is made no more."""

MOST = 256
"""Answers that are made anew with each tick; others are made for the first who asks in it."""

SLOW = (".png",)
"""What takes a hundred times as long to make as all else."""

SLOW_EVERY = 15.0
"""Seconds for which a slow one is shown as it is."""

SLOW_AT_ONCE = 2
"""Slow ones made anew with one tick; the oldest first."""


def is_slow(path: str) -> bool:
    """Whether the answer at `path` is one that is not made with every tick."""
    return path.endswith(SLOW)


class Keeping:
    """When each path was last asked for, and when each slow one was last made. Times are of one clock."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}
        self._made: dict[str, float] = {}

    def asked(self, path: str, now: float) -> None:
        self._asked[path] = now

    def made(self, paths: Collection[str], now: float) -> None:
        """These were made of what was known at `now`."""
        self._made.update((path, now) for path in paths if is_slow(path))

    def keeps(self, path: str) -> bool:
        """Whether what lies ready there is shown on, though it was not made with this tick."""
        return is_slow(path) and path in self._asked

    def wanted(self, now: float, there: Collection[str]) -> Sequence[str]:
        """What is to be made now. `there`: what lies ready."""
        lately = [(path, at) for path, at in self._asked.items() if now - at < FORGOTTEN_AFTER]
        self._asked = dict(sorted(lately, key=lambda asked: -asked[1])[:MOST])
        self._made = {path: at for path, at in self._made.items() if path in self._asked and path in there}
        due = sorted(
            (path for path in self._made if now - self._made[path] >= SLOW_EVERY), key=self._made.__getitem__
        )
        return [path for path in self._asked if not is_slow(path)] + due[:SLOW_AT_ONCE]
