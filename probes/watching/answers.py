"""One endpoint's answers: the newest good one, and what changed since the one before."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import msgspec

from probes.model import ProbeResult, Room, RoomState, SnapshotPart
from probes.watching.roll import Key, Roll, key_of
from probes.watching.summary import Summary, by_size, summarise

BACKWARDS = 5.0
"""Seconds by which a service's clock may go back before it counts as a new start."""

PATIENCE = 60.0
"""Seconds of service time that a room missing after a silence is waited for."""

FORGET_MISSING = 600.0
"""Seconds of service time after which a room that incomplete answers leave out is forgotten."""

FIRST_ANSWERS = 3
"""How many answers after a silence are read with `PATIENCE`."""

MOST_MISSING = 100_000
_PEAK = 40.0


class Departure(msgspec.Struct, gc=False):
    """A room that ended: told so, or gone from two complete answers in a row. Times are the service's."""

    room: Room
    last_seen: float
    at: float
    before: int | None
    how: str
    claimed: bool = False  # a relocation says that it ended
    lineage: str = ""  # what led to this room

    @property
    def key(self) -> Key:
        return self.room.node, self.room.id


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A room that opened, and when it was first seen in the service's time."""

    room: Room
    at: float

    @property
    def key(self) -> Key:
        return self.room.node, self.room.id


@dataclass(frozen=True, slots=True)
class Changes:
    """What one good answer changed. `backwards`: its time went back, so nothing can be compared."""

    at: float
    backwards: bool = False
    departed: tuple[Departure, ...] = ()
    arrived: tuple[Arrival, ...] = ()


class _Missing(msgspec.Struct, gc=False):
    room: Room
    last_seen: float
    since: float
    before: int | None
    patient: bool
    answers: int = 0

    def departure(self, now: float, how: str) -> Departure:
        return Departure(room=self.room, last_seen=self.last_seen, at=now, before=self.before, how=how)

    def gone(self, now: float) -> bool:
        return self.answers >= 2 and (not self.patient or now >= self.since + PATIENCE)


class _Peaks:
    """The highest recent count of rooms that shrank, over the last 40 to 80 s of service time.

    A room that never shrank has its last count as its highest, so only falls are kept.
    """

    def __init__(self) -> None:
        self._falls: deque[dict[Key, int]] = deque([{}], maxlen=2)
        self._since: float | None = None

    def move_to(self, now: float) -> None:
        if self._since is None or now < self._since:
            self._since = now
        elif now - self._since >= _PEAK:
            if now - self._since >= 2 * _PEAK:
                self._falls.append({})
            self._falls.append({})
            self._since = now

    def fell(self, key: Key, size: int) -> None:
        newest = self._falls[-1]
        if newest.get(key, -1) < size:
            newest[key] = size

    def of(self, key: Key, last: int | None) -> int | None:
        counts = [falls[key] for falls in self._falls if key in falls]
        if last is not None:
            counts.append(last)
        return max(counts, default=None)


@dataclass(slots=True)
class Answers:
    """The newest good answer of one endpoint. `at` is wall time, `now` the service's."""

    part: SnapshotPart | None = None
    at: float = 0.0
    now: float = 0.0
    open: Roll = field(default_factory=Roll)
    closed: Roll = field(default_factory=Roll)
    summary: Summary = field(default_factory=Summary)
    _silent: bool = False
    _answers: int = FIRST_ANSWERS  # good ones since the last silence
    _missing: dict[Key, _Missing] = field(default_factory=dict)
    _peaks: _Peaks = field(default_factory=_Peaks)

    def waits_for(self, key: Key) -> bool:
        """Whether a room is open here, or missing and not yet held for gone."""
        return key in self.open or key in self._missing

    def fail(self) -> None:
        """A poll went wrong: nothing is learned of any room, and what is missing later gets patience."""
        self._silent = True

    def take(self, result: ProbeResult, part: SnapshotPart, every: float) -> Changes:
        """Read a good answer of an endpoint that is asked every `every` seconds."""
        now = result.at if part.service_time is None else part.service_time
        is_open = RoomState.OPEN
        rooms = [room for room in part.rooms if room.state is is_open]
        roll, closed = Roll(rooms), Roll()
        if len(rooms) < len(part.rooms):
            closed = Roll([room for room in part.rooms if room.state is not is_open])
        if self.part is None or now < self.now - BACKWARDS:
            self._missing.clear()
            self._peaks = _Peaks()
            changes = Changes(at=now, backwards=self.part is not None)
        else:
            self._note_silence(result.at - self.at >= 2 * every)
            self._peaks.move_to(now)
            changes = self._compare(part, roll, closed, now)
        self.part, self.at, self.now = part, result.at, now
        self.open, self.closed = roll, closed
        self.summary = summarise(roll)
        return changes

    def _note_silence(self, gap: bool) -> None:
        if self._silent or gap:
            self._answers = 0
            for missing in self._missing.values():
                missing.patient = True
        self._silent = False
        self._answers += 1

    def _compare(self, part: SnapshotPart, roll: Roll, closed: Roll, now: float) -> Changes:
        found = roll.replaces(self.open)
        for then, room in found.resized:
            size = then.participants
            if size is not None and (room.participants is None or room.participants < size):
                self._peaks.fell(key_of(room), size)
        arrived = [Arrival(room, now) for room in found.came if not self._missing.pop(key_of(room), None)]
        self._miss(found.gone, now)
        departed = self._departures(part.complete, closed, now) if self._missing else []
        return Changes(
            at=now,
            departed=tuple(sorted(departed, key=lambda departure: departure.key)),
            arrived=tuple(sorted(arrived, key=lambda arrival: arrival.key)),
        )

    def _miss(self, gone: list[Room], now: float) -> None:
        space = MOST_MISSING - len(self._missing)
        for room in gone if len(gone) <= space else sorted(gone, key=by_size)[:space]:
            key = key_of(room)
            self._missing[key] = _Missing(
                room=room,
                last_seen=self.now,
                since=now,
                before=self._peaks.of(key, room.participants),
                patient=self._answers <= FIRST_ANSWERS,
            )

    def _departures(self, complete: bool, closed: Roll, now: float) -> list[Departure]:
        told = {key_of(room) for room in closed if room.state is RoomState.ENDED}
        departed: list[Departure] = []
        forgotten: list[Key] = []
        for key, missing in self._missing.items():
            missing.answers += complete
            if key in told:
                departed.append(missing.departure(now, "the service says it ended"))
            elif missing.gone(now):
                departed.append(missing.departure(now, f"gone from {missing.answers} answers in a row"))
            elif now - missing.since > FORGET_MISSING:
                forgotten.append(key)
        for key in [*forgotten, *(departure.key for departure in departed)]:
            del self._missing[key]
        return departed
