"""One service's last day, summed up as ticks come: bars, changes of state, and which wall time was when.

What comes in are the samples that history keeps and the ticks since, each once and in the order
of time, so that a restart tells the same story. It holds ids of nodes: `bars` makes it public.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from dashboard.public.day import BAR, BARS
from dashboard.public.seeing import known_success
from probes.model import Outcome, Sample, State
from probes.watching.answers import BACKWARDS

HOLE = 30.0
"""A longer time without a tick is unknown: Roomwatch was not there. History keeps one in 10 s."""

BEGIN = 60.0
"""Seconds of the service's time that are the begin of a state."""

MOST_TURNS = 400
_MOST_NODES = 64
_ANCHOR = 60.0
_MOST_ANCHORS = 2 * int(BARS * BAR / _ANCHOR)


@dataclass(slots=True)
class Bin:
    """What is known of one bar: seconds in each state, tries by outcome, and seconds of each node."""

    seconds: dict[State, float] = field(default_factory=dict)
    tries: Counter[Outcome] = field(default_factory=Counter)
    answered: dict[str, float] = field(default_factory=dict)
    silent: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Turn:
    """One state, from wall time `at` to `until`; `time` and `ended` are the same in the service's time.

    `success` is the lowest share of joins in its first minute, with its `errors`: what is told of its
    begin stays as it is.
    """

    state: State
    at: float
    time: float
    until: float
    ended: float
    success: float | None = None
    errors: Mapping[Outcome, float] = field(default_factory=dict)
    silent: bool = False


class Past:
    """The last day of one service. Pure: time comes with the samples."""

    def __init__(self) -> None:
        self.bins: dict[int, Bin] = {}
        self.turns: deque[Turn] = deque(maxlen=MOST_TURNS)
        self._anchors: deque[tuple[float, float]] = deque(maxlen=_MOST_ANCHORS)
        self._earliest = math.inf  # of the anchors' service times
        self._telling: set[str] = set()
        self._last: Sample | None = None
        self._told = 0.0
        self.since: float | None = None
        """Wall time from which on something is known."""

    @property
    def last(self) -> float:
        """Wall time of the newest tick."""
        return self._last.at if self._last else -math.inf

    def add(self, samples: Iterable[Sample]) -> None:
        """Take in those that are newer than all before."""
        for sample in samples:
            if sample.at > self.last:
                time = self._time(sample)
                self._between(self._last, sample)
                self._turn(sample, time)
                self._anchor(sample, time)
                self._last, self._told = sample, time
                self.since = sample.at if self.since is None else self.since
        self._forget()

    def wall(self, time: float) -> float | None:
        """The wall time of a service time, on a straight line between ticks; None where it is not in the day.

        Where a replay began anew, the last time that it was.
        """
        if self._last is None or time < self._earliest:
            return None
        anchors = [*self._anchors, (self._last.at, self._told)]
        for (at, told), (after, later) in reversed(list(pairwise(anchors))):
            if told <= time <= later:
                return at + (time - told) * (after - at) / max(later - told, 1e-9)
        return None

    def _between(self, before: Sample | None, sample: Sample) -> None:
        """The time from one tick to the next belongs to the first, its tries to the second."""
        if before is None or sample.at - before.at > HOLE:
            self.bins.setdefault(int(sample.at // BAR), Bin())
            return
        seconds = sample.at - before.at
        bin_ = self.bins.setdefault(int(before.at // BAR), Bin())
        bin_.seconds[before.state] = bin_.seconds.get(before.state, 0.0) + seconds
        self._nodes(bin_, before, seconds)
        if before.observer is sample.observer:
            tries = self.bins.setdefault(int(sample.at // BAR), Bin()).tries
            for outcome, total in sample.totals.items():
                grown = total - before.totals.get(outcome, 0)
                tries[outcome] += grown if grown >= 0 else total  # counted anew from a start on

    def _nodes(self, bin_: Bin, sample: Sample, seconds: float) -> None:
        for node, people in sample.nodes[:_MOST_NODES]:
            if people is not None:
                self._telling.add(node)
            # Some services never tell how many people a node has: that is no silence.
            if people is None and not sample.complete and node in self._telling:
                bin_.silent[node] = bin_.silent.get(node, 0.0) + seconds
            elif people is not None or sample.complete:
                bin_.answered[node] = bin_.answered.get(node, 0.0) + seconds

    def _turn(self, sample: Sample, time: float) -> None:
        turn = self.turns[-1] if self.turns else None
        if turn is not None and time < self._told - BACKWARDS:  # a replay that began anew
            turn = None
        if turn is not None and sample.at - turn.until <= HOLE:
            turn.until, turn.ended = sample.at, time
        if turn is None or turn.state is not sample.state or turn.until < sample.at:
            turn = Turn(sample.state, sample.at, time, sample.at, time)
            self.turns.append(turn)
        if time - turn.time <= BEGIN:
            turn.silent = turn.silent or not sample.complete
            share = known_success(sample)
            if share is not None and (turn.success is None or share < turn.success):
                turn.success, turn.errors = share, sample.errors

    def _anchor(self, sample: Sample, time: float) -> None:
        if self._last is not None and time < self._told - BACKWARDS:  # a replay that began anew
            self._anchors.append((self._last.at, self._told))
            self._anchors.append((sample.at, time))
        elif not self._anchors or sample.at - self._anchors[-1][0] >= _ANCHOR:
            self._anchors.append((sample.at, time))
        else:
            return
        self._earliest = min(told for _, told in self._anchors)

    def _forget(self) -> None:
        oldest = int(self.last // BAR) - BARS + 1 if self._last else 0
        for gone in [index for index in self.bins if index < oldest]:
            del self.bins[gone]
        if self.since is not None:
            self.since = max(self.since, oldest * BAR)
        while self.turns and self.turns[0].until < oldest * BAR:
            self.turns.popleft()
        if len(self._telling) > 4 * _MOST_NODES:
            self._telling.clear()

    def _time(self, sample: Sample) -> float:
        """The service's time; before the first answer after a start, by how far its clock was from ours."""
        if sample.service_time is not None:
            return sample.service_time
        return sample.at if self._last is None else self._told + (sample.at - self._last.at)
