"""What happens outside the rooms: how many try to get in, how many do, and why the others do not.

The service's own counters are better than our few tries, and are used where it has them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping

from probes.model import Door, Observer, Outcome

WINDOW = 30.0
"""Seconds of service time over which the service's counters are compared."""

PROBE_WINDOW = 60.0
"""Wall seconds over which our own joins are counted, at least; rare ones reach further back."""

PROBE_TRIES = 12
"""How many of our own joins the window holds at least, at one every `join.every`."""

_MOST = 600

_LARGEST = 2**56
"""Where a total stops: those of all endpoints of a service still add up to less than 2**63."""


class Counters:
    """One endpoint's own join counters: only ever growing, whatever restarts behind them."""

    def __init__(self) -> None:
        self._told: Mapping[Outcome, int] = {}
        self.totals: Counter[Outcome] = Counter()
        self._past: deque[tuple[float, Counter[Outcome]]] = deque(maxlen=_MOST)

    def take(self, told: Mapping[Outcome, int], now: float) -> None:
        """Read the counters as told at service time `now`. A counter that fell has started again from 0.

        One that is left out stands where it stood. With none told for longer than
        `WINDOW`, nothing is known of recent tries.
        """
        if self._past and (now < self._past[-1][0] or (not told and now > self._past[-1][0] + WINDOW)):
            self._past.clear()
        if not told:
            return
        for outcome, count in told.items():
            before = self._told.get(outcome, 0)
            grown = count - before if count >= before else count
            self.totals[outcome] = min(self.totals[outcome] + grown, _LARGEST)
        self._told = {**self._told, **told}
        self._past.append((now, self.totals.copy()))
        while len(self._past) > 2 and self._past[1][0] <= now - WINDOW:
            self._past.popleft()

    def recent(self) -> tuple[Counter[Outcome], float]:
        """Tries by outcome over the recent stretch, and its length in seconds of service time."""
        if len(self._past) < 2:
            return Counter(), 0.0
        (start, first), (end, last) = self._past[0], self._past[-1]
        return last - first, end - start


class Tries:
    """Our own joins at one service."""

    def __init__(self) -> None:
        self.totals: Counter[Outcome] = Counter()
        self._recent: deque[tuple[float, Outcome]] = deque(maxlen=_MOST)

    def take(self, outcome: Outcome, at: float) -> None:
        self.totals[outcome] += 1
        self._recent.append((at, outcome))

    def recent(self, at: float, every: float) -> Counter[Outcome]:
        """Tries by outcome in the last minute before `at`; longer where `every` is more than 5 s."""
        since = at - max(PROBE_WINDOW, PROBE_TRIES * every)
        return Counter(outcome for tried, outcome in self._recent if tried >= since)


def door_by_service(answering: Iterable[Counters], silent: Iterable[Counters]) -> tuple[Door, int]:
    """The door as the service's counters show it, and how many recent tries that rests on.

    Shares come from the endpoints that answer, totals from all.
    """
    tries: Counter[Outcome] = Counter()
    totals: Counter[Outcome] = Counter()
    rate: float | None = None
    for counters in answering:
        recent, stretch = counters.recent()
        tries += recent
        totals += counters.totals
        if stretch > 0:
            rate = (rate or 0.0) + recent.total() / stretch
    for counters in silent:
        totals += counters.totals
    return _door(Observer.SERVICE, tries, totals, rate)


def door_by_probe(tries: Tries, at: float, every: float) -> tuple[Door, int]:
    """The door as our own joins see it, and how many that are. How many others try is unknown."""
    return _door(Observer.PROBE, tries.recent(at, every), tries.totals, None)


def _door(
    observer: Observer, tries: Counter[Outcome], totals: Counter[Outcome], rate: float | None
) -> tuple[Door, int]:
    count = tries.total()
    failed = {o: tries[o] / count for o in sorted(tries) if tries[o] > 0 and not o.success}
    door = Door(
        observer=observer,
        tries_per_second=rate,
        success_ratio=(tries[Outcome.JOINED] + tries[Outcome.OK]) / count if count else None,
        errors=failed,
        totals={outcome: totals[outcome] for outcome in sorted(totals)},
    )
    return door, count
