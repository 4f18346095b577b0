"""Conditions about people who try to join: those who fail, those who wait long, those who storm."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence

from probes.alerting.firing import Firing
from probes.alerting.own.grown import Grown
from probes.config.objectives import Objectives
from probes.model import Door, Observation, Observer, ProbeView
from probes.state.joining import storm
from probes.watching.wording import number, percent, stretch

FAST = (30.0, 60.0)
"""Seconds over both of which joins must fail to page."""

FAST_BURN = 14.4
"""How many times as many as promised must fail to page."""

FEWEST_TRIES = 20

SLOW = ((300.0, 3600.0, 6.0), (1800.0, 21600.0, 1.0))
"""Pairs of windows in seconds, and how many times as many as promised must fail in both."""

JOIN = "join"
SLOW_OVER = 300.0
FEWEST_JOINS = 10
MOST_JOINS = 600


class Joining:
    """The joins of one service over time: its own counters, and our joins."""

    def __init__(self) -> None:
        self._lately = Grown(FAST[1], 1.0)
        self._hour = Grown(SLOW[0][1], 10.0)
        self._hours = Grown(SLOW[1][1], 60.0)
        self._joins: deque[tuple[float, float]] = deque(maxlen=MOST_JOINS)
        self._seen: dict[str, float] = {}

    def look(self, seen: Observation, at: float, now: float, objectives: Objectives) -> Iterator[Firing]:
        """What is to be said of joins at wall time `at`, `now` in seconds of the service."""
        counted = _counts(seen.door)
        if counted is not None:
            for grown in (self._lately, self._hour, self._hours):
                grown.take(counted, now)
            yield from self._failing(seen, at, now, objectives)
            yield from self._burning(seen, at, now, objectives)
        yield from self._slow(seen, at, now, objectives)
        for reason in storm(seen.door):
            yield Firing(alert="RoomsRetryStorm", since=at, service=seen.name, summary=reason.text)

    def _failing(self, seen: Observation, at: float, now: float, objectives: Objectives) -> Iterator[Firing]:
        most = min(1.0, FAST_BURN * (1 - objectives.join_success))
        stretches = [self._lately.over(seconds, now) for seconds in FAST]
        if min(tries for tries, _ in stretches) >= FEWEST_TRIES and all(_share(s) >= most for s in stretches):
            text = _fail(stretches[0], FAST[0], objectives)
            yield Firing(alert="RoomsJoinsFailing", since=at, service=seen.name, summary=text)

    def _burning(self, seen: Observation, at: float, now: float, objectives: Objectives) -> Iterator[Firing]:
        for (short, long, times), grown in zip(SLOW, (self._hour, self._hours), strict=True):
            stretches = [grown.over(seconds, now) for seconds in (short, long)]
            if all(
                tries >= FEWEST_TRIES and _share((tries, failed)) >= times * (1 - objectives.join_success)
                for tries, failed in stretches
            ):
                text = _fail(stretches[0], short, objectives)
                yield Firing(alert="RoomsJoinBudgetBurning", since=at, service=seen.name, summary=text)
                return

    def _slow(self, seen: Observation, at: float, now: float, objectives: Objectives) -> Iterator[Firing]:
        self._remember(seen.probes, now)
        took = sorted(seconds for _, seconds in self._joins)
        if len(took) < FEWEST_JOINS:
            return
        p95 = took[math.ceil(0.95 * len(took)) - 1]
        if p95 > objectives.join_within:
            text = (
                f"One in 20 of our last {number(len(took))} joins that got in took {stretch(p95)} or longer; "
                f"the objective is {stretch(objectives.join_within)}"
            )
            yield Firing(alert="RoomsJoinsSlow", since=at, service=seen.name, summary=text)

    def _remember(self, probes: Sequence[ProbeView], now: float) -> None:
        """Our joins that got in, each once, by the time at which they ended."""
        seen = {run.node: run.observed_at for run in probes if run.name == JOIN}
        for run in probes:
            if run.name == JOIN and run.success and self._seen.get(run.node) != run.observed_at:
                self._joins.append((now, run.seconds))
        self._seen = seen
        while self._joins and self._joins[0][0] < now - SLOW_OVER:
            self._joins.popleft()


def _counts(door: Door | None) -> tuple[int, int] | None:
    """All tries that the service counted, and those that failed; None where it counts none."""
    if door is None or door.observer is not Observer.SERVICE:
        return None
    failed = sum(count for outcome, count in door.totals.items() if not outcome.success)
    return sum(door.totals.values()), failed


def _share(stretch: tuple[int, ...]) -> float:
    tries, failed = stretch
    return failed / tries if tries else 0.0


def _fail(counts: tuple[int, ...], seconds: float, objectives: Objectives) -> str:
    return (
        f"{percent(_share(counts))} of {number(counts[0])} joins failed in {stretch(seconds)}; "
        f"the objective is {percent(1 - objectives.join_success)}"
    )
