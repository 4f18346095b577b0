"""Where an event is now: the room that its public link leads to. Pure: each tick is judged by the one before.

The link must not lead a crowd to the wrong place for doubt, noise or a missing answer:

- Where relocations say that a room went on, the link follows at once: they are judged with care already.
- Where nothing says so, the link stays with its room as long as that is open. Another room of the
  event takes its place only after it was half as large again for some time.
- When its room is gone and nobody knows where to, there is a page that waits. Another room of the event
  is taken for the new one when it opened after that, or holds a good part of the people; a small room
  that was there all along is none, whatever its name.
- A room that we hear nothing of is led to for `TRUSTED` seconds more: on a bad night the service often
  answers us no more than the crowd, while the room goes on; and who gets to a room that has ended is
  told so there. After that people see where it was, and decide themselves.
"""

from __future__ import annotations

from collections.abc import Set

import msgspec
from msgspec.structs import replace

from dashboard.public.facts import EventState
from dashboard.public.go.ways import Key, key, source_of, ways_of
from dashboard.public.seeing import means
from probes.model import Observation, Relocation, RoomState, RoomView
from probes.settings import Event

EARLY = 600.0
"""Seconds before its start from which an open room of an event is led to; before that it is a rehearsal."""

TRUSTED = 300.0
"""Seconds (wall time) for which a room is led to that nobody has told us of."""

LARGER, FOR = 1.5, 15.0
"""A room is taken for the event's main one when it holds so many times the people for so many seconds."""

GONE = 5.0
"""Seconds that a room is missing before another takes its place unasked: one bad answer is none."""

SHARE = 0.05
"""The share of the people of a room that ended from which one that was open before may be the new one."""

SPARE, AGAIN = 0.01, 0.03
"""The last share of a room's capacity that nobody is led to, for its count is seconds old; and the share
that must be free before people are led to a room again that was full."""

_MOST_PASSED = 8
_BACKWARDS = 60.0
_EVERY = "*"
_GOLDEN = 2654435769  # 2**32 times the golden ratio's fraction


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """Where the link of one event leads, and what the next tick needs to know of this one.

    `main` is the room where the event is, None where there is none; `taking`: the rooms that take
    people in, the main one first; `last`: where it was last, also after that has ended; `came`: how
    it came there. `passed`: the rooms where it was, the newest last. `people`: how many were in the
    last one; `beside`: the event's other rooms that were open with it, None where that is not known.
    Times are in the service's time, but for `heard_at`, which is wall time.
    """

    now: float
    state: EventState
    since: float | None = None
    heard_at: float | None = None
    main: RoomView | None = None
    taking: tuple[RoomView, ...] = ()
    last: RoomView | None = None
    came: Relocation | None = None
    passed: tuple[Key, ...] = ()
    open_at: float | None = None
    people: int | None = None
    beside: frozenset[Key] | None = None
    full: frozenset[Key] = frozenset()
    rival: Key | None = None
    rival_since: float = 0.0


def lead(before: Lead | None, seen: Observation, event: Event, at: float) -> Lead:
    """Where `event` is at wall time `at`, by what is known of its service, and where it was a tick before."""
    now = seen.service_time if seen.service_time is not None else at
    if before is not None and seen.observed_at is None:
        now = before.now  # the prober has just been started: not even the service's clock is known
    if before is not None and now < before.now - _BACKWARDS:
        before = None
    if event.starts_at is not None and now < event.starts_at.timestamp() - EARLY:
        return Lead(now=now, state=EventState.BEFORE, heard_at=seen.observed_at)
    scene = _Scene(before, seen, event, now)
    room = scene.choose()
    if room is not None:
        return scene.in_room(room, at)
    if before is not None and scene.unheard():
        return _aged(before, at)
    return scene.without_room()


def _aged(before: Lead, at: float) -> Lead:
    """The same at wall time `at`, when nobody has told us more."""
    if before.heard_at is not None and at - before.heard_at > TRUSTED:
        return replace(before, state=EventState.UNKNOWN, taking=())
    return before


