"""What a Watch remembers from one look to the next: what has to last before it is said."""

from __future__ import annotations

from typing import NamedTuple

from probes.disputes import Disputes
from probes.door.storm import Storm
from probes.steady import Steady
from probes.watching.claims import People


class Memory(NamedTuple):
    """All of it at one look."""

    people: People = People()
    disputes: Disputes = Disputes()
    storm: Storm = Storm()
    steady: Steady = Steady()


class Looks:
    """The memory of the last look. A second look at the same time starts from where the first one did."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._before = self._after = Memory()

    def before(self, at: float) -> Memory:
        """What was remembered before the look at wall time `at`."""
        return self._before if at == self._at else self._after

    def keep(self, at: float, after: Memory) -> None:
        """Remember what the look at `at` came to."""
        self._before = self.before(at)
        self._at, self._after = at, after
