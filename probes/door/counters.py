"""The join counters that a service keeps itself, as one endpoint tells them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from probes.config.door import LONGEST_RETRY
from probes.model import Outcome
from probes.watching.answers import BACKWARDS

WINDOW = 30.0
"""Seconds of service time over which tries are counted as recent."""

MEMORY = LONGEST_RETRY + 120.0
"""Seconds of service time for which counts are remembered."""

STEP = 0.9
"""Seconds of service time between two counts that are remembered, at least."""

RESTART = 0.5
"""A counter that fell below this share of what it was has started again from 0; one that fell less
was corrected, as counters summed over several machines are."""

_LARGEST = 2**56
"""Where a total stops: those of all endpoints of a service still add up to less than 2**63."""


class Stretch(NamedTuple):
    """Tries by outcome, and over how many seconds of service time; 0 where that is not known."""

    tries: Mapping[Outcome, float]
    seconds: float


UNKNOWN = Stretch({}, 0.0)


class Counters:
    """Only ever growing, whatever restarts behind them."""

    def __init__(self) -> None:
        self.totals: Counter[Outcome] = Counter()
        self.answers = 0
        """How many answers have told them."""
        self._told: Mapping[Outcome, int] = {}
        self._times: list[float] = []
        self._counts: list[Counter[Outcome]] = []

    def begin(self, told: Mapping[Outcome, int]) -> None:
        """Count from `told` on. What was counted before anybody looked did not happen now: of an endpoint
        that answers later than the others, or after a restart, it would be a leap of the sum of all."""
        self._told = dict(told)

    def take(self, told: Mapping[Outcome, int], now: float) -> None:
        """Read the counters as told at service time `now`.

        One that is left out stands where it stood. With none told for longer than
        `WINDOW`, nothing is known of recent tries. A clock that goes back a little
        stands still; one that goes back far has started again.
        """
        if self._times and self._broken(bool(told), now):
            self._times.clear()
            self._counts.clear()
        if not told:
            return
        for outcome, count in told.items():
            grown = _grown(self._told.get(outcome, 0), count)
            self.totals[outcome] = min(self.totals[outcome] + grown, _LARGEST)
        self._told = {**self._told, **told}
        self.answers += 1
        self._remember(max(now, self._times[-1]) if self._times else now)

    def over(self, seconds: float, until: float = 0.0) -> Stretch:
        """The tries of `seconds` seconds that ended `until` seconds ago.

        A shorter stretch where less is remembered; between two answers tries are spread evenly.
        """
        if len(self._times) < 2:
            return UNKNOWN
        end = self._times[-1] - until
        start = max(end - seconds, self._times[0])
        if end <= start:
            return UNKNOWN
        before, after = self._at(start), self._at(end)
        return Stretch({o: n - before.get(o, 0.0) for o, n in after.items()}, end - start)

    def recent(self) -> Stretch:
        return self.over(WINDOW)

    def _broken(self, told: bool, now: float) -> bool:
        last = self._times[-1]
        return now < last - BACKWARDS or (not told and now > last + WINDOW)

    def _remember(self, now: float) -> None:
        close = len(self._times) > 1 and now - self._times[-2] < STEP
        if close or (self._times and now == self._times[-1]):
            del self._times[-1], self._counts[-1]
        self._times.append(now)
        self._counts.append(self.totals.copy())
        old = bisect_right(self._times, now - MEMORY) - 1  # one from before stays, to count from
        if old > 0:
            del self._times[:old], self._counts[:old]

    def _at(self, time: float) -> Mapping[Outcome, float]:
        """The totals at `time`, on a straight line between what was told."""
        after = bisect_right(self._times, time)
        if after == len(self._times):
            return self._counts[-1]
        since, left, right = self._times[after - 1], self._counts[after - 1], self._counts[after]
        share = (time - since) / (self._times[after] - since)
        return {o: left.get(o, 0) + share * (n - left.get(o, 0)) for o, n in right.items()}


def _grown(before: int, count: int) -> int:
    if count >= before:
        return count - before
    return count if count < RESTART * before else 0
