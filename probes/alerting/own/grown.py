"""By how much counts grew lately, with a bounded memory of them."""

from __future__ import annotations

from bisect import bisect_right

Counts = tuple[int, ...]


class Grown:
    """Counts that only grow, as they stood every `step` seconds of the last `length` seconds."""

    def __init__(self, length: float, step: float) -> None:
        self._length = length
        self._step = step
        self._times: list[float] = []
        self._counts: list[Counts] = []
        self._latest: Counts = ()

    def take(self, counts: Counts, now: float) -> None:
        """Read the counts at `now`. Where one fell they began anew, and what was before is forgotten."""
        if any(count < before for count, before in zip(counts, self._latest, strict=False)):
            self._times.clear()
            self._counts.clear()
        self._latest = counts
        if self._times and now - self._times[-1] < self._step:
            return
        self._times.append(now)
        self._counts.append(counts)
        old = bisect_right(self._times, now - self._length) - 1  # one from before stays, to count from
        if old > 0:
            del self._times[:old], self._counts[:old]

    def over(self, seconds: float, now: float) -> Counts:
        """By how much each grew in the last `seconds`, or since the first that is remembered."""
        if not self._times:
            return ()
        first = self._counts[max(0, bisect_right(self._times, now - seconds) - 1)]
        return tuple(count - before for count, before in zip(self._latest, first, strict=True))
