"""Which public answers are made anew with each tick: what was asked for last."""

from __future__ import annotations

from collections.abc import Sequence

FORGOTTEN_AFTER = 60.0
"""Seconds after which an answer that nobody asks for is made no more."""

MOST = 256
"""Answers that are made anew with each tick; others are made for the first who asks in it."""


class Keeping:
    """When each path was last asked for. Times are of one clock."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}

    def asked(self, path: str, now: float) -> None:
        self._asked[path] = now

    def wanted(self, now: float) -> Sequence[str]:
        """What is to be made now."""
        lately = [(path, at) for path, at in self._asked.items() if now - at < FORGOTTEN_AFTER]
        self._asked = dict(sorted(lately, key=lambda asked: -asked[1])[:MOST])
        return list(self._asked)
