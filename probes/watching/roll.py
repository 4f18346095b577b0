"""The open rooms of one endpoint by node and id: made once, then changed by what each answer changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, KeysView, Mapping, Set
from dataclasses import dataclass, field
from itertools import chain

from probes.listing import ABSENT, Listing
from probes.model import Room

Key = tuple[str, str]
"""What one room is: (node, id)."""


def key_of(room: Room) -> Key:
    return room.node, room.id


@dataclass(slots=True)
class Difference:
    """How one answer differs from the one before. `fell` are rooms that shrank, with the people before."""

    came: list[Room] = field(default_factory=list)
    gone: list[Room] = field(default_factory=list)
    fell: list[tuple[Key, int]] = field(default_factory=list)


class NodeRooms(Mapping[str, Room]):
    """The rooms of one node by id. A room is made when it is asked for; the ids alone cost nothing."""

    __slots__ = ("listing", "numbers")

    def __init__(self, listing: Listing, numbers: dict[str, int]) -> None:
        self.listing = listing
        self.numbers = numbers

    def __getitem__(self, room: str) -> Room:
        return self.listing.room(self.numbers[room])

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def __contains__(self, room: object) -> bool:
        return room in self.numbers

    def keys(self) -> KeysView[str]:
        return self.numbers.keys()

    def counts(self) -> list[int]:
        """The people of each, as a column holds them."""
        return list(map(self.listing.counts.__getitem__, self.numbers.values()))


class Roll:
    """Rooms, each once: where an answer names a room twice, the fuller one is taken."""

    __slots__ = ("listing", "nodes")

    def __init__(self, rooms: Iterable[Room] = ()) -> None:
        self.listing = rooms if isinstance(rooms, Listing) else Listing.of(rooms)
        self.nodes: dict[str, NodeRooms] = {}
        self._enter(self.listing.numbers())

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
        """Add one room, that no answer has told of yet."""
        self._stand_on(self.listing.plus(room))
        self._enter([len(self.listing.counts) - 1])

    def pop(self, key: Key) -> Room | None:
        """Take one room out, before an answer leaves it out."""
        room = self.get(key)
        if room is not None:
            number = self.nodes[key[0]].numbers[key[1]]
            self._leave([key])
            self._stand_on(self.listing.without(number))
        return room

    def _stand_on(self, listing: Listing) -> None:
        self.listing = listing
        for rooms in self.nodes.values():
            rooms.listing = listing

    def among(self, keys: Mapping[str, set[str]]) -> set[Key]:
        """Which rooms of `keys`, the ids by node, it has."""
        return {
            (node, room)
            for node in keys.keys() & self.nodes.keys()
            for room in keys[node] & self.nodes[node].keys()
        }

    def take(self, listing: Listing) -> Difference:
        """Become the roll of another answer, and tell how that differs."""
        before = self.listing
        if listing.cards is before.cards and len(listing.counts) >= len(before.counts):
            return self._change(listing)
        nodes = self.nodes
        self.listing, self.nodes = listing, {}
        self._enter(listing.numbers())
        return _compare(nodes, self.nodes)

    def without(self, others: Collection[Roll]) -> Roll:
        """The rooms that none of `others` has."""
        rest = Roll()
        rest.listing = self.listing
        for node, rooms in self.nodes.items():
            left: Set[str] = rooms.keys()
            for other in others:
                if node in other.nodes:
                    left = left - other.nodes[node].keys()
            if len(left) == len(rooms):
                rest.nodes[node] = rooms
            elif left:
                rest.nodes[node] = NodeRooms(rooms.listing, {room: rooms.numbers[room] for room in left})
        return rest

    def _enter(self, numbers: Iterable[int]) -> None:
        cards = self.listing.cards
        for number in numbers:
            card = cards[number]
            node = self.nodes.get(card.node)
            if node is None:
                node = self.nodes[card.node] = NodeRooms(self.listing, {})
            node.numbers[card.id] = number

    def _change(self, listing: Listing) -> Difference:
        """Take over an answer on the same cards: only what changed is looked at one by one."""
        before = self.listing
        self._stand_on(listing)
        then, now = before.counts, listing.counts
        changed = [number for number, (was, count) in enumerate(zip(then, now, strict=False)) if was != count]
        found = Difference()
        came = [number for number in range(len(then), len(now)) if now[number] != ABSENT]
        gone: dict[Key, int] = {}
        for number in changed:
            was, count = then[number], now[number]
            if count < was:
                key = key_of(listing.cards[number])
                if count == ABSENT:
                    gone[key] = number
                else:
                    found.fell.append((key, was))
            elif was == ABSENT:
                came.append(number)
        self._leave(gone)
        self._enter(came)
        for number in came:
            key = key_of(listing.cards[number])
            earlier = gone.pop(key, None)  # the same room, of which something else is said now
            if earlier is None:
                found.came.append(listing.room(number))
            elif now[number] < then[earlier]:
                found.fell.append((key, then[earlier]))
        found.gone.extend(before.room(number) for number in gone.values())
        return found

    def _leave(self, keys: Iterable[Key]) -> None:
        for node, room in keys:
            rooms = self.nodes[node].numbers
            del rooms[room]
            if not rooms:
                del self.nodes[node]


def _compare(before: Mapping[str, NodeRooms], after: Mapping[str, NodeRooms]) -> Difference:
    """How rooms on other cards differ: found by their ids."""
    found = Difference()
    nothing = NodeRooms(Listing.of(()), {})
    for node, rooms in after.items():
        earlier = before.get(node, nothing)
        for room, count in zip(rooms, rooms.counts(), strict=True):
            number = earlier.numbers.get(room)
            if number is None:
                found.came.append(rooms[room])
            elif count < (was := earlier.listing.counts[number]):
                found.fell.append(((node, room), was))
    for node, rooms in before.items():
        there = after.get(node, nothing)
        found.gone.extend(rooms[room] for room in rooms if room not in there)
    return found
