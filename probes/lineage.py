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
from probes.watching.everywhere import Everywhere
from probes.watching.finders import FINDERS, WINDOW, Match
from probes.watching.recent import Recent
from probes.watching.restored import Shortened
from probes.watching.roll import Key
from probes.watching.summary import shown
from probes.watching.wording import number

SETTLES = 900.0
"""Seconds of service time for which people are followed to the new room."""

MOST_RELOCATIONS = 100


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
        self._left_out_at: float | None = None
        self._shortened = Shortened()
        self._leading: dict[Key, str] = {}  # open rooms that a relocation led to, with their lineage
        for relocation in sorted(restored, key=lambda r: (r.at, r.id)):
            self._restore(relocation)
        self._trim()

    @property
    def left_out(self) -> bool:
        """Whether rooms have lately gone that were too many to be followed one by one."""
        return self._left_out_at is not None

    def departed(self, key: Key) -> bool:
        """Whether a room has ended lately, so that its coming back is news."""
        return self._departures.get(key) is not None

    def take(self, changes: Changes, everywhere: Everywhere) -> None:
        """Learn from what one good answer changed, with every endpoint's newest answer in `everywhere`."""
        now = changes.at
        if changes.backwards:
            self._departures.clear()
            self._arrivals.clear()
        if changes.backwards or self._now is None:
            self._forget_after(now)
        self._now = now
        self._departures.expire(now)
        if changes.left_out:
            self._left_out_at = now
        elif self._left_out_at is not None and not 0 <= now - self._left_out_at <= WINDOW:
            self._left_out_at = None
        self._rename(changes)
        arrived = (*self._found(changes, everywhere), *changes.arrived)
        matches = [match for arrival in arrived if (match := self._arrive(arrival))]
        ended: list[Departure] = []
        for departure in changes.departed:
            match = self._depart(departure, everywhere)
            if match:
                matches.append(match)
            elif departure.claimed:
                ended.append(departure)
        self._record(matches, ended)
        self._arrivals.expire(min(now, everywhere.unsure_since))  # a node's return may need older ones
        self._follow(now, everywhere)

    def relocations(self, known: Callable[[Key], bool]) -> tuple[Relocation, ...]:
        """All that is kept, newest first. People in a room that is not `known` at present are unknown too."""
        kept = sorted(self._cases.values(), key=lambda case: (-case.relocation.at, case.relocation.id))
        return tuple(
            replace(case.relocation, participants_now=None, carried_over=None)
            if case.target and not case.relocation.settled and not known(case.target)
            else case.relocation
            for case in kept
        )

    def rooms(self) -> dict[Key, str]:
        """The rooms that kept relocations led to, with their lineage."""
        return dict(sorted(self._leading.items()))

    def _found(self, changes: Changes, everywhere: Everywhere) -> list[Arrival]:
        """Rooms that nobody saw open, and that answer for one that went.

        Those that are there again on their node; in a node's first answer also those that
        went elsewhere. One that is open on two nodes at the start is two rooms.
        """
        if changes.again is None:
            return []
        gone = set(self._departures.ids())
        if changes.first:
            gone |= everywhere.missing_ids()
        found: list[Arrival] = []
        for node, rooms in changes.again.nodes.items():
            here = gone & rooms.keys()
            twins = everywhere.open_elsewhere(node, here) if changes.first else here
            back = {room for room in here if self.departed((node, room))}
            found += [Arrival(rooms[room], changes.at, first=True) for room in sorted(back | (here - twins))]
        return found

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

    def _depart(self, departure: Departure, everywhere: Everywhere) -> Match | None:
        arrival = self._arrivals.get(departure.key)
        self._arrivals.drop(departure.key)
        departure.lineage = self._leading.pop(departure.key, "")
        if departure.lineage:
            self._settle(departure.key, True)
        for finder in FINDERS:
            if match := finder.successor(departure, self._arrivals):
                self._arrivals.drop(match.arrival.key)
                return match
        if departure.before is not None and departure.before >= self.audience:
            departure.claimed = not self._goes_on(departure, arrival, everywhere)
        self._departures.add(departure.key, departure.last_seen, departure, lasting=departure.claimed)
        return None

    def _goes_on(self, departure: Departure, arrival: Arrival | None, everywhere: Everywhere) -> bool:
        """Whether a room that went may go on elsewhere though nothing was seen to open.

        One that had just opened beside another was an attempt to move it, and where there
        were too many openings to remember, the one that counts may be forgotten.
        """
        trimmed = self._arrivals.trimmed_at
        forgotten = trimmed is not None and trimmed >= departure.last_seen - WINDOW
        if self._departures.full:
            self._left_out_at = self._now
            return True
        if arrival is None and not forgotten:
            return False
        if not everywhere.open_elsewhere(departure.key[0], {departure.key[1]}):
            return False
        if arrival is None:
            self._left_out_at = self._now
        return True

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

    def _follow(self, now: float, everywhere: Everywhere) -> None:
        """Count those who came along, until a relocation has settled."""
        for case in self._cases.values():
            relocation = case.relocation
            if relocation.settled:
                continue
            room = everywhere.room(case.target) if case.target else None
            people = room.participants if room else None
            settled = now - relocation.at >= SETTLES
            if people is not None:
                before = relocation.participants_before
                ratio = round(people / before, 4) if before else None
                relocation = replace(relocation, participants_now=people, carried_over=ratio)
            elif settled:
                relocation = replace(relocation, participants_now=None, carried_over=None)
            case.relocation = replace(relocation, settled=True) if settled else relocation

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
                relocation=relocation.id,
            )
            self._departures.add(source, relocation.at, departure, lasting=True)
        self._shortened.add(*source, *(target or ()))

    def _rename(self, changes: Changes) -> None:
        """Find again what history kept under a shortened name."""
        for text, name in self._shortened.find(changes).items():
            self._leading = {_renamed(key, text, name): lead for key, lead in self._leading.items()}
            for case in self._cases.values():
                place = case.relocation.from_
                if case.target is not None:
                    case.target = _renamed(case.target, text, name)
                if departure := self._departures.get((place.node, place.room)):
                    node, room = _renamed(departure.key, text, name)
                    self._departures.drop(departure.key)
                    departure.room = replace(departure.room, node=node, id=room)
                    self._departures.add(departure.key, departure.last_seen, departure, lasting=True)

    def _forget_after(self, now: float) -> None:
        """The service's time started again: what it calls the future has not been."""
        later = [case for case in self._cases.values() if case.relocation.at > now + BACKWARDS]
        for case in later:
            del self._cases[case.relocation.id]
            if case.target is not None:
                self._leading.pop(case.target, None)

    def _id(self, departure: Departure) -> str:
        if departure.relocation:
            return departure.relocation
        node, room = departure.key
        return _digest(self._service, node, room, f"{departure.last_seen:.3f}")

    def _lineage(self, departure: Departure) -> str:
        """The lineage that led to this room, or a new one."""
        return departure.lineage or "l" + self._id(departure)


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _renamed(key: Key, text: str, name: str) -> Key:
    node, room = (name if part == text else part for part in key)
    return node, room


def _place(room: Room) -> Place:
    return Place(room=shown(room.id), node=shown(room.node), title=plain_text(room.title))
