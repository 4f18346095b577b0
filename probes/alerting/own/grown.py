"""By how much counts grew lately, with a bounded memory of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from probes.alerting.conditions import Pair

PARTS = 60
"""A window is remembered in so many parts: by one of them its beginning may be off."""

LARGEST = float(2**53)
"""Where a count stops: beyond it one more makes no difference."""


class Counted(NamedTuple):
    """All tries, and those that failed."""

    tries: float
    failed: float

    @property
    def share(self) -> float:
        """The share that failed; 0 where nobody tried."""
        return self.failed / self.tries if self.tries > 0 else 0.0


class Window:
    """Two counts that only grow, over the last `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times = array("d")
        self._tries = array("d")
        self._failed = array("d")

    def __len__(self) -> int:
        """How many counts are remembered."""
        return len(self._times)

    def take(self, counted: Counted, now: float) -> None:
        if self._times and now - self._times[-1] < self._seconds / PARTS:
            return
        self._times.append(now)
        self._tries.append(min(counted.tries, LARGEST))
        self._failed.append(min(counted.failed, LARGEST))
        old = bisect_right(self._times, now - self._seconds) - 1  # one from before stays, to count from
        if old > 0:
            del self._times[:old], self._tries[:old], self._failed[:old]

    def grown(self, counted: Counted, now: float) -> Counted:
        """By how much both grew to what is `counted` now, at most since the first that is known."""
        start = max(0, bisect_right(self._times, now - self._seconds) - 1)
        return Counted(counted.tries - self._tries[start], counted.failed - self._failed[start])

    def known(self, now: float) -> float:
        """For how many seconds it can tell: less than its own until so long has passed."""
        return min(self._seconds, now - self._times[0]) if self._times else 0.0


class Grown:
    """Tries and failures by one counter, over several windows (seconds)."""

    def __init__(self, windows: Iterable[float]) -> None:
        self._seconds = tuple(windows)
        self._now = 0.0
        self._latest = Counted(0, 0)
        self.windows: dict[float, Window] = {}
        """By their seconds."""

    def take(self, counted: Counted, now: float) -> None:
        """Read the counts at `now`. Where one fell they began anew, and what was before is forgotten."""
        fell = counted.tries < self._latest.tries or counted.failed < self._latest.failed
        if fell or not self.windows:
            self.windows = {seconds: Window(seconds) for seconds in self._seconds}
        for window in self.windows.values():
            window.take(counted, now)
        self._latest, self._now = counted, now

    def over(self, seconds: float) -> Counted:
        """By how much both grew in the last `seconds`, one of the windows, before they were taken last."""
        window = self.windows.get(seconds)
        return Counted(0, 0) if window is None else window.grown(self._latest, self._now)

    def known(self, seconds: float) -> float:
        """For how many of the last `seconds`, one of the windows, `over` can tell."""
        window = self.windows.get(seconds)
        return 0.0 if window is None else window.known(self._now)

    @property
    def failed(self) -> float:
        """All failures that are counted: without one nothing fails."""
        return self._latest.failed


def windows(pairs: Iterable[Pair]) -> tuple[float, ...]:
    """The windows of `pairs`, each once."""
    return tuple(dict.fromkeys(float(seconds) for pair in pairs for seconds in (pair.short, pair.long)))