class _Scene:
    """What one tick shows of an event."""

    def __init__(self, before: Lead | None, seen: Observation, event: Event, now: float) -> None:
        self._first = before is None
        self._seen = seen
        self._event = event
        self._now = now
        self._ways = ways_of(seen.relocations)
        self._open = {(room.node, room.id): room for room in seen.rooms if room.state is RoomState.OPEN}
        places = {place for each in seen.relocations for place in (source_of(each), key(each.to)) if place}
        self._members = self._ways.reached(k for k in {*self._open, *places} if self._means(k))
        self._before = self._recalled(before or Lead(now=now, state=EventState.BEFORE))
        self._passed = self._still_passed()
        self._rival, self._rival_since = self._find_rival()

    # --- what was before ---

    def _means(self, room: Key) -> bool:
        """Whether the config means a room; in its patterns only `*` is special."""
        return any(means(pattern, room[1]) for pattern in self._event.rooms)

    def _recalled(self, before: Lead) -> Lead:
        """`before`, with what relocations tell of the time before a restart."""
        ends = [end for end in self._ways.ends if source_of(end) in self._members]
        if before.passed:
            ends = [end for end in ends if source_of(end) == before.passed[-1]]
        else:
            ends = [end for end in ends if not end.settled]  # what ended long ago says nothing of today
        newest = max(ends, key=lambda end: end.at, default=None)
        if newest is None:
            return before
        people = newest.participants_before
        if before.passed:
            return replace(before, people=people if people is not None else before.people)
        return replace(before, passed=(source_of(newest),), open_at=newest.at, people=people)

    def _still_passed(self) -> tuple[Key, ...]:
        """The rooms where the event was, without those that an operator or a better judgement took back.

        A judgement that fell back to a proposal takes nothing back: people are not led away for doubt.
        """
        passed, ways = self._before.passed, self._ways
        return tuple(
            room
            for index, room in enumerate(passed)
            if (room in self._members or self._means(room) or not any(p in ways.on for p in passed[:index]))
            and not any((earlier, room) in ways.refused for earlier in passed[:index])
        )

    # --- where it is ---

    def choose(self) -> Key | None:
        """The room where the event is, or None."""
        told = [(room, end) for room in reversed(self._passed) if (end := self._end(room))]
        for room, end in told:
            if self._ways.sure(room):
                return end
        if told and told[0][0] == self._passed[-1]:
            return self._rival if self._rival_is_sure() else told[0][1]
        for _, end in told:
            if end not in self._passed:
                return end
        if not self._passed:
            return self._largest(self._mains())
        overflow = self._largest(self._open.keys() & self._ways.family(self._passed[-1]))
        if overflow is not None or self.unheard() or self._now - (self._before.open_at or 0.0) < GONE:
            return overflow
        return self._largest({room for room in self._mains() if self._may_be_new(room)})

    def unheard(self) -> bool:
        """Whether nothing was heard yet of where the event was: the prober has just been started."""
        main = self._before.main
        return (self._heard_at(main) if main else self._seen.observed_at) is None

    def _end(self, room: Key) -> Key | None:
        return self._ways.end(room, self._open.keys())

    def _mains(self) -> set[Key]:
        """The open rooms at the ends of all chains, but for those that take overflow or were refused."""
        overflow = {room for rooms in self._ways.overflow.values() for room in rooms}
        ends = {end for room in self._members - overflow if (end := self._end(room))}
        return ends - {no for earlier, no in self._ways.refused if earlier in self._before.passed}

    def _largest(self, rooms: Set[Key]) -> Key | None:
        return max(sorted(rooms), key=self._people, default=None)

    def _people(self, room: Key) -> int:
        count = self._open[room].participants
        return -1 if count is None else count

    def _may_be_new(self, room: Key) -> bool:
        """Whether a room may be where the event goes on, though nothing else says so."""
        before = self._before
        named = _EVERY not in self._event.rooms
        if named and before.beside is not None and room not in before.beside:
            return True
        return named if before.people is None else self._people(room) >= SHARE * before.people

    def _find_rival(self) -> tuple[Key | None, float]:
        """The room that is much larger than the one where the event is, and since when."""
        here = self._end(self._passed[-1]) if self._passed else None
        if here is None or self._open[here].participants is None:
            return None, self._now
        rival = self._largest(self._mains() - {here})
        if rival is None or self._people(rival) < LARGER * max(1, self._people(here)):
            return None, self._now
        return rival, self._before.rival_since if rival == self._before.rival else self._now

    def _rival_is_sure(self) -> bool:
        return self._rival is not None and self._now - self._rival_since >= FOR

    # --- what is told of it ---

    def in_room(self, chosen: Key, at: float) -> Lead:
        """The event is in an open room, as far as we know at wall time `at`."""
        room, before = self._open[chosen], self._before
        same = chosen in self._passed[-1:]
        came = self._ways.into(chosen)
        heard_at = self._heard_at(room)
        family = self._family(chosen)
        full = frozenset(key for key in family if self._is_full(key))
        taking = tuple(self._open[key] for key in family if key not in full)
        if heard_at is None or at - heard_at > TRUSTED:
            state, taking = EventState.UNKNOWN, ()
        elif not taking:
            state = EventState.FULL
        else:
            state = EventState.OPEN if came is None or came.settled else EventState.MOVED
        since = before.since if same else None if self._first else self._now
        people = room.participants
        return Lead(
            now=self._now,
            state=state,
            since=came.at if came and not came.settled else since,
            heard_at=heard_at,
            main=room,
            taking=taking,
            last=room,
            came=came,
            passed=self._passed
            if same
            else (*(p for p in self._passed if p != chosen), chosen)[-_MOST_PASSED:],
            open_at=self._now,
            people=before.people if same and people is None else people,
            beside=frozenset(self._members & self._open.keys()) - {chosen},
            full=full,
            rival=self._rival,
            rival_since=self._rival_since,
        )

    def without_room(self) -> Lead:
        """No room of the event is open: it has not begun, or has ended, or we have heard nothing yet."""
        state = EventState.ENDED if self._passed else EventState.BEFORE
        if self._seen.observed_at is None:
            state = EventState.UNKNOWN
        before = self._before
        last = before.last
        return replace(
            before,
            now=self._now,
            state=state,
            since=before.open_at if self._passed else None,
            heard_at=self._seen.observed_at,
            main=None,
            last=last if last and (last.node, last.id) in self._passed[-1:] else None,
            taking=(),
            came=None,
            passed=self._passed,
            rival=None,
        )

    def _heard_at(self, room: RoomView) -> float | None:
        node = next((node for node in self._seen.nodes if node.id == room.node), None)
        return self._seen.observed_at if node is None else node.observed_at

    def _family(self, main: Key) -> list[Key]:
        """The main room, and those that take its overflow as far as their people are known."""
        overflow = (key for key in self._ways.family(main) if key in self._open)
        return [main, *(key for key in overflow if self._open[key].participants is not None)]

    def _is_full(self, key: Key) -> bool:
        room = self._open[key]
        share = AGAIN if key in self._before.full else SPARE
        left = free(room)
        return left is not None and left < max(1, int((room.capacity or 0) * share))


def free(room: RoomView) -> int | None:
    """The places left in a room, None where nobody tells."""
    if room.capacity is None or room.participants is None:
        return None
    return max(0, room.capacity - room.participants)


def turn(rooms: tuple[RoomView, ...], second: int) -> RoomView | None:
    """The room that people are led to in one second of wall time: over time each by its places left.

    One second is one answer to everyone, for caches hold it so long. The golden ratio spreads the
    seconds over the rooms evenly, whatever the step between those that are asked for, and needs
    no memory: replicas give the same answer, also while the places change.
    """
    if not rooms:
        return None
    known = [places for room in rooms if (places := free(room)) is not None]
    weights = [max(known, default=1) if (places := free(room)) is None else places for room in rooms]
    point = (second * _GOLDEN % 2**32) / 2**32 * sum(weights)
    for room, weight in zip(rooms, weights, strict=True):
        point -= weight
        if point < 0:
            return room
    return rooms[-1]
