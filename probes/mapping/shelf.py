"""Knows the rows of the answers before, so that a row that only counts its people anew makes no room."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import compress

from probes.listing import ABSENT, UNKNOWN, Listing, counted
from probes.mapping.document import Columns
from probes.mapping.pieces import NotInPieces
from probes.mapping.rows import read_rooms
from probes.model import Room, RoomState

SPARE = 1_000
"""How many cards of rooms that are gone may be kept, beside one for each eight rooms that are there.

They are freed at one blow, which nothing interrupts.
"""


class Shelf:
    """The cards of one endpoint's rooms, found again by what a row says beside the people.

    Rows are known by a hash of 64 bits of that: of 100,000 rooms two would be taken
    for one in one of 10^9 answers.
    """

    def __init__(self, node: str, states: Mapping[str, RoomState]) -> None:
        self._node = node
        self._states = states
        self._cards: list[Room] = []
        self._marks: list[int] = []
        self._known: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._closed: set[int] = set()

    def read(self, pieces: Iterable[Columns]) -> Listing:
        """The rooms of an answer that comes in pieces.

        Raises NotInPieces where there is something to be said of a row, or a room
        is listed twice: that is for those who look at all rows together. The shelf
        is of no use then.
        """
        counts = array("q", [ABSENT]) * len(self._cards)
        rows = 0
        replaced: list[int] = []
        for columns in pieces:
            rows += len(columns)
            self._put(columns, counts, replaced)
        if any(counts[number] != ABSENT for number in replaced) or rows != len(counts) - counts.count(ABSENT):
            raise NotInPieces
        closed = [number for number in sorted(self._closed) if counts[number] != ABSENT]
        shut = [counted(self._cards[number], counts[number]) for number in closed]
        for number in closed:
            counts[number] = ABSENT
        if len(self._cards) > rows + rows // 8 + SPARE:
            counts = self._clear_out(counts)
        return Listing(self._cards, counts, shut)

    def _put(self, columns: Columns, counts: array[int], replaced: list[int]) -> None:
        """Enter the counts of one piece's rows, with a new card for each row that is not known."""
        marks = list(map(hash, columns.all_but("participants")))
        numbers = list(map(self._known.get, marks))
        people = columns["participants"]
        if None in numbers:
            fresh = [number is None for number in numbers]
            made = iter(self._make(columns, fresh, list(compress(marks, fresh)), replaced))
            numbers = [next(made) if number is None else number for number in numbers]
            counts.extend([ABSENT] * (len(self._cards) - len(counts)))
        for number, count in zip(numbers, people, strict=True):
            counts[number] = UNKNOWN if count is None else count  # type: ignore[index]

    def _make(
        self, columns: Columns, fresh: list[bool], marks: list[int], replaced: list[int]
    ) -> Iterable[int]:
        """Cards for the `fresh` rows, and their numbers. What a room was before is put to `replaced`."""
        rooms, notes = read_rooms(
            replace(columns, rows=list(compress(columns.rows, fresh))), self._node, self._states
        )
        if notes or len(rooms) != len(marks):
            raise NotInPieces
        numbers = range(len(self._cards), len(self._cards) + len(rooms))
        self._cards += rooms
        self._marks += marks
        self._known.update(zip(marks, numbers, strict=True))
        before = [number for number in map(self._places.get, map(_place, rooms)) if number is not None]
        self._places.update(zip(map(_place, rooms), numbers, strict=True))
        replaced += before
        for number in before:
            self._known.pop(self._marks[number], None)
        is_open = RoomState.OPEN
        self._closed.update(n for n, room in zip(numbers, rooms, strict=True) if room.state is not is_open)
        return numbers

    def _clear_out(self, counts: array[int]) -> array[int]:
        """Give the open rooms new numbers on cards of their own; the old cards stay with older answers."""
        kept = [number for number, count in enumerate(counts) if count != ABSENT]
        self._cards = [self._cards[number] for number in kept]
        self._marks = [self._marks[number] for number in kept]
        self._known = {mark: number for number, mark in enumerate(self._marks)}
        self._places = {_place(card): number for number, card in enumerate(self._cards)}
        self._closed = set()
        return array("q", [counts[number] for number in kept])


def _place(room: Room) -> int:
    return hash((room.node, room.id))
