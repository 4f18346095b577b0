"""One endpoint's answers: the newest good one, and what changed since the one before."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from probes.listing import Listing
from probes.model import Room, RoomState, SnapshotPart
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

TOLD = "the service says it ended"

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
    relocation: str = ""  # the id of the relocation that says so, if it was known before a restart

    @property
    def key(self) -> Key:
        return self.room.node, self.room.id


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A room that opened, and when it was first seen in the service's time.

    `first`: it was open in the first answer that could tell of it, so it may have opened long before.
    """

    room: Room
    at: float
    first: bool = False

    @property
    def key(self) -> Key:
        return self.room.node, self.room.id


@dataclass(frozen=True, slots=True)
class Changes:
    """What one good answer changed. `backwards`: its time went back, so nothing can be compared.

    `again` are all its open rooms where it is the `first` one, or the first after a silence.
    `left_out` rooms are missing, and too many to be waited for.
    """

    at: float
    backwards: bool = False
    first: bool = False
    again: Roll | None = None
    left_out: int = 0
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
    Where the service's clock stands still, the wall's bounds what is kept.
    """

    def __init__(self) -> None:
        self._falls: deque[dict[Key, int]] = deque([{}], maxlen=2)
        self._since: tuple[float, float] | None = None

    def move_to(self, now: float, wall: float) -> None:
        since = self._since or (now, wall)
        passed = max(now - since[0], wall - since[1])
        if passed >= _PEAK:
            self._falls.extend([{}, {}] if passed >= 2 * _PEAK else [{}])
        if self._since is None or passed >= _PEAK or now < since[0]:
            self._since = now, wall

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
    _summary: Summary | None = None
    _silent: bool = False
    _answers: int = FIRST_ANSWERS  # good ones since the last silence
    _missing: dict[Key, _Missing] = field(default_factory=dict)
    _peaks: _Peaks = field(default_factory=_Peaks)

    @property
    def summary(self) -> Summary:
        """The open rooms in sum, made where it is asked for: rooms may also open and end between answers."""
        if self._summary is None:
            self._summary = summarise(self.open)
        return self._summary

    def waits_for(self, keys: Mapping[str, set[str]]) -> set[Key]:
        """Which rooms of `keys`, the ids by node, are open here, or missing and not yet held for gone."""
        if not self._missing:
            return self.open.among(keys)
        missing = {(node, room) for node, rooms in keys.items() for room in rooms} & self._missing.keys()
        return missing | self.open.among(keys)

    def missing_ids(self) -> set[str]:
        """The ids of the rooms that are missing and not yet held for gone."""
        return {room for _, room in self._missing}

    @property
    def waits(self) -> bool:
        """Whether any room is missing and not yet held for gone."""
        return bool(self._missing)

    @property
    def unsure_since(self) -> float:
        """The service time from which on something of these rooms is not known."""
        missing = next(iter(self._missing.values()), None)
        return min(self.now, missing.last_seen) if missing else self.now

    def fail(self) -> None:
        """A poll went wrong: nothing is learned of any room, and what is missing later gets patience."""
        self._silent = True

    def open_now(self, room: Room, now: float) -> Changes:
        """A room opened at service time `now`: the service said so by itself, before an answer has it."""
        key = key_of(room)
        missed = self._missing.pop(key, None)
        if key in self.open:
            return Changes(at=now)
        self.open.put(room)
        self._summary = None
        return Changes(at=now, arrived=() if missed else (Arrival(room, now),))

    def end_now(self, key: Key, now: float) -> Changes:
        """A room ended at service time `now`: the service said so by itself, before an answer does."""
        room = self.open.pop(key)
        missing = self._missing.pop(key, None)
        self._summary = None
        if missing is not None:
            return Changes(at=now, departed=(missing.departure(now, TOLD),))
        if room is None:
            return Changes(at=now)
        before = self._peaks.of(key, room.participants)
        departure = Departure(room=room, last_seen=now, at=now, before=before, how=TOLD)
        return Changes(at=now, departed=(departure,))

    def take(self, part: SnapshotPart, at: float, now: float, limit: float) -> Changes:
        """Read a good answer that came at wall time `at` and service time `now`.

        `limit`: the wall seconds without a good answer after which there was a silence.
        """
        listing = _listing(part)
        self.closed = Roll(listing.closed)
        if self.part is None or now < self.now - BACKWARDS:
            self._missing.clear()
            self._peaks = _Peaks()
            self.open = Roll(listing)
            first = self.part is None
            changes = Changes(at=now, backwards=not first, first=first, again=self.open if first else None)
        else:
            self._note_silence(at - self.at >= limit)
            self._peaks.move_to(now, at)
            changes = self._compare(part.complete, listing, now)
        self.part, self.at, self.now = part, at, now
        self._summary = None
        return changes

    def _note_silence(self, gap: bool) -> None:
        if self._silent or gap:
            self._answers = 0
            for missing in self._missing.values():
                missing.patient = True
        self._silent = False
        self._answers += 1

    def _compare(self, complete: bool, listing: Listing, now: float) -> Changes:
        found = self.open.take(listing)
        for key, size in found.fell:
            self._peaks.fell(key, size)
        arrived = [Arrival(room, now) for room in found.came if not self._missing.pop(key_of(room), None)]
        left_out = self._miss(found.gone, now)
        departed = self._departures(complete, now) if self._missing else []
        return Changes(
            at=now,
            again=self.open if self._answers == 1 else None,
            left_out=left_out,
            departed=tuple(sorted(departed, key=lambda departure: departure.key)),
            arrived=tuple(sorted(arrived, key=lambda arrival: arrival.key)),
        )

    def _miss(self, gone: list[Room], now: float) -> int:
        """Wait for rooms that are no longer told of, and return for how many there is no space."""
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
        return max(0, len(gone) - space)

    def _departures(self, complete: bool, now: float) -> list[Departure]:
        told = {key_of(room) for room in self.closed if room.state is RoomState.ENDED}
        departed: list[Departure] = []
        forgotten: list[Key] = []
        for key, missing in self._missing.items():
            missing.answers += complete
            if key in told:
                departed.append(missing.departure(now, TOLD))
            elif missing.gone(now):
                departed.append(missing.departure(now, f"gone from {missing.answers} answers in a row"))
            elif now - missing.since > FORGET_MISSING:
                forgotten.append(key)
        for key in [*forgotten, *(departure.key for departure in departed)]:
            del self._missing[key]
        return departed


def _listing(part: SnapshotPart) -> Listing:
    if isinstance(part.rooms, Listing):
        return part.rooms
    is_open = RoomState.OPEN
    rooms = [room for room in part.rooms if room.state is is_open]
    if len(rooms) == len(part.rooms):
        return Listing.of(rooms)
    return Listing.of(rooms, [room for room in part.rooms if room.state is not is_open])
