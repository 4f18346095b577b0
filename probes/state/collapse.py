"""Whether half of all people are gone at once: what one source shows and a second one confirms.

A list that is short for a moment, or a node's that fails, looks the same as people who leave. So it takes
whole answers, another source that says so as well, and none that speaks against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from probes.config.objectives import Objectives
from probes.model import Cause, Disputed, Door, Observer, Outcome, Relocation, Status
from probes.state.disputes import Claim
from probes.state.endings import WITNESS, WITNESSES
from probes.state.joining import FAILING_BELOW, FEWEST_FAILING
from probes.watching.claims import FEWEST_PEOPLE, GROWTH_OVER, People

GONE = 0.5
"""The share of all people that is gone within `GROWTH_OVER` seconds."""

BACK = 0.6
LASTS = 600.0
"""A collapse is over once this share of the people is back, or after so many seconds: then so it is."""


class Collapse(NamedTuple):
    """Since when people are gone, in service time, and how many there were; None: they are not."""

    since: float | None = None
    were: int = 0

    @property
    def on(self) -> bool:
        return self.since is not None

    def moved_to(self, people: People, audience: int, confirmed: bool, now: float) -> Collapse:
        """The collapse at service time `now`. `people` is empty while a part of the service is unknown."""
        there = people.seen[-1][1] if people.seen else None
        if self.since is not None:
            over = not 0 <= now - self.since < LASTS
            return Collapse() if over or (there is not None and there >= BACK * self.were) else self
        were = max((count for _, count in people.seen), default=0)
        fell = there is not None and there <= (1 - GONE) * were
        return Collapse(now, were) if fell and confirmed and were >= max(FEWEST_PEOPLE, audience) else self


class Sources(NamedTuple):
    """What may confirm that people are gone, beside the rooms' counts."""

    claims: Iterable[Claim]
    differing: Mapping[Disputed, float]
    own: Counter[Outcome]
    door: Door | None
    relocations: Iterable[Relocation]

    def confirm(self, objectives: Objectives, now: float) -> bool:
        """Whether one of them says so at service time `now`, and none speaks against it."""
        lately = now - GROWTH_OVER
        if any(since > lately - WITNESS for what, since in self.differing.items() if what in WITNESSES):
            return False
        return (
            any(claim.what is Disputed.PEOPLE and not claim.differs for claim in self.claims)
            or self._our_joins_fail()
            or self._joins_fail(objectives)
            or any(_ended(each, lately) for each in self.relocations)
        )

    def _our_joins_fail(self) -> bool:
        failed = self.own.total() - self.own[Outcome.JOINED]
        return failed >= FEWEST_FAILING and failed >= self.own[Outcome.JOINED]

    def _joins_fail(self, objectives: Objectives) -> bool:
        door = self.door
        if door is None or door.observer is not Observer.SERVICE or door.success_ratio is None:
            return False
        return door.success_ratio < min(FAILING_BELOW, objectives.join_success)


def _ended(relocation: Relocation, lately: float) -> bool:
    """Whether a room with an audience has lately ended."""
    ended = relocation.cause in (Cause.ENDED, Cause.SUCCEEDED) and relocation.status is not Status.REJECTED
    return ended and relocation.at - (relocation.dark_seconds or 0.0) >= lately
