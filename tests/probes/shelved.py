"""Rooms as large answers bring them: on the cards of the answer before."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from probes.mapping import Columns, NotInPieces
from probes.mapping.rows import STATES
from probes.mapping.shelf import Shelf
from probes.model import Room

GETTERS = {
    name: attrgetter(name)
    for name in ("id", "node", "participants", "title", "state", "capacity", "started_at", "hosts")
}


class Shelves:
    """What a poll of each endpoint brings: a listing, or the rooms themselves where one is named twice."""

    def __init__(self) -> None:
        self._of: dict[str, Shelf] = {}

    def rooms(self, endpoint: str, rooms: Sequence[Room]) -> Sequence[Room]:
        shelf = self._of.setdefault(endpoint, Shelf(endpoint, STATES))
        half = len(rooms) // 2
        try:
            return shelf.read([Columns(part, GETTERS) for part in (rooms[:half], rooms[half:])])
        except NotInPieces:
            del self._of[endpoint]
            return rooms
