"""On which bridge of a Jitsi each room is, and when to ask for it again."""

from __future__ import annotations

from collections.abc import Mapping

from probes.failure import ProbeFailed
from probes.vendors.jitsi import Where

REST = 20.0
"""How many times as long as it took the question is left alone, at least: it is the costly one."""

LEADS = 2
"""How many times as many people another bridge must hold before a room on several counts as moved there."""


class Places:
    """On which bridge each room of one jicofo is, as far as it has been told.

    A room stays where it is known to be until another bridge holds `LEADS` times
    as many of its people, or the bridge none at all: a conference on several
    bridges does not flap between them.
    """

    def __init__(self, every: float, poll_every: float) -> None:
        self.known: dict[str, str] = {}
        self.told = False
        self.failure: ProbeFailed | None = None
        self._every = every
        self._poll_every = poll_every
        self._next = self._soonest = 0.0

    def due(self, rooms: Mapping[str, int], now: float) -> bool:
        """Whether to ask again: from time to time, and sooner where people are in a room of unknown place."""
        if now >= self._next:
            return True
        return now >= self._soonest and any(rooms[room] for room in rooms.keys() - self.known.keys())

    def asked(self, started: float, now: float) -> None:
        pause = REST * (now - started)
        self._next = started + max(self._every, pause)
        self._soonest = started + max(self._poll_every, pause)

    def learn(self, where: Where) -> None:
        self.told, self.failure = True, None
        for room, bridges in where.items():
            most, biggest = max(((people, bridge) for bridge, people in bridges.items()), default=(0, ""))
            if most > LEADS * bridges.get(self.known.get(room, ""), 0):
                self.known[room] = biggest

    def keep_only(self, rooms: Mapping[str, int]) -> None:
        """Forget the rooms that are no more."""
        self.known = {room: node for room, node in self.known.items() if room in rooms}
