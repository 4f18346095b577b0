"""A state that does not flap: worse at once, better only after it has been better for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from probes.model import State
from probes.watching.wording import clock

HOLD = 30.0
"""Seconds of service time for which a state must have been better before it is called better."""

MOST_REASONS = 8

UNTIL_THEN = "Until then: "
"""Before the reason that a state began with, while it recovers."""

SEVERITY = {State.OK: 0, State.STRAINED: 1, State.FAILING: 2, State.UNKNOWN: 3}


class Reason(NamedTuple):
    """One thing that is wrong, and how bad it is. `rule`: the rule's name, if it has a threshold to hold."""

    state: State
    text: str
    rule: str = ""


class Verdict(NamedTuple):
    """A state with its reasons, the worst first, at one moment.

    `held`: the states of the rules that have a threshold. One that held something
    against the service lets go of it at a better value than it began at.
    """

    state: State
    reasons: tuple[str, ...]
    held: Mapping[str, State] = {}


class Moment(NamedTuple):
    """One moment by the service's clock and by the wall's."""

    now: float
    at: float

    def passed(self, since: Moment) -> float:
        """Seconds from `since`, by the clock that says more: a service's may stand still."""
        return max(self.now - since.now, self.at - since.at)


class Better(NamedTuple):
    """A time in which it has been better than the state that is shown: since when, and the worst in it."""

    since: Moment
    worst: Verdict


class Steady(NamedTuple):
    """The state that is shown, and what is remembered for the next one.

    `level` is the last known one: while nothing is known, nothing gets better.
    """

    shown: Verdict = Verdict(State.UNKNOWN, ())
    level: Verdict | None = None
    better: Better | None = None
    held: Mapping[str, State] = {}

    def moved_to(self, verdict: Verdict, moment: Moment) -> Steady:
        """The state at `moment`, where what is known then gives `verdict`."""
        if verdict.state is State.UNKNOWN:
            return self._replace(shown=verdict, better=None)
        level = self.level
        if level is None or SEVERITY[verdict.state] >= SEVERITY[level.state]:
            return Steady(shown=verdict, level=verdict, held=verdict.held)
        better = self._better(verdict, moment)
        if moment.passed(better.since) >= HOLD:
            level = better.worst
            if verdict.state is level.state:
                return Steady(shown=verdict, level=verdict, held=verdict.held)
            better = Better(moment, verdict)
        # Until it has recovered, what was held against it is let go of at the better value only.
        return Steady(_recovering(level, verdict, better), level, better, {**verdict.held, **level.held})

    def _better(self, verdict: Verdict, moment: Moment) -> Better:
        better = self.better
        if better is None or moment.now < better.since.now or moment.at < better.since.at:
            return Better(moment, verdict)
        return better._replace(worst=max(verdict, better.worst, key=lambda each: SEVERITY[each.state]))


def _recovering(level: Verdict, verdict: Verdict, better: Better) -> Verdict:
    """`level` goes on for now; what is still wrong, and at last since when it is better than it was."""
    still = verdict.reasons if verdict.state is not State.OK else ()
    until = f"Recovering since {clock(better.since.now)}. {UNTIL_THEN}{level.reasons[0]}"
    return Verdict(level.state, (*still[: MOST_REASONS - 1], until), verdict.held)
