"""Sources that tell different things of one service, and whether that is more than lag and noise.

Sources lag: counts are some seconds old, each by its own measure. So two of them
disagree only if all that one has said in the last `LAG` seconds is further than a
margin from all that the other has said in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from probes.model import Disagreement, Disputed
from probes.watching.wording import clock, number, percent

LAG = 15.0
"""Seconds of service time by which a source may be late, and for which a difference must have lasted."""

ANSWERS = 3
"""How many answers of each source it takes, to begin."""

SPACING = 0.5
"""Seconds between two values that are remembered, at least."""


class Claim(NamedTuple):
    """What two sources, each with its name, say of one thing.

    `heard`: how often each has told so far; `margin`: how far apart they may be.
    """

    what: Disputed
    sources: tuple[tuple[str, float], tuple[str, float]]
    heard: tuple[int, int]
    margin: float

    @property
    def differs(self) -> bool:
        (_, one), (_, other) = self.sources
        return abs(one - other) > self.margin


class Said(NamedTuple):
    """The values of both sources at one service time."""

    at: float
    one: float
    other: float


class Dispute(NamedTuple):
    """What is remembered of one subject. `since`: from when on the sources differ, in service time.

    `open`: it is more than lag and noise; `agreed`: since when they agree again.
    """

    said: tuple[Said, ...] = ()
    since: float | None = None
    heard: tuple[int, int] = (0, 0)
    open: bool = False
    agreed: float | None = None
    sources: tuple[tuple[str, float], ...] = ()

    def moved_to(self, claim: Claim | None, now: float) -> Dispute:
        """The dispute at service time `now`. What is not told by both is not in dispute."""
        if claim is None:
            return Dispute()
        before = self if not self.said or now >= self.said[-1].at else Dispute()
        said = before._with(claim, now)
        if not claim.differs:
            return before._agreeing(claim, said, now)
        since, heard = (now, claim.heard) if before.since is None else (before.since, before.heard)
        told_enough = all(n - then >= ANSWERS for n, then in zip(claim.heard, heard, strict=True))
        lasted = now - since >= LAG and _apart(said) > claim.margin
        opened = before.open or (lasted and told_enough)
        return Dispute(said, since, heard, opened, None, claim.sources)

    def _agreeing(self, claim: Claim, said: tuple[Said, ...], now: float) -> Dispute:
        agreed = now if self.agreed is None else self.agreed
        if not self.open or now - agreed >= LAG:
            return Dispute(said)
        return self._replace(said=said, agreed=agreed, sources=claim.sources)

    def _with(self, claim: Claim, now: float) -> tuple[Said, ...]:
        said = self.said
        if len(said) > 1 and now - said[-2].at < SPACING:
            said = said[:-1]
        (_, one), (_, other) = claim.sources
        return (*(each for each in said if each.at >= now - LAG), Said(now, one, other))


class Disputes(NamedTuple):
    """All that is in dispute, by what it is about."""

    by_what: Mapping[Disputed, Dispute] = {}

    def moved_to(self, claims: Iterable[Claim], now: float) -> Disputes:
        """The disputes at service time `now`, with all that the sources say then."""
        claimed = {claim.what: claim for claim in claims}
        return Disputes(
            {what: self._of(what).moved_to(claimed.get(what), now) for what in Disputed if what in claimed}
        )

    @property
    def open(self) -> tuple[Disagreement, ...]:
        return tuple(
            Disagreement(what.value, each.sources, each.since)
            for what, each in self.by_what.items()
            if each.open and each.since is not None
        )

    @property
    def differing(self) -> dict[Disputed, float]:
        """Since when sources differ, be it for a moment only: nothing is sure that hangs on one of them."""
        return {
            what: each.since
            for what, each in self.by_what.items()
            if each.since is not None and each.agreed is None
        }

    def _of(self, what: Disputed) -> Dispute:
        return self.by_what.get(what, Dispute())


def _apart(said: tuple[Said, ...]) -> float:
    """How far all values of the one are from all of the other; 0 or less where they meet."""
    one, other = [each.one for each in said], [each.other for each in said]
    return max(min(one) - max(other), min(other) - max(one))


def in_words(disagreement: Disagreement) -> str:
    """What the sources say, and since when they disagree."""
    (name, one), (other_name, other) = disagreement.sources
    say = _SENTENCES[Disputed(disagreement.what)]
    return f"{say(name, one, other_name, other)} (they disagree since {clock(disagreement.since)})"


def _people(name: str, one: float, other_name: str, other: float) -> str:
    return f"{number(round(one))} people by the {name}, {number(round(other))} by the {other_name}"


def _admitted(_name: str, one: float, _other_name: str, other: float) -> str:
    if one == 0:
        return f"The rooms are empty, yet the service has let in {number(round(other))} since they are"
    return (
        f"The rooms hold {number(round(one))} people, and by the service's count of those it let in "
        f"there can be {number(round(other))} at most"
    )


def _joins(_name: str, one: float, _other_name: str, other: float) -> str:
    return f"The service says that {percent(one)} of joins get in; of ours {percent(other)} do"


def _room(_name: str, one: float, _other_name: str, _other: float) -> str:
    if one:
        return "The list has the room that we join as open, and our joins do not find it"
    return "The list has the room that we join as ended, and our joins get in"


_SENTENCES = {
    Disputed.PEOPLE: _people,
    Disputed.ADMITTED: _admitted,
    Disputed.JOINS: _joins,
    Disputed.ROOM: _room,
}
