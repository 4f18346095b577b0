"""The ways from room to room that relocations tell of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from probes.model import Cause, Place, Relocation, Status

Key = tuple[str, str]
"""A room: its node and its id."""

_STANDS = (Status.STANDING, Status.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Ways:
    """What relocations say: where each room goes on, which rooms take its overflow, what ended.

    `on` holds the ways from a room, the surest first: an operator's word, then the newest. `refused`:
    pairs of a room and one that an operator said is not its successor.
    """

    on: Mapping[Key, tuple[Relocation, ...]]
    overflow: Mapping[Key, tuple[Key, ...]]
    ends: tuple[Relocation, ...]
    refused: frozenset[tuple[Key, Key]]

    def end(self, start: Key, open_rooms: Set[Key]) -> Key | None:
        """The open room at the end of the chain that begins with `start`; `start` itself where it goes on."""
        return self._end(start, open_rooms, set())

    def _end(self, start: Key, open_rooms: Set[Key], passed: set[Key]) -> Key | None:
        passed.add(start)
        for way in self.on.get(start, ()):
            target = key(way.to)
            if target is not None and target not in passed:
                found = self._end(target, open_rooms, passed)
                if found is not None:
                    return found
        return start if start in open_rooms else None

    def sure(self, start: Key) -> bool:
        """Whether an operator has said where a room goes on."""
        return any(way.status is Status.CONFIRMED for way in self.on.get(start, ()))

    def into(self, target: Key) -> Relocation | None:
        """The newest way that leads to a room."""
        ways = [way for ways in self.on.values() for way in ways if key(way.to) == target]
        return max(ways, key=lambda way: way.at, default=None)

    def reached(self, starts: Iterable[Key]) -> set[Key]:
        """All rooms that one gets to from `starts`, they themselves included."""
        found: set[Key] = set()
        left = list(starts)
        while left:
            here = left.pop()
            if here not in found:
                found.add(here)
                left += [target for way in self.on.get(here, ()) if (target := key(way.to))]
                left += self.overflow.get(here, ())
        return found

    def family(self, main: Key) -> list[Key]:
        """The rooms that take the overflow of `main`, of those it continues, and of one another."""
        before = {main}
        while more := {s for s, ways in self.on.items() if any(key(w.to) in before for w in ways)} - before:
            before |= more
        found: dict[Key, None] = {}
        left = sorted(before)
        while left:
            for target in self.overflow.get(left.pop(), ()):
                if target not in found and target not in before:
                    found[target] = None
                    left.append(target)
        return sorted(found)


def ways_of(relocations: Sequence[Relocation]) -> Ways:
    """The ways that stand; one from a room that was come back to later counts no more."""
    told = [r for r in relocations if r.status in _STANDS]
    follows = [r for r in told if r.to is not None and r.cause not in (Cause.OVERFLOWED, Cause.ENDED)]
    arrived: dict[Key, float] = {}
    for way in follows:
        target = key(way.to)
        if target is not None:
            arrived[target] = max(way.at, arrived.get(target, way.at))
    on: dict[Key, list[Relocation]] = {}
    for way in sorted(follows, key=lambda r: (r.status is not Status.CONFIRMED, -r.at, r.id)):
        source = source_of(way)
        if arrived.get(source, way.at) <= way.at:
            on.setdefault(source, []).append(way)
    overflow: dict[Key, list[Key]] = {}
    for way in told:
        target = key(way.to)
        if way.cause is Cause.OVERFLOWED and target is not None:
            overflow.setdefault(source_of(way), []).append(target)
    return Ways(
        on={source: tuple(ways) for source, ways in on.items()},
        overflow={source: tuple(targets) for source, targets in overflow.items()},
        ends=tuple(r for r in told if r.to is None),
        refused=frozenset(_refused(relocations)),
    )


def key(place: Place | None) -> Key | None:
    return (place.node, place.room) if place else None


def source_of(relocation: Relocation) -> Key:
    return relocation.from_.node, relocation.from_.room


def _refused(relocations: Iterable[Relocation]) -> Iterable[tuple[Key, Key]]:
    for relocation in relocations:
        no = relocation.ruled_out
        if relocation.status is Status.REJECTED and relocation.to is not None:
            no = (*no, relocation.to)
        yield from ((source_of(relocation), (place.node, place.room)) for place in no)
