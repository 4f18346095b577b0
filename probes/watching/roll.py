"""The rooms of one answer, by node and id. Made anew each poll, so its loops stay in C where they can."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import attrgetter

from probes.model import Room

Key = tuple[str, str]
"""What one room is: (node, id)."""

_id_of = attrgetter("id")


def key_of(room: Room) -> Key:
    return room.node, room.id


@dataclass(slots=True)
class Difference:
    """How one roll differs from the one before. `resized` pairs a room as it was with what it is."""

    came: list[Room] = field(default_factory=list)
    gone: list[Room] = field(default_factory=list)
    resized: list[tuple[Room, Room]] = field(default_factory=list)


class Roll:
    """Rooms, each once: where an answer names a room twice, the fuller one is taken."""

    __slots__ = ("nodes",)

    def __init__(self, rooms: Collection[Room] = ()) -> None:
        self.nodes: dict[str, dict[str, Room]] = {
            node: _by_id(group) for node, group in _by_node(rooms).items()
        }

    def __len__(self) -> int:
        return sum(map(len, self.nodes.values()))

    def __iter__(self) -> Iterator[Room]:
        return chain.from_iterable(rooms.values() for rooms in self.nodes.values())

    def __contains__(self, key: Key) -> bool:
        return key[1] in self.nodes.get(key[0], ())

    def get(self, key: Key) -> Room | None:
        rooms = self.nodes.get(key[0])
        return rooms.get(key[1]) if rooms else None

    def put(self, room: Room) -> None:
        """Add one room, or take it for the one of its id."""
        self.nodes.setdefault(room.node, {})[room.id] = room

    def pop(self, key: Key) -> Room | None:
        """Take one room out."""
        return self.nodes.get(key[0], {}).pop(key[1], None)

    def replaces(self, before: Roll) -> Difference:
        """How this roll differs from the one `before`, which is used up: one pass finds all there is."""
        found = Difference()
        for node, rooms in self.nodes.items():
            earlier = before.nodes.get(node, {})
            pairs = zip(map(earlier.pop, rooms, repeat(None)), rooms.values(), strict=True)
            changed = [
                pair for pair in pairs if pair[0] is None or pair[0].participants != pair[1].participants
            ]
            for then, now in changed:
                if then is None:
                    found.came.append(now)
                else:
                    found.resized.append((then, now))
        found.gone.extend(before)
        return found

    def among(self, keys: Mapping[str, set[str]]) -> set[Key]:
        """Which rooms of `keys`, the ids by node, it has."""
        return {
            (node, room)
            for node in keys.keys() & self.nodes.keys()
            for room in keys[node] & self.nodes[node].keys()
        }

    def without(self, other: Roll) -> Roll:
        """The rooms that `other` does not have."""
        rest = Roll()
        for node, rooms in self.nodes.items():
            there = other.nodes.get(node, {})
            rest.nodes[node] = {name: room for name, room in rooms.items() if name not in there}
        return rest

    def update(self, newer: Roll) -> None:
        """Take over the rooms of a newer roll."""
        for node, rooms in newer.nodes.items():
            self.nodes[node] = self.nodes.get(node, {}) | rooms


def _by_node(rooms: Collection[Room]) -> Mapping[str, Collection[Room]]:
    nodes = {room.node for room in rooms}
    if len(nodes) == 1:
        return dict.fromkeys(nodes, rooms)
    by_node: dict[str, list[Room]] = defaultdict(list)
    for room in rooms:
        by_node[room.node].append(room)
    return by_node


def _by_id(rooms: Collection[Room]) -> dict[str, Room]:
    by_id = dict(zip(map(_id_of, rooms), rooms, strict=True))
    if len(by_id) < len(rooms):  # the choice must not hang on the order of an answer
        for room in sorted(rooms, key=_fullness):
            by_id[room.id] = room
    return by_id


def _fullness(room: Room) -> tuple[int, str]:
    return -1 if room.participants is None else room.participants, repr(room)
