"""Which rooms go on under another id. Stateful and pure: time comes with the answers.

Evidence grows: a room that has just opened has nobody in it. So every loss is judged
again with each look, until its window is over, and the judgement may change.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

from probes.model import TOP_ROOMS, Room
from probes.watching.answers import Arrival, Departure
from probes.watching.everywhere import Everywhere
from probes.watching.likeness import core, name_of
from probes.watching.losses import EARLY, MOST_CANDIDATES, SMALL_GAIN, SOON, Kind, Loss, Others, sure
from probes.watching.roll import Key, key_of

PROPOSED = 0.35
"""The confidence from which on a successor is proposed."""

FALL_SECONDS = 60.0
"""Within how many seconds of service time a room that falls by half is lost."""

FULL = 0.98
"""The share of its capacity from which on a room is full."""

MOST_LOSSES = 50
MOST_OPENINGS = 5_000
"""Recent openings that are looked at again when a room is lost."""

_LOOK_SECONDS = 1.0
_SIZES_SECONDS = 5.0
_COMMON = 3
_BACK = 0.8
_NAMES_READ = 200
_GAINERS = 8
_NO_OTHERS = Others(0, [])


@dataclass(frozen=True, slots=True)
class Choice:
    """A successor: the room, when it opened, how sure that is and why."""

    room: Room
    opened: float | None
    dark: float | None
    confidence: float
    evidence: tuple[str, ...]

    @property
    def key(self) -> Key:
        return key_of(self.room)


class _Gain(NamedTuple):
    people: int
    room: Room
    opened: float | None
    base: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is held of a lost room now; no `choice` where nothing speaks for any room."""

    loss: Loss
    choice: Choice | None


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
        self._losses: dict[Key, Loss] = {}
        self._openings: dict[Key, Arrival] = {}
        self._moved: dict[Key, int] = {}
        self._sizes: deque[tuple[float, dict[Key, int]]] = deque()
        self._top: dict[Key, Room] = {}
        self._gained: dict[tuple[int, float, int], list[_Gain]] = {}
        self._floor = 0
        self._looked: float | None = None

    def clear(self) -> None:
        """The service's time started again: nothing can be compared."""
        self._losses.clear()
        self._openings.clear()
        self._moved.clear()
        self._sizes.clear()
        self._looked = None

    def opened(self, arrivals: Sequence[Arrival]) -> bool:
        """Learn of rooms that opened. Returns whether one may continue a lost room."""
        for arrival in arrivals:
            self._openings.pop(arrival.key, None)
            self._openings[arrival.key] = arrival
        while len(self._openings) > MOST_OPENINGS:
            del self._openings[next(iter(self._openings))]
        return self._relate(self._losses.values(), arrivals)

    def recall(self, rooms: Iterable[Room]) -> None:
        """Rooms of a first answer, which nobody saw open, may continue what was lost before a restart."""
        resumed = [loss for loss in self._losses.values() if loss.bases is None]
        for room in rooms if resumed else ():
            if room.started_at is not None and any(_in_time(loss, room.started_at) for loss in resumed):
                self.opened([Arrival(room, room.started_at)])
                continue
            for loss in resumed:
                if room.started_at is None and loss.may_be(room) and _kin(loss, room):
                    loss.consider(room, None, 0)

    def moved(self, key: Key, people: int | None) -> None:
        """A room is there that came from elsewhere with its people: it has not swelled."""
        self._moved[key] = people or 0
        while len(self._moved) > MOST_OPENINGS:
            del self._moved[next(iter(self._moved))]

    def closed(self, key: Key) -> None:
        """A room has gone: it continues nothing any more. What it is known to have continued stays so."""
        self._openings.pop(key, None)
        self._moved.pop(key, None)
        for loss in list(self._losses.values()):
            if loss.candidates.pop(key, None) is None or loss.chosen != key:
                continue
            loss.chosen = None
            if loss.stood and loss.kind is not Kind.FULL:
                del self._losses[loss.key]

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

    def rule_out(self, lost: Key, candidate: Key) -> None:
        """An operator says that a room does not continue another."""
        loss = self._losses.get(lost)
        if loss is not None:
            loss.ruled_out.add(candidate)
            loss.candidates.pop(candidate, None)
            loss.chosen = None if loss.chosen == candidate else loss.chosen

    def found(self, key: Key) -> None:
        """A lost room came back, or where it went is known otherwise."""
        self._losses.pop(key, None)

    def look(self, now: float, everywhere: Everywhere, at_once: bool) -> list[Judgement]:
        """Judge all that is lost, once a second of service time, or `at_once`."""
        if not at_once and self._looked is not None and 0 <= now - self._looked < _LOOK_SECONDS:
            return []
        self._looked = now
        self._see(everywhere)
        over = [loss for loss in self._losses.values() if now > loss.until]
        for loss in over:
            del self._losses[loss.key]
        self._note_falls(now)
        self._note_full(now)
        self._note_sizes(now)
        self._expire(now)
        if not self._losses:
            return []
        self._gained.clear()
        self._note_swelling()
        self._refresh(everywhere)
        return [*self._successions(now), *self._overflows(now)]

    # --- what there is ---

    def _see(self, everywhere: Everywhere) -> None:
        lists = [endpoint.answers.summary.biggest for endpoint in everywhere.endpoints]
        rooms = lists[0] if len(lists) == 1 else [room for biggest in lists for room in biggest]
        if len(rooms) > TOP_ROOMS:
            rooms = nlargest(TOP_ROOMS, rooms, key=lambda room: (room.participants or 0, room.node, room.id))
        self._top = {key_of(room): room for room in rooms}
        cut = any(len(biggest) >= TOP_ROOMS for biggest in lists) or len(rooms) < sum(map(len, lists))
        self._floor = min((room.participants or 0 for room in rooms), default=0) if cut else 0

    def _note_sizes(self, now: float) -> None:
        if self._sizes and 0 <= now - self._sizes[-1][0] < _SIZES_SECONDS:
            return
        while self._sizes and not now - FALL_SECONDS <= self._sizes[0][0] <= now:
            self._sizes.popleft()
        sizes = {key: room.participants for key, room in self._top.items() if room.participants is not None}
        self._sizes.append((now, sizes))

    def _expire(self, now: float) -> None:
        while self._openings:
            key = next(iter(self._openings))
            if self._openings[key].at >= now - self.window:
                break
            del self._openings[key]

    def _add(self, losses: Iterable[Loss]) -> None:
        """Begin to look for successors, the biggest losses first; also among the rooms that opened before."""
        added = nlargest(MOST_LOSSES, losses, key=_rank)
        if not added:
            return
        names = Counter(core(name_of(room)) for room in self._top.values())
        for loss in added:
            own = core(name_of(loss.room))
            loss.bases = self._sizes[0][1] if self._sizes else {}
            loss.floor = self._floor
            loss.common = (own,) if names[own] - (loss.key in self._top) >= _COMMON else ()
            before = self._losses.get(loss.key)
            if before is not None:
                loss.ruled_out = before.ruled_out
            self._losses[loss.key] = loss
        self._relate(added, list(self._openings.values()))
        self._trim()

    def _trim(self) -> None:
        if len(self._losses) > MOST_LOSSES:
            kept = nlargest(MOST_LOSSES, self._losses.values(), key=_rank)
            self._losses = {loss.key: loss for loss in kept}

    # --- who may continue whom ---

    def _relate(self, losses: Iterable[Loss], arrivals: Sequence[Arrival]) -> bool:
        """Take openings as candidates where hosts, speakers or the name speak for them; of many only
        the newest are asked for their names. Returns whether there was one."""
        people: dict[str, list[Loss]] = defaultdict(list)
        names: dict[str, list[Loss]] = defaultdict(list)
        for loss in losses:
            for person in {*loss.room.hosts, *loss.room.speakers}:
                people[person].append(loss)
            if (name := core(name_of(loss.room))) and name not in loss.common:
                names[name].append(loss)
        related = False
        if not people and not names:
            return False
        unread = len(arrivals) - _NAMES_READ
        for index, arrival in enumerate(arrivals):
            room = arrival.room
            kin = [loss for person in (*room.hosts, *room.speakers) for loss in people.get(person, ())]
            if index >= unread and names:
                kin += names.get(core(name_of(room)), ())
            for loss in kin:
                if _in_time(loss, arrival.at) and loss.may_be(room):
                    loss.consider(room, arrival.at, 0)
                    related = True
        return related

    def _note_swelling(self) -> None:
        """Rooms that took in many people since a loss, whoever their hosts are."""
        for loss in self._losses.values():
            if loss.kind is Kind.FULL:
                continue
            least = max(self.audience / 2, SMALL_GAIN * loss.before, 1)
            for gain, room, opened, base in self._gainers(loss)[:_GAINERS]:
                if gain >= least and loss.may_be(room) and len(loss.candidates) < MOST_CANDIDATES:
                    loss.consider(room, opened, base)

    def _gainers(self, loss: Loss) -> list[_Gain]:
        """The rooms that took in people since a loss, those that took in most first."""
        group = (id(loss.bases), loss.at, loss.floor)
        found = self._gained.get(group)
        if found is None:
            gains = (self._gain(loss, key, room) for key, room in self._top.items())
            found = sorted((gain for gain in gains if gain is not None), key=lambda gain: -gain.people)
            self._gained[group] = found
        return found

    def _others(self, loss: Loss) -> Others:
        gains = sum(gain.people for gain in self._gainers(loss) if key_of(gain.room) != loss.key)
        before = loss.bases or {}
        sizes = sorted((people for key, people in before.items() if key != loss.key), reverse=True)
        return Others(gains, sizes)

    def _gain(self, loss: Loss, key: Key, room: Room) -> _Gain | None:
        opening = self._openings.get(key)
        opened = opening.at if opening and _in_time(loss, opening.at) else None
        base = self._moved[key] if key in self._moved else loss.base(key, opened)
        if base is None or room.participants is None or room.participants <= base:
            return None
        return _Gain(room.participants - base, room, opened, base)

    def _refresh(self, everywhere: Everywhere) -> None:
        for loss in self._losses.values():
            for key, candidate in loss.candidates.items():
                candidate.room = self._top.get(key) or everywhere.room(key) or candidate.room

    # --- falls and full rooms ---

    def _note_falls(self, now: float) -> None:
        """Rooms that have half of the people that they had twice in the last minute: once may be noise."""
        before: dict[Key, list[int]] = defaultdict(list)
        for at, sizes in self._sizes:
            if now - FALL_SECONDS <= at <= now:
                for key, people in sizes.items():
                    if people >= self.audience:
                        before[key].append(people)
        fell: list[Loss] = []
        for key, counts in before.items():
            room = self._top.get(key)
            if room is None or room.participants is None or key in self._losses or len(counts) < 2:
                continue
            peak = sorted(counts)[-2]
            if room.participants <= peak / 2:
                fell.append(Loss(room, Kind.FELL, peak, now, now + self.window))
        self._add(fell)
        for loss in [loss for loss in self._losses.values() if loss.kind is Kind.FELL]:
            room = self._top.get(loss.key)
            if room is not None and (room.participants or 0) >= _BACK * loss.before:
                del self._losses[loss.key]

    def _note_full(self, now: float) -> None:
        full: list[Loss] = []
        for key, room in self._top.items():
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

    # --- judging ---

    def _successions(self, now: float) -> Iterator[Judgement]:
        """Each lost room with its best candidate; no room continues two."""
        losses = [loss for loss in self._losses.values() if loss.kind is not Kind.FULL]
        weighed = {
            (loss.key, key): loss.judge(key, now, others)
            for loss in losses
            if loss.candidates
            for others in [self._others(loss)]
            for key in loss.candidates
        }
        order = sorted(weighed, key=lambda pair: (-weighed[pair].weight, -self._losses[pair[0]].before, pair))
        taken: dict[Key, Key] = {}
        chosen: dict[Key, Key] = {}
        for lost, key in order:
            if lost not in chosen and key not in taken:
                chosen[lost], taken[key] = key, lost
        for loss in losses:
            if loss.key not in chosen:
                loss.chosen = None
                yield Judgement(loss, None)
                continue
            key = chosen[loss.key]
            free = [k for k in loss.candidates if k != key and taken.get(k, loss.key) == loss.key]
            weights = [weighed[loss.key, key].weight, *(weighed[loss.key, k].weight for k in free)]
            yield self._chosen(loss, key, sure(weights), weighed[loss.key, key].words)

    def _chosen(self, loss: Loss, key: Key, confidence: float, words: tuple[str, ...]) -> Judgement:
        if confidence < PROPOSED:
            loss.chosen = None
            loss.stood = False
            return Judgement(loss, None)
        loss.chosen = key
        loss.stood = confidence >= self.stands_at
        return Judgement(loss, _choice(loss, key, confidence, words))

    def _overflows(self, now: float) -> Iterator[Judgement]:
        """Each room that opened beside a full one of the same people, with the best of the full ones."""
        best: dict[Key, tuple[float, float, Key, Loss, tuple[str, ...]]] = {}
        for loss in self._losses.values():
            if loss.kind is not Kind.FULL:
                continue
            for key in loss.candidates:
                evidence = loss.judge(key, now, _NO_OTHERS)
                entry = (-evidence.weight, loss.at, loss.key, loss, evidence.words)
                if key not in best or entry[:3] < best[key][:3]:
                    best[key] = entry
        for key, (weight, _, _, loss, words) in sorted(best.items()):
            confidence = sure([-weight])
            if confidence >= PROPOSED:
                yield Judgement(loss, _choice(loss, key, confidence, words))


def _rank(loss: Loss) -> tuple[int, float, Key]:
    return loss.before, loss.at, loss.key


def _in_time(loss: Loss, opened: float) -> bool:
    """Whether a room that opened then may continue a lost one; one beside a full room may be a bit early."""
    early = 2 * EARLY if loss.kind is Kind.FULL else loss.until - loss.at
    return loss.at - early <= opened <= loss.until


def _kin(loss: Loss, room: Room) -> bool:
    name = core(name_of(room))
    return bool(name) and name == core(name_of(loss.room)) and name not in loss.common


def _choice(loss: Loss, key: Key, confidence: float, words: tuple[str, ...]) -> Choice:
    candidate = loss.candidates[key]
    return Choice(
        room=candidate.room,
        opened=candidate.opened,
        dark=loss.dark(candidate),
        confidence=round(confidence, 2),
        evidence=words,
    )
