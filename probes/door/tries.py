"""Our own joins at one service."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from probes.model import Outcome

PROBE_WINDOW = 60.0
"""Seconds of service time over which our own joins are counted, at least; rare ones reach further back."""

PROBE_TRIES = 12
"""How many of our own joins the window holds at least, at one every `join.every`."""

_MOST = 600


@dataclass(frozen=True, slots=True)
class OwnJoins:
    """Our recent joins by outcome, over so many `seconds` of service time.

    `took`: the wall seconds that each of those took that got in.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    seconds: float = 0.0
    took: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        return self.outcomes.total()

    def slow(self, within: float) -> int:
        """How many got in and took longer than `within` seconds."""
        return sum(took > within for took in self.took)


class Tries:
    """What our joins came to, and how long they took."""

    def __init__(self) -> None:
        self.totals: Counter[Outcome] = Counter()
        self._recent: deque[tuple[float, Outcome, float]] = deque(maxlen=_MOST)

    def take(self, outcome: Outcome, at: float, seconds: float) -> None:
        """One join that ended at wall time `at` and took `seconds`."""
        self.totals[outcome] += 1
        self._recent.append((at, outcome, seconds))

    def recent(self, at: float, every: float, pace: float) -> OwnJoins:
        """The joins of the last minute before wall time `at`; longer where `every` is more than 5 s.

        The minute is one of service time, which goes `pace` times as fast as the wall's.
        """
        window = max(PROBE_WINDOW / max(pace, 0.01), PROBE_TRIES * every)
        recent = [(outcome, seconds) for tried, outcome, seconds in self._recent if tried >= at - window]
        return OwnJoins(
            outcomes=Counter(outcome for outcome, _ in recent),
            seconds=window * pace,
            took=tuple(seconds for outcome, seconds in recent if outcome.success),
        )
