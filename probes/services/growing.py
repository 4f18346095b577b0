"""Counters of several sources in one sum that only grows, whichever of them starts again or falls silent."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

MOST_SOURCES = 10_000


class Growing(Generic[S]):
    """The sum of what its sources counted.

    A source whose count fell has started again from 0. One that is left out stands
    where it stood. `own_start`: each counts from when it was first heard, so that
    one heard late brings no leap; else a new one is new, and all of it counts.
    """

    def __init__(self, *, own_start: bool = False) -> None:
        self.total = 0
        self._own_start = own_start
        self._last: dict[S, int] = {}

    def take(self, told: Mapping[S, int]) -> int:
        """The sum after `told`, the counts by source. Beyond `MOST_SOURCES` new sources are left out."""
        for source, count in told.items():
            last = self._last.get(source)
            if last is None:
                if len(self._last) >= MOST_SOURCES:
                    continue
                last = count if self._own_start else 0
            self.total += count - last if count >= last else count
            self._last[source] = count
        return self.total
