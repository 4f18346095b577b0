"""Conditions about people who try to join: those who fail, those who wait long, those who storm."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator

from probes.alerting import conditions as c
from probes.alerting.conditions import Pair, share_of
from probes.alerting.firing import Firing, Subject
from probes.alerting.own.grown import Counted, Grown, windows
from probes.config.objectives import Objectives
from probes.model import JOIN, Door, Observation, Observer, ProbeView
from probes.state.joining import storm
from probes.watching.wording import number, percent, spoken, stretch

_WINDOWS = windows((c.LAUNCH, *c.SLOW_BURNS))
_MOST_JOINS = 1_000


class Joining:
    """The joins of one service over time: by its own counters, and ours."""

    def __init__(self) -> None:
        self._theirs = Grown(_WINDOWS)
        self._ours: dict[str, Grown] = {}
        self._joined = Joined()

    def look(self, seen: Observation, at: float, now: float, promised: Objectives) -> Iterator[Firing]:
        """What is to be said of joins at wall time `at`, `now` in seconds of the service."""
        counted = _counted(seen.door)
        if counted is not None:
            self._theirs.take(counted, now)
            yield from self._service(seen, at, promised)
        ours = [run for run in seen.probes if run.name == JOIN]
        self._ours = {run.node: self._ours.get(run.node) or Grown(_WINDOWS) for run in ours}
        for run in ours:
            self._ours[run.node].take(Counted(run.runs, run.failed), now)
            yield from self._node(seen, run, at, promised)
        yield from self._slow(seen, ours, at, now, promised)
        for reason in storm(seen.door):
            yield Firing(Subject(alert="RoomsRetryStorm", service=seen.name), since=at, summary=reason.text)

    def _service(self, seen: Observation, at: float, promised: Objectives) -> Iterator[Firing]:
        failing = _burn("joins", self._theirs, (c.LAUNCH,), promised, fewest_over_long=True)
        if failing:
            text = f"{failing}; the objective is {percent(1 - promised.join_success)}"
            yield Firing(Subject(alert="RoomsJoinsFailing", service=seen.name), since=at, summary=text)
        burning = _burn("joins", self._theirs, c.SLOW_BURNS, promised)
        if burning:
            text = f"{burning}; the objective is {percent(1 - promised.join_success)}"
            yield Firing(Subject(alert="RoomsJoinBudgetBurning", service=seen.name), since=at, summary=text)

    def _node(self, seen: Observation, run: ProbeView, at: float, promised: Objectives) -> Iterator[Firing]:
        whose, grown = f"joins of our own at {run.node}", self._ours[run.node]
        failing = _burn(whose, grown, (c.LAUNCH,), promised, fewest_over_long=True)
        if run.failures_in_a_row >= c.OWN_RUN:
            why = run.detail or spoken(run.outcome)
            failing = f"The last {number(run.failures_in_a_row)} {whose} failed: {why}"
        if failing:
            yield _at_node("RoomsOwnJoinsFailing", seen, run, at, failing)
        burning = _burn(whose, grown, c.SLOW_BURNS, promised)
        if burning:
            yield _at_node("RoomsJoinBudgetBurning", seen, run, at, burning)

    def _slow(
        self, seen: Observation, ours: Iterable[ProbeView], at: float, now: float, promised: Objectives
    ) -> Iterator[Firing]:
        self._joined.take(ours, now)
        share = min(c.SLOW_QUANTILE, promised.join_success)
        took = self._joined.quantile(share)
        if took is not None and took > promised.join_within:
            text = (
                f"{percent(1 - share)} of our joins take {stretch(took)} or longer; "
                f"the objective is {stretch(promised.join_within)}"
            )
            yield Firing(Subject(alert="RoomsJoinsSlow", service=seen.name), since=at, summary=text)


class Joined:
    """How long our joins took that got in within `SLOW_OVER` seconds."""

    def __init__(self) -> None:
        self._took: deque[tuple[float, float]] = deque(maxlen=_MOST_JOINS)
        self._ended: dict[str, float] = {}

    def take(self, ours: Iterable[ProbeView], now: float) -> None:
        """Read the last join at each node; of several since the look before, the others are missed."""
        ended = {run.node: run.observed_at for run in ours}
        for run in ours:
            if run.success and self._ended.get(run.node) != run.observed_at:
                self._took.append((now, run.seconds))
        self._ended = ended
        while self._took and self._took[0][0] < now - c.SLOW_OVER:
            self._took.popleft()

    def quantile(self, share: float) -> float | None:
        """The seconds that `share` of them took at most; None where they are too few."""
        took = sorted(seconds for _, seconds in self._took)
        return took[math.ceil(share * len(took)) - 1] if len(took) >= c.FEWEST_JOINED else None


def _counted(door: Door | None) -> Counted | None:
    """What the service counted; None where it counts no tries."""
    if door is None or door.observer is not Observer.SERVICE:
        return None
    failed = sum(count for outcome, count in door.totals.items() if not outcome.success)
    return Counted(sum(door.totals.values()), failed)


def _burn(
    whose: str, grown: Grown, pairs: Iterable[Pair], promised: Objectives, *, fewest_over_long: bool = False
) -> str:
    """How many fail, in words, where that is too many in both windows of a pair; else nothing."""
    if grown.failed < c.FEWEST_FAILED:
        return ""
    for pair in pairs:
        short, long = grown.over(pair.short), grown.over(pair.long)
        most, enough = share_of(pair, promised.join_success), long if fewest_over_long else short
        fails = short.share > most and long.share > most
        if fails and enough.tries >= c.FEWEST_TRIES and enough.failed >= c.FEWEST_FAILED:
            tries = number(round(long.tries))
            return f"{percent(long.share)} of {tries} {whose} failed in {stretch(grown.known(pair.long))}"
    return ""


def _at_node(alert: str, seen: Observation, run: ProbeView, at: float, text: str) -> Firing:
    return Firing(Subject(alert=alert, service=seen.name, node=run.node), since=at, summary=text)
