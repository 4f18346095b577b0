"""Where rooms went: relocations, and the lineages they make. Pure: times come with the changes.

A room that went is first looked for under its own id; that is known at once. Whether
a room of another id continues it is judged by what speaks for it, again and again
while its window lasts. A room that ended with an audience and went nowhere known has
ended, until a successor turns up or the room comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import nlargest

from msgspec.structs import replace

from probes.config.lineage import LineageSettings
from probes.model import Cause, Relocation, Room, Status
from probes.watching import accounts
from probes.watching.answers import BACKWARDS, PATIENCE, Arrival, Changes, Departure
from probes.watching.cases import MOST_RELOCATIONS, STANDS, Cases
from probes.watching.everywhere import Everywhere
from probes.watching.finders import FINDERS, Match
from probes.watching.judged import Judged
from probes.watching.recent import Recent
from probes.watching.restored import Shortened
from probes.watching.roll import Key
from probes.watching.rulings import Ruling, Rulings
from probes.watching.succession import Succession


class Lineage:
    """The relocations of one service.

    `settings` say for how long successors are looked for and people followed;
    `audience` is the fewest people whose room's end matters; `capacity` is what
    one room holds, where the service does not tell.
    """

    def __init__(
        self,
        service: str,
        audience: int,
        settings: LineageSettings,
        capacity: int | None,
        restored: Iterable[Relocation] = (),
    ) -> None:
        self.cases = Cases()
        self._service = service
        self._settings = settings
        self._now: float | None = None
        keep = settings.window + PATIENCE
        self._departures: Recent[Departure] = Recent(keep)
        self._arrivals: Recent[Arrival] = Recent(keep)
        self._succession = Succession(settings.window, settings.stands_at, audience, capacity)
        self._judged = Judged(service, settings, self.cases, self._succession)
        self._rulings = Rulings(service, self.cases, self._succession, self._departures.get)
        self._left_out_at: float | None = None
        self._shortened = Shortened()
        for relocation in sorted(restored, key=lambda r: (r.at, r.id)):
            self._restore(relocation)
        self.cases.trim()

    def follow(self, audience: int, settings: LineageSettings, capacity: int | None) -> None:
        """Take over a changed config. What is known already is judged by it from now on."""
        self._settings = self._judged.settings = settings
        self._succession.audience = audience
        self._succession.capacity = capacity
        self._succession.window = settings.window
        self._departures.keep = self._arrivals.keep = settings.window + PATIENCE
        self._succession.stands_at = settings.stands_at

    @property
    def left_out(self) -> bool:
        """Whether rooms have lately gone that were too many to be followed one by one."""
        return self._left_out_at is not None

    def departed(self, key: Key) -> bool:
        """Whether a room has ended lately, so that its coming back is news."""
        return self._departures.get(key) is not None

    def rule(self, ruling: Ruling, everywhere: Everywhere) -> str:
        """Carry out what an operator says. Returns why that cannot be, in a sentence, or ""."""
        if self._now is None:
            return "nothing is known of this service yet; try again after its first answer"
        return self._rulings.rule(ruling, self._now, everywhere)

    def take(self, changes: Changes, everywhere: Everywhere, successors: Mapping[str, str]) -> None:
        """Learn from what one good answer changed, with every endpoint's newest answer in `everywhere`.

        `successors`: the rooms that the service itself says continue others, by id.
        """
        now = changes.at
        if changes.backwards:
            self._departures.clear()
            self._arrivals.clear()
            self._succession.clear()
        if changes.backwards or self._now is None:
            self.cases.forget_after(now + BACKWARDS)
        self._now = now
        self._departures.expire(now)
        self._note_left_out(changes)
        self._rename(changes)
        again = self._found(changes, everywhere)
        matches = [match for arrival in (*again, *changes.arrived) if (match := self._arrive(arrival))]
        ended: list[Departure] = []
        for departure in changes.departed:
            match = self._depart(departure, everywhere)
            if match:
                matches.append(match)
            elif departure.claimed:
                ended.append(departure)
        self._record(matches, ended)
        self._arrivals.expire(min(now, everywhere.unsure_since))  # a node's return may need older ones
        if successors:
            self._judged.report(successors, self._departures, now, everywhere)
        self._succeed(changes, matches, ended, everywhere)
        self.cases.follow(now, everywhere, self._settings.settle)

    def _note_left_out(self, changes: Changes) -> None:
        now, since = changes.at, self._left_out_at
        if changes.left_out:
            self._left_out_at = now
        elif since is not None and not 0 <= now - since <= self._settings.window:
            self._left_out_at = None

    # --- the same room: what is known at once ---

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
        window = self._settings.window
        if earlier is not None and arrival.at - earlier.last_seen <= window:
            self._departures.drop(arrival.key)
            self._back(earlier)
            return None
        self.cases.used_again(arrival.key)
        for finder in FINDERS:
            match = finder.predecessor(arrival, self._departures, window)
            if match and not self._confirmed(match.departure):
                self._departures.drop(match.departure.key)
                return match
        self._arrivals.add(arrival.key, arrival.at, arrival)
        return None

    def _confirmed(self, departure: Departure) -> bool:
        """Whether an operator has said what became of a room."""
        case = self.cases.get(self._id(departure))
        return case is not None and case.relocation.status is Status.CONFIRMED

    def _depart(self, departure: Departure, everywhere: Everywhere) -> Match | None:
        arrival = self._arrivals.get(departure.key)
        self._arrivals.drop(departure.key)
        departure.lineage = self.cases.left(departure.key)
        for name in self._succession.closed(departure.key, departure.before):
            self.cases.reopen(name)
        for finder in FINDERS:
            if match := finder.successor(departure, self._arrivals, self._settings.window):
                self._arrivals.drop(match.arrival.key)
                return match
        if departure.before is not None and departure.before >= self._succession.audience:
            told = self.cases.going_on(departure.key) is not None
            departure.claimed = not told and not self._goes_on(departure, arrival, everywhere)
            if told:
                self._succession.ended(departure.key)
        self._departures.add(departure.key, departure.last_seen, departure, lasting=departure.claimed)
        return None

    def _goes_on(self, departure: Departure, arrival: Arrival | None, everywhere: Everywhere) -> bool:
        """Whether a room that went may go on elsewhere though nothing was seen to open.

        One that had just opened beside another was an attempt to move it, and where there
        were too many openings to remember, the one that counts may be forgotten.
        """
        trimmed = self._arrivals.trimmed_at
        forgotten = trimmed is not None and trimmed >= departure.last_seen - self._settings.window
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
        self._succession.found(departure.key)
        if departure.lineage:
            self.cases.opened_again(departure.key, departure.lineage)
        if not departure.claimed:
            return
        case = self.cases.get(self._id(departure))
        if case is None:
            self.cases.retractions += self._counts(departure)
        elif not case.relocation.judged_by:
            evidence = (*case.relocation.evidence, "the room came back on its node")
            relocation = replace(
                case.relocation, status=Status.REJECTED, confidence=0.0, evidence=evidence, settled=True
            )
            self.cases.hold(relocation, case.target, None)

    def _record(self, matches: list[Match], ended: list[Departure]) -> None:
        """Count everything, and keep the biggest: one answer may move every room there is."""
        for match in matches:
            self.cases.totals[match.cause] += 1
            self.cases.retractions += self._counts(match.departure)
        self.cases.totals[Cause.ENDED] += len(ended)
        for match in nlargest(MOST_RELOCATIONS, matches, key=lambda match: match.departure.before or 0):
            told = accounts.moved(self._id(match.departure), self._lineage(match.departure), match)
            self.cases.keep(told, match.arrival.key, match.cause, match.departure.key)
        for departure in nlargest(MOST_RELOCATIONS, ended, key=lambda departure: departure.before or 0):
            told = accounts.ended(self._id(departure), self._lineage(departure), departure)
            self.cases.keep(told, None, Cause.ENDED, departure.key)
        self.cases.trim()

    def _counts(self, departure: Departure) -> bool:
        """Whether a claim of what became of a room is counted as one that stands."""
        unknown = Cause.ENDED if departure.claimed else None
        return self.cases.counted(self._id(departure), unknown) is not None

    # --- another room: what is judged ---

    def _succeed(
        self, changes: Changes, matches: list[Match], ended: list[Departure], everywhere: Everywhere
    ) -> None:
        """Look for the rooms of another id that continue lost ones, and hold what is judged now."""
        succession = self._succession
        for match in matches:
            succession.found(match.departure.key)
            succession.around.move(match.arrival.key, match.departure.before)
        if changes.first:
            rooms = (room for e in everywhere.endpoints for room in e.answers.summary.biggest)
            succession.recall(rooms, changes.at)
        moved = {match.arrival.key for match in matches}
        news = succession.opened([a for a in changes.arrived if a.key not in moved])
        succession.lost((d, self._id(d), self._lineage(d)) for d in ended)
        for judgement in succession.look(changes.at, everywhere, news):
            self._judged.take(judgement, changes.at)
        self.cases.trim()

    # --- restarts ---

    def _restore(self, relocation: Relocation) -> None:
        """Take up what was known before a restart: an end that has no sure successor may still find one."""
        source = (relocation.from_.node, relocation.from_.room)
        target = (relocation.to.node, relocation.to.room) if relocation.to else None
        self.cases.keep(relocation, target, relocation.cause if relocation.status in STANDS else None)
        unsure = relocation.cause is Cause.ENDED or relocation.status is Status.PROPOSED
        if unsure and relocation.cause is not Cause.OVERFLOWED and not relocation.settled:
            departure = Departure(
                room=Room(id=source[1], node=source[0], title=relocation.from_.title),
                last_seen=relocation.at - (relocation.dark_seconds or 0.0),
                at=relocation.at,
                before=relocation.participants_before,
                how=next(iter(relocation.evidence), ""),
                claimed=True,
                lineage=relocation.lineage,
                relocation=relocation.id,
            )
            self._departures.add(source, departure.last_seen, departure, lasting=True)
            if not relocation.judged_by or relocation.cause is Cause.ENDED:
                ruled_out = [(place.node, place.room) for place in relocation.ruled_out]
                self._succession.resume(departure, relocation.id, ruled_out)
        self._shortened.add(*source, *(target or ()))

    def _rename(self, changes: Changes) -> None:
        """Find again what history kept under a shortened name."""
        for text, name in self._shortened.find(changes).items():
            self.cases.rename(lambda key, text=text, name=name: _renamed(key, text, name))  # type: ignore[misc]
            for case in self.cases:
                place = case.relocation.from_
                if departure := self._departures.get((place.node, place.room)):
                    node, room = _renamed(departure.key, text, name)
                    self._departures.drop(departure.key)
                    departure.room = replace(departure.room, node=node, id=room)
                    self._departures.add(departure.key, departure.last_seen, departure, lasting=True)

    def relocations(self, known: Callable[[Key], bool]) -> tuple[Relocation, ...]:
        """All that is kept, newest first. People in a room that is not `known` at present are unknown too."""
        return self.cases.view(known)

    def _id(self, departure: Departure) -> str:
        return accounts.id_of(self._service, departure)

    def _lineage(self, departure: Departure) -> str:
        """The lineage that led to this room, or a new one."""
        return departure.lineage or accounts.new_lineage(self._service, departure.room, departure.last_seen)


def _renamed(key: Key, text: str, name: str) -> Key:
    node, room = (name if part == text else part for part in key)
    return node, room
