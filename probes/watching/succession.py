"""Which rooms go on under another id. Stateful and pure: time comes with the answers.

Evidence grows: a room that has just opened has nobody in it. So every loss is judged
again with each look, until its window is over, and the judgement may change.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from heapq import nlargest

from probes.model import Room
from probes.watching.answers import Arrival, Departure
from probes.watching.everywhere import Everywhere
from probes.watching.gains import Gains
from probes.watching.likeness import core, name_of
from probes.watching.losses import MOST_CANDIDATES, SMALL_GAIN, SOON, Kind, Loss
from probes.watching.roll import Key
from probes.watching.surroundings import Surroundings
from probes.watching.weighing import Judgement, overflows, successions

FULL = 0.98
"""The share of its capacity from which on a room is full."""

MOST_LOSSES = 50

_LOOK_SECONDS = 1.0
_BACK = 0.8
_NAMES_READ = 200
_ROOMS_READ = 2 * MOST_CANDIDATES
_GAINERS = 8


class Succession:
    """The lost and the full rooms of one service, and what may continue them.

    `window`: seconds of service time after a loss within which its successor opens or swells.
    `stands_at`: the confidence from which on a successor stands.
    `audience`: the fewest people whose room counts. `capacity`: what any one room holds, where only
    the config knows.
    """

    def __init__(self, window: float, stands_at: float, audience: int, capacity: int | None) -> None:
        self.window = window
        self.stands_at = stands_at
        self.audience = audience
        self.capacity = capacity
        self.around = Surroundings()
        self._losses: dict[Key, Loss] = {}
        self._looked: float | None = None

    def clear(self) -> None:
        """The service's time started again: nothing can be compared."""
        self.around = Surroundings()
        self._losses.clear()
        self._looked = None

    # --- what happens ---

    def opened(self, arrivals: Sequence[Arrival]) -> bool:
        """Learn of rooms that opened. Returns whether one may continue a lost room."""
        self.around.open(arrivals)
        return self._relate(self._losses.values(), arrivals)

    def recall(self, rooms: Iterable[Room], now: float) -> None:
        """Rooms of a first answer, which nobody saw open, may continue what was lost before a restart."""
        resumed = [loss for loss in self._losses.values() if loss.bases is None]
        for room in rooms if resumed else ():
            started = room.started_at
            if started is not None and started <= now and any(loss.in_time(started) for loss in resumed):
                self.opened([Arrival(room, started)])
                continue
            for loss in resumed:
                if room.started_at is None and loss.may_be(room) and loss.has_name_of(room):
                    loss.consider(room, None, 0)

    def closed(self, key: Key, people: int | None) -> list[str]:
        """A room has gone that `people` were in: it continues nothing any more.

        What it is known to have continued stays so, but where it went before it had an audience:
        people who try again open the next one. Returns the relocations that are open again so.
        """
        self.around.close(key)
        again: list[str] = []
        for loss in list(self._losses.values()):
            if loss.candidates.pop(key, None) is None or loss.chosen != key:
                continue
            loss.chosen = None
            if not loss.stood or loss.kind is Kind.FULL:
                continue
            if people is None or people >= self.audience:
                del self._losses[loss.key]
            else:
                again.append(loss.case)
        return again

    def lost(self, departures: Iterable[tuple[Departure, str, str]]) -> None:
        """Rooms that ended with an audience, each with its relocation's id and lineage."""
        self._add(
            Loss(
                room=departure.room,
                kind=Kind.GONE,
                before=max(departure.before or 0, self._before_fall(departure.key)),
                at=departure.last_seen,
                until=departure.last_seen + self.window,
                case=case,
                lineage=lineage,
            )
            for departure, case, lineage in departures
        )

    def _before_fall(self, key: Key) -> int:
        fell = self._losses.get(key)
        return fell.before if fell is not None and fell.kind is Kind.FELL else 0

    def resume(self, departure: Departure, case: str, ruled_out: Collection[Key]) -> None:
        """A room ended with an audience before a restart: who was where then is not known."""
        loss = Loss(
            room=departure.room,
            kind=Kind.GONE,
            before=departure.before or 0,
            at=departure.last_seen,
            until=departure.last_seen + self.window,
            ruled_out=set(ruled_out),
            case=case,
            lineage=departure.lineage,
        )
        self._losses[loss.key] = loss
        self._relate([loss], self.around.openings)

    def rule_out(self, lost: Key, candidate: Key) -> bool:
        """An operator says that a room does not continue another. Returns whether others are looked for."""
        loss = self._losses.get(lost)
        if loss is None:
            return False
        loss.ruled_out.add(candidate)
        loss.candidates.pop(candidate, None)
        loss.chosen = None if loss.chosen == candidate else loss.chosen
        return True

    def ended(self, key: Key) -> None:
        """A room that fell is gone too, and is known to go on elsewhere."""
        loss = self._losses.get(key)
        if loss is not None:
            loss.ended = True

    def found(self, key: Key) -> None:
        """A lost room came back, or where it went is known otherwise."""
        self._losses.pop(key, None)

    def ruled(self, key: Key) -> None:
        """An operator has said where a lost room went. One that is open would only be lost again."""
        loss = self._losses.get(key)
        if loss is not None and loss.kind is Kind.GONE:
            del self._losses[key]

    def case(self, key: Key) -> str:
        """The id of the relocation that tells of a lost room, or ""."""
        loss = self._losses.get(key)
        return loss.case if loss else ""

    def look(self, now: float, everywhere: Everywhere, at_once: bool) -> list[Judgement]:
        """Judge all that is lost, once a second of service time, or `at_once`."""
        if not at_once and self._looked is not None and 0 <= now - self._looked < _LOOK_SECONDS:
            return []
        self._looked = now
        self.around.see(everywhere)
        for loss in [loss for loss in self._losses.values() if now > loss.until]:
            del self._losses[loss.key]
        self._note_falls(now)
        recovered = self._note_recoveries()
        self._note_full(now)
        self.around.remember(now, self.window)
        if not self._losses:
            return recovered
        gains = Gains(self.around)
        self._note_swelling(gains)
        self._refresh(everywhere)
        return [
            *recovered,
            *successions(self._losses, gains.others, self.stands_at, now),
            *overflows(self._losses.values(), now),
        ]

    # --- what is lost ---

    def _add(self, losses: Iterable[Loss]) -> None:
        """Begin to look for successors, the biggest losses first; also among the rooms that opened before."""
        added = nlargest(MOST_LOSSES, losses, key=_rank)
        if not added:
            return
        names = self.around.common_names()
        for loss in added:
            loss.bases = self.around.sizes_before()
            loss.floor = self.around.floor
            loss.common_name = self.around.is_common(loss.room, names)
            before = self._losses.get(loss.key)
            if before is not None:
                loss.ruled_out = before.ruled_out
                loss.spilled = set(before.candidates) if before.kind is Kind.FULL else before.spilled
            self._losses[loss.key] = loss
        self._relate(added, self.around.openings)
        if len(self._losses) > MOST_LOSSES:
            kept = nlargest(MOST_LOSSES, self._losses.values(), key=_rank)
            self._losses = {loss.key: loss for loss in kept}

    def _note_falls(self, now: float) -> None:
        """Rooms that have half of the people that they had twice in the last minute: once may be noise."""
        fell: list[Loss] = []
        for key, counts in self.around.counts(now).items():
            room = self.around.biggest.get(key)
            if room is None or room.participants is None or key in self._losses or len(counts) < 2:
                continue
            peak = sorted(counts)[-2]
            if peak >= self.audience and room.participants <= peak / 2:
                fell.append(Loss(room, Kind.FELL, peak, now, now + self.window))
        self._add(fell)

    def _note_recoveries(self) -> list[Judgement]:
        """Rooms that fell and are as full again as before: nothing continues them."""
        recovered: list[Judgement] = []
        for loss in [loss for loss in self._losses.values() if loss.kind is Kind.FELL]:
            room = self.around.biggest.get(loss.key)
            if room is not None and (room.participants or 0) >= _BACK * loss.before:
                del self._losses[loss.key]
                recovered.append(Judgement(loss, None))
        return recovered

    def _note_full(self, now: float) -> None:
        full: list[Loss] = []
        for key, room in self.around.biggest.items():
            capacity = room.capacity or self.capacity
            people = room.participants
            if capacity is None or people is None or people < FULL * capacity or people < self.audience:
                continue
            known = self._losses.get(key)
            if known is None:
                full.append(Loss(room, Kind.FULL, people, now, now + SOON))
            elif known.kind is Kind.FULL:
                known.until = now + SOON
                known.before = max(known.before, people)
        self._add(full)

    # --- who may continue whom ---

    def _relate(self, losses: Iterable[Loss], arrivals: Sequence[Arrival]) -> bool:
        """Take openings as candidates where hosts, speakers or the name speak for them; of many only
        the newest are asked for their names, and of those of the same people but the first are taken.
        Returns whether there was one."""
        people: dict[str, list[Loss]] = defaultdict(list)
        names: dict[str, list[Loss]] = defaultdict(list)
        for loss in losses:
            for person in {*loss.room.hosts, *loss.room.speakers}:
                people[person].append(loss)
            if (name := core(name_of(loss.room))) and not loss.common_name:
                names[name].append(loss)
        related = False
        if not people and not names:
            return False
        unread = len(arrivals) - _NAMES_READ
        read: Counter[Key] = Counter()
        for index, arrival in enumerate(arrivals):
            room = arrival.room
            kin = [loss for person in (*room.hosts, *room.speakers) for loss in people.get(person, ())]
            kin = [loss for loss in kin if read[loss.key] < _ROOMS_READ]
            read.update(loss.key for loss in kin)
            if index >= unread and names:
                kin += names.get(core(name_of(room)), ())
            for loss in kin:
                if loss.in_time(arrival.at) and loss.may_be(room) and arrival.key not in loss.spilled:
                    loss.consider(room, arrival.at, 0)
                    related = True
        return related

    def _note_swelling(self, gains: Gains) -> None:
        """Rooms that took in many people since a loss, whoever their hosts are."""
        for loss in self._losses.values():
            if loss.kind is Kind.FULL:
                continue
            least = max(self.audience / 2, SMALL_GAIN * loss.before, 1)
            for gain, room, opened, base in gains.since(loss)[:_GAINERS]:
                if gain >= least and loss.may_be(room) and len(loss.candidates) < MOST_CANDIDATES:
                    loss.consider(room, opened, base)

    def _refresh(self, everywhere: Everywhere) -> None:
        for loss in self._losses.values():
            for key, candidate in loss.candidates.items():
                candidate.room = self.around.biggest.get(key) or everywhere.room(key) or candidate.room


def _rank(loss: Loss) -> tuple[bool, int, float, Key]:
    """A room that is gone comes before one that is full, a big one before a small one."""
    return loss.kind is not Kind.FULL, loss.before, loss.at, loss.key
