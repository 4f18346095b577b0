"""What different sources say of the same thing: rooms, nodes, counters and our own joins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from probes.door import Counters, OwnJoins
from probes.door.crowd import admitted, total
from probes.model import Cause, Disputed, Outcome, Relocation
from probes.state.disputes import LAG, SPACING, Claim
from probes.watching.endpoint import Joining, WatchedEndpoint
from probes.watching.joined import Joined
from probes.watching.odds import chance

SHARE_OF_PEOPLE = 0.2
FEWEST_PEOPLE = 20
"""How far apart two counts of people may be: in share of the greater, and in number."""

SHARE_OF_JOINS = 0.2
FEWEST_JOINS = 6
FEWEST_TRIES = 20
"""How far apart two shares of joins may be, and on how many of ours and of theirs they must rest."""

BY_CHANCE = 1e-4
"""Ours are so few that they often fare otherwise than the crowd: less likely than this is no chance."""

SLICES = 6
"""The service's share is the mean of so many parts of the stretch: ours are spread over it evenly, its
tries are not."""

SOON = 5.0
"""Seconds of service time after a room was listed last in which it may still have been there."""

GROWTH_OVER = 60.0
"""Seconds of service time over which people in rooms are compared with those let in."""


class People(NamedTuple):
    """The people in all rooms at some service times of the last minute, oldest first, without a gap."""

    seen: tuple[tuple[float, int], ...] = ()
    empty_since: float | None = None

    def moved_to(self, people: int | None, now: float) -> People:
        """With `people` at service time `now`; None: the rooms are not known as a whole."""
        if people is None:
            return People()
        seen = self.seen if not self.seen or now >= self.seen[-1][0] else ()
        if len(seen) > 1 and now - seen[-2][0] < 2 * SPACING:
            seen = seen[:-1]
        old = [at for at, _ in seen if at <= now - GROWTH_OVER]
        kept = tuple(each for each in seen if not old or each[0] >= old[-1])
        empty_since = None if people else (now if self.empty_since is None else self.empty_since)
        return People((*kept, (now, people)), empty_since)


def claims(
    joined: Joined, own: OwnJoins, own_total: int, people: People, relocations: Sequence[Relocation]
) -> list[Claim]:
    """All that two sources say of one thing now."""
    made = [
        _people(joined, relocations),
        _admitted(joined, people),
        _joins(joined, own, own_total),
        _room(joined.answering, relocations),
    ]
    return [claim for claim in made if claim is not None]


def _people(joined: Joined, relocations: Sequence[Relocation]) -> Claim | None:
    """The rooms' people against the nodes' own totals. A service that lists no rooms has one source only."""
    lists_rooms = (
        joined.rooms_open
        or any(endpoint.answers.waits for endpoint in joined.answering)
        or any(not each.settled for each in relocations)
    )
    counts = joined.counted_twice() if joined.complete and lists_rooms else None
    if counts is None:
        return None
    answers = sum(endpoint.told for endpoint in joined.answering)
    sources = (("rooms", float(counts[0])), ("nodes", float(counts[1])))
    return Claim(Disputed.PEOPLE, sources, (answers, answers), _margin(*counts))


def _admitted(joined: Joined, people: People) -> Claim | None:
    """The rooms' people against the most there can be: those of a minute ago and all who were let in since.

    Empty rooms against those let in since they are empty.
    """
    counters = [endpoint.counters for endpoint in joined.answering]
    if not people.seen or not any(each.totals for each in counters):
        return None
    now, there = people.seen[-1]
    if people.empty_since is not None:
        let_in = _let_in(counters, now - people.empty_since) if now > people.empty_since else 0.0
        most = let_in
    else:
        then, were = people.seen[0]
        if now - then < GROWTH_OVER:
            return None
        # Counts of people may be late, so that they show who came some seconds before.
        let_in = _let_in(counters, now - then + LAG)
        most = None if let_in is None else min(float(there), were + let_in)
    if most is None:
        return None
    heard = (sum(e.told for e in joined.answering), sum(each.answers for each in counters))
    sources = (("rooms", float(there)), ("counters", most))
    return Claim(Disputed.ADMITTED, sources, heard, _margin(there, most))


def _let_in(counters: Iterable[Counters], seconds: float) -> float | None:
    """How many the service let in within the last `seconds`; None where that is not known as a whole."""
    count = 0.0
    for each in counters:
        lately = each.over(seconds)
        if lately.seconds < 0.99 * seconds:
            return None
        count += admitted(lately)
    return count


def _margin(one: float, other: float) -> float:
    return max(FEWEST_PEOPLE, SHARE_OF_PEOPLE * max(one, other))


def _joins(joined: Joined, own: OwnJoins, own_total: int) -> Claim | None:
    """The share of joins that get in, by the service's counters and by our own joins, over one stretch.

    Joins of a room that is not there are left out: while there is none a service counts no tries at all.
    """
    counters = [endpoint.counters for endpoint in joined.answering]
    stretches = [each.over(own.seconds) for each in counters]
    tries = sum(total(stretch) for stretch in stretches)
    counts_failures = any(not outcome.success for each in counters for outcome in each.totals)
    tried, got_in = own.count - own.outcomes[Outcome.NOT_FOUND], own.outcomes[Outcome.JOINED]
    if tried < FEWEST_JOINS or tries < FEWEST_TRIES or not counts_failures:
        return None
    theirs, ours = _mean_share(counters, own.seconds), got_in / tried
    apart = abs(theirs - ours) > SHARE_OF_JOINS
    margin = 1.0 if apart and chance(got_in, tried, theirs) >= BY_CHANCE else SHARE_OF_JOINS
    heard = (sum(each.answers for each in counters), own_total)
    return Claim(Disputed.JOINS, (("counters", theirs), ("our joins", ours)), heard, margin)


def _mean_share(counters: Sequence[Counters], seconds: float) -> float:
    """The share of tries that get in, as it was over `seconds` seconds on average. There are some tries."""
    length = seconds / SLICES
    shares = []
    for part in range(SLICES):
        stretches = [each.over(length, until=part * length) for each in counters]
        tries = sum(total(stretch) for stretch in stretches)
        if tries > 0:
            shares.append(sum(admitted(stretch) for stretch in stretches) / tries)
    return min(1.0, sum(shares) / len(shares))


def _room(answering: Iterable[WatchedEndpoint], relocations: Sequence[Relocation]) -> Claim | None:
    """Whether the room that we join is there, by the list of an endpoint and by the joins at it."""
    made = [claim for each in answering if (claim := _room_at(each, relocations)) is not None]
    return next((claim for claim in made if claim.differs), made[0] if made else None)


def _room_at(endpoint: WatchedEndpoint, relocations: Sequence[Relocation]) -> Claim | None:
    last = endpoint.last_join
    found = {Outcome.JOINED: True, Outcome.NOT_FOUND: False}.get(last.outcome) if last else None
    listed = _listed(endpoint, last, relocations) if last else None
    if found is None or listed is None:
        return None
    sources = (("list", float(listed)), ("our joins", float(found)))
    return Claim(Disputed.ROOM, sources, (endpoint.told, endpoint.joins), 0.5)


def _listed(endpoint: WatchedEndpoint, join: Joining, relocations: Sequence[Relocation]) -> bool | None:
    """Whether a list has the room of a join as open.

    None for a room that it never had, which may be private or another name for one,
    and for a join from before the end or so soon after that the room may have been there.
    """
    if any(join.room in rooms for rooms in endpoint.answers.open.nodes.values()):
        return True
    ends = [each for each in relocations if each.cause is Cause.ENDED and not each.settled]
    ended = any(each.from_.room == join.room and each.at + SOON < join.at for each in ends)
    return False if ended else None
