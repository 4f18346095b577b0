"""The rooms of one answer, kept as columns: what is said of a room once, and how many are in it now.

100,000 rooms are listed again each second, and nearly all that is said of them
was said the second before. A room is made once; later answers hold its number
of people alone, in an array. Made anew each second, rooms cost four times as
much: their parts lie scattered in memory, and each is fetched and freed alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from probes.model import Room

ABSENT = -2
"""Stands for a room that is not in this answer."""

UNKNOWN = -1
"""Stands for a room whose people are not counted."""


class Listing(Sequence[Room]):
    """Rooms by number: `cards[n]` is the room as it was first told of, `counts[n]` its people now.

    Answers of one endpoint share their cards, which are only added to, so that a
    number means the same room in all of them. `closed` are the rooms that are not open.
    """

    __slots__ = ("_numbers", "cards", "closed", "counts")

    def __init__(self, cards: list[Room], counts: array[int], closed: Sequence[Room] = ()) -> None:
        self.cards = cards
        self.counts = counts
        self.closed = closed
        self._numbers: Sequence[int] | None = None

    @classmethod
    def of(cls, rooms: Iterable[Room], closed: Sequence[Room] = ()) -> Listing:
        """Rooms on cards of their own. Where one is named twice the fuller is taken."""
        cards = list(rooms)
        by_key = {(room.node, room.id): room for room in cards}
        if len(by_key) < len(cards):  # the choice must not hang on the order of an answer
            by_key = {(room.node, room.id): room for room in sorted(cards, key=_fullness)}
            cards = list(by_key.values())
        return cls(cards, array("q", map(count_of, cards)), closed)

    def room(self, number: int) -> Room:
        """The open room with this number, as this answer tells of it."""
        card, count = self.cards[number], self.counts[number]
        return card if count_of(card) == count else counted(card, count)

    def plus(self, room: Room) -> Listing:
        """These rooms and one more, which has the last number, on cards of their own."""
        counts = self.counts[:]
        counts.append(count_of(room))
        return Listing([*self.cards[: len(self.counts)], room], counts, self.closed)

    def without(self, number: int) -> Listing:
        """These rooms but for the one with this number, on cards of their own."""
        counts = self.counts[:]
        counts[number] = ABSENT
        return Listing(self.cards[: len(counts)], counts, self.closed)

    @property
    def counted(self) -> bool:
        """Whether the people of any open room are counted."""
        return max(self.counts, default=UNKNOWN) > UNKNOWN

    def numbers(self) -> Sequence[int]:
        """The numbers of the open rooms."""
        if self._numbers is None:
            self._numbers = [n for n, count in enumerate(self.counts) if count != ABSENT]
        return self._numbers

    def __len__(self) -> int:
        return len(self.counts) - self.counts.count(ABSENT) + len(self.closed)

    def __iter__(self) -> Iterator[Room]:
        yield from map(self.room, self.numbers())
        yield from self.closed

    @overload
    def __getitem__(self, index: int) -> Room: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Room]: ...
    def __getitem__(self, index: int | slice) -> Room | Sequence[Room]:
        return list(self)[index]


def count_of(room: Room) -> int:
    """A room's people as a column holds them."""
    return UNKNOWN if room.participants is None else room.participants


def counted(card: Room, count: int) -> Room:
    """The room of `card` with `count` people, as a column holds them."""
    return Room(
        card.id,
        card.node,
        None if count == UNKNOWN else count,
        card.title,
        card.state,
        card.capacity,
        card.started_at,
        card.hosts,
        card.speakers,
        card.successor,
    )


def _fullness(room: Room) -> tuple[int, str]:
    return count_of(room), repr(room)
