"""Where rooms went: relocations, and the lineages they make. Pure: times come with the changes.

What continues what is judged by finders; here is what follows from their
judgement: a room that ended with an audience and went nowhere known has ended,
until a successor turns up or the room comes back.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import nlargest

from msgspec.structs import replace

from probes.model import Cause, Place, Relocation, Room, Status, plain_text
from probes.watching.answers import BACKWARDS, PATIENCE, Arrival, Changes, Departure
from probes.watching.finders import FINDERS, WINDOW, Match
from probes.watching.recent import Recent
from probes.watching.roll import Key
from probes.watching.summary import shown
from probes.watching.wording import number

SETTLES = 900.0
"""Seconds of service time for which people are followed to the new room."""

MOST_RELOCATIONS = 100

Lookup = Callable[[Key], Room | None]
"""Finds an open room in the newest answers."""


@dataclass(slots=True)
class _Case:
    relocation: Relocation
    target: Key | None

    def rank(self) -> tuple[bool, int, float, str]:
        """What is kept when there are too many: what still goes on, then the big, then the new."""
        relocation = self.relocation
        return not relocation.settled, relocation.participants_before or 0, relocation.at, relocation.id


class Lineage:
    """The relocations of one service.

    `totals` counts what stood, by cause; a claim that was withdrawn, or gave way
    to another cause, is also counted in `retractions`: totals less retractions
    is the number of relocations that stand.
    """

    def __init__(self, service: str, audience: int, restored: Iterable[Relocation] = ()) -> None:
        self.audience = audience
        self.totals: Counter[Cause] = Counter()
        self.retractions = 0
        self._service = service
        self._now: float | None = None
        self._departures: Recent[Departure] = Recent(WINDOW + PATIENCE)
        self._arrivals: Recent[Arrival] = Recent(WINDOW + PATIENCE)
        self._cases: dict[str, _Case] = {}
        self._leading: dict[Key, str] = {}  # open rooms that a relocation led to, with their lineage
        for relocation in sorted(restored, key=lambda r: (r.at, r.id)):
            self._restore(relocation)
        self._trim()

    def take(self, changes: Changes, lookup: Lookup) -> None:
        """Learn from what one good answer changed, with every endpoint's newest answer behind `lookup`."""
        now = changes.at
        if changes.backwards:
            self._departures.clear()
            self._arrivals.clear()
        if changes.backwards or self._now is None:
            self._forget_after(now)
        self._now = now
        self._departures.expire(now)
        self._arrivals.expire(now)
        matches = [match for arrival in changes.arrived if (match := self._arrive(arrival))]
        ended: list[Departure] = []
        for departure in changes.departed:
            match = self._depart(departure)
            if match:
                matches.append(match)
            elif departure.claimed:
                ended.append(departure)
        self._record(matches, ended)
        self._follow(now, lookup)

    def relocations(self, unknown: Callable[[Key], bool]) -> tuple[Relocation, ...]:
        """All that is kept, newest first. People in a room that is `unknown` at present are unknown too."""
        kept = sorted(self._cases.values(), key=lambda case: (-case.relocation.at, case.relocation.id))
        return tuple(
            replace(case.relocation, participants_now=None, carried_over=None)
            if case.target and not case.relocation.settled and unknown(case.target)
            else case.relocation
            for case in kept
        )

    def rooms(self) -> dict[Key, str]:
        """The rooms that kept relocations led to, with their lineage."""
        return dict(sorted(self._leading.items()))

    def _arrive(self, arrival: Arrival) -> Match | None:
        earlier = self._departures.get(arrival.key)
        if earlier is not None and arrival.at - earlier.last_seen <= WINDOW:
            self._departures.drop(arrival.key)
            self._back(earlier)
            return None
        self._leading.pop(arrival.key, None)  # an id used again, long after
        for finder in FINDERS:
            if match := finder.predecessor(arrival, self._departures):
                self._departures.drop(match.departure.key)
                return match
        self._arrivals.add(arrival.key, arrival.at, arrival)
        return None

    def _depart(self, departure: Departure) -> Match | None:
        self._arrivals.drop(departure.key)
        departure.lineage = self._leading.pop(departure.key, "")
        if departure.lineage:
            self._settle(departure.key, True)
        for finder in FINDERS:
            if match := finder.successor(departure, self._arrivals):
                self._arrivals.drop(match.arrival.key)
                return match
        departure.claimed = departure.before is not None and departure.before >= self.audience
        self._departures.add(departure.key, departure.last_seen, departure, lasting=departure.claimed)
        return None

    def _back(self, departure: Departure) -> None:
        """The same room opened again on its node: nothing has happened."""
        if departure.lineage:
            self._leading[departure.key] = departure.lineage
            self._settle(departure.key, False)
        if not departure.claimed:
            return
        self.retractions += 1
        case = self._cases.get(self._id(departure))
        if case is not None:
            evidence = (*case.relocation.evidence, "the room came back on its node")
            case.relocation = replace(
                case.relocation, status=Status.REJECTED, confidence=0.0, evidence=evidence, settled=True
            )

    def _record(self, matches: list[Match], ended: list[Departure]) -> None:
        """Count everything, and keep the biggest: one answer may move every room there is."""
        for match in matches:
            self.totals[match.cause] += 1
            self.retractions += match.departure.claimed
        self.totals[Cause.ENDED] += len(ended)
        for match in nlargest(MOST_RELOCATIONS, matches, key=lambda match: match.departure.before or 0):
            self._keep(self._moved(match), match.arrival.key)
        for departure in nlargest(MOST_RELOCATIONS, ended, key=lambda departure: departure.before or 0):
            self._keep(self._ended(departure), None)
        self._trim()

    def _keep(self, relocation: Relocation, target: Key | None) -> None:
        self._cases[relocation.id] = _Case(relocation, target)
        if target is not None:
            self._leading[target] = relocation.lineage

    def _trim(self) -> None:
        if len(self._cases) > MOST_RELOCATIONS:
            kept = nlargest(MOST_RELOCATIONS, self._cases.values(), key=_Case.rank)
            self._cases = {case.relocation.id: case for case in kept}
            targets = {case.target for case in kept}
            self._leading = {key: lineage for key, lineage in self._leading.items() if key in targets}

    def _settle(self, target: Key, settled: bool) -> None:
        for case in self._cases.values():
            if case.target == target:
                case.relocation = replace(case.relocation, settled=settled)

    def _moved(self, match: Match) -> Relocation:
        departure, arrival = match.departure, match.arrival
        return Relocation(
            id=self._id(departure),
            lineage=self._lineage(departure),
            cause=match.cause,
            status=Status.STANDING,
            from_=_place(departure.room),
            to=_place(arrival.room),
            at=max(arrival.at, departure.last_seen),
            participants_before=departure.before,
            dark_seconds=match.dark_seconds,
            confidence=match.confidence,
            evidence=match.evidence,
        )

    def _ended(self, departure: Departure) -> Relocation:
        return Relocation(
            id=self._id(departure),
            lineage=self._lineage(departure),
            cause=Cause.ENDED,
            status=Status.STANDING,
            from_=_place(departure.room),
            to=None,
            at=departure.last_seen,
            participants_before=departure.before,
            confidence=1.0,
            evidence=(
                departure.how,
                f"{number(departure.before or 0)} were in it",
                "no room with its id opened",
            ),
        )

    def _follow(self, now: float, lookup: Lookup) -> None:
        """Count those who came along, until a relocation has settled."""
        for case in self._cases.values():
            relocation = case.relocation
            if relocation.settled:
                continue
            room = lookup(case.target) if case.target else None
            if room is not None and room.participants is not None:
                before = relocation.participants_before
                ratio = round(room.participants / before, 4) if before else None
                relocation = replace(relocation, participants_now=room.participants, carried_over=ratio)
            if now - relocation.at >= SETTLES:
                relocation = replace(relocation, settled=True)
            case.relocation = relocation

    def _restore(self, relocation: Relocation) -> None:
        """Take up what was known before a restart: an end that has no successor yet may still find one."""
        source = (relocation.from_.node, relocation.from_.room)
        target = (relocation.to.node, relocation.to.room) if relocation.to else None
        self._keep(relocation, target)
        if relocation.cause is Cause.ENDED and not relocation.settled:
            departure = Departure(
                room=Room(id=source[1], node=source[0], title=relocation.from_.title),
                last_seen=relocation.at,
                at=relocation.at,
                before=relocation.participants_before,
                how=next(iter(relocation.evidence), ""),
                claimed=True,
                lineage=relocation.lineage,
            )
            self._departures.add(source, relocation.at, departure, lasting=True)

    def _forget_after(self, now: float) -> None:
        """The service's time started again: what it calls the future has not been."""
        later = [case for case in self._cases.values() if case.relocation.at > now + BACKWARDS]
        for case in later:
            del self._cases[case.relocation.id]
            if case.target is not None:
                self._leading.pop(case.target, None)

    def _id(self, departure: Departure) -> str:
        node, room = departure.key
        return _digest(self._service, node, room, f"{departure.last_seen:.3f}")

    def _lineage(self, departure: Departure) -> str:
        """The lineage that led to this room, or a new one."""
        return departure.lineage or "l" + self._id(departure)


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _place(room: Room) -> Place:
    return Place(room=shown(room.id), node=shown(room.node), title=plain_text(room.title))
