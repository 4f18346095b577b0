"""How far from full a service, its nodes and its rooms are, and when they are full at this growth."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from probes.headroom.capacity import limit
from probes.headroom.ceiling import Ceiling
from probes.headroom.forecast import Forecast
from probes.headroom.growing import SERVICE, Growing, Series, of_node, of_room
from probes.model import Door, Headroom, NodeView, Room, RoomView
from probes.watching.summary import shown

__all__ = ["Filling"]

SOONEST = 1.0
"""Seconds to full that are shown at least while it is not full: 0 is full."""

FREE_AGAIN = 0.02
"""The share that must be free before what was full no longer is: people come and go at a full room, and it
would be full and not full from second to second."""


class Filling:
    """What one service's counts and joins tell of its headroom. Times are the service's."""

    def __init__(self) -> None:
        self._growing = Growing()
        self._ceiling = Ceiling()
        self._full: set[Series] = set()

    def due(self, now: float) -> bool:
        """Whether `take` would read anything at `now`."""
        return self._growing.due(now)

    def clear(self) -> None:
        """The service's clock went back: what was seen cannot be compared with what comes."""
        self._growing.clear()
        self._full.clear()

    def take(
        self, now: float, participants: int | None, nodes: Sequence[NodeView], rooms: Sequence[Room]
    ) -> None:
        """Read the people at `now`: of the whole service (None while a part is unknown), its nodes and rooms.

        Nodes and rooms without a capacity are never full and are not followed.
        """
        counts: dict[Series, int] = {}
        if participants is not None:
            counts[SERVICE] = participants
        for node in nodes:
            if node.capacity and node.participants is not None:
                counts[of_node(node.id)] = node.participants
        for room in rooms:
            if room.capacity and room.participants is not None:
                counts[of_room(shown(room.node), shown(room.id))] = room.participants
        self._growing.take(now, counts)
        self._full = {series for series in self._full if series in self._growing}

    def hear(self, now: float, participants: int, door: Door | None, tries: int, objective: float) -> None:
        """Read how joins go at `now` with so many in: `door`, the tries it rests on, the share promised."""
        self._ceiling.take(now, participants, door, tries, objective)

    def headroom(
        self,
        nodes: Sequence[NodeView],
        rooms: Sequence[RoomView],
        participants: int | None,
        configured: int | None,
    ) -> Headroom:
        """The headroom of the service; arguments as `limit` has them."""
        found = limit(nodes, rooms, participants, configured, self._ceiling.value())
        seen = self._growing.forecast(found.series, found.capacity)
        growth = {"growth": seen.growth, "growth_low": seen.growth_low, "growth_high": seen.growth_high}
        if not found.capacity or found.participants is None:
            return Headroom(capacity=found.capacity, source=found.source, **growth)
        free = min(1.0, max(0.0, 1.0 - found.participants / found.capacity))
        left, soonest, latest = self._left(found.series, seen, free)
        return Headroom(
            capacity=found.capacity,
            source=found.source,
            ratio=free,
            seconds_to_full=left,
            soonest=soonest,
            latest=latest,
            **growth,
        )

    def nodes(self, nodes: Sequence[NodeView]) -> tuple[NodeView, ...]:
        """The same nodes with the seconds until each is full."""
        return tuple(
            replace(node, seconds_to_full=self._seconds(of_node(node.id), node.participants, node.capacity))
            if node.capacity
            else node
            for node in nodes
        )

    def rooms(self, rooms: Sequence[RoomView]) -> tuple[RoomView, ...]:
        """The same rooms with the seconds until each is full."""
        return tuple(
            replace(
                room,
                seconds_to_full=self._seconds(of_room(room.node, room.id), room.participants, room.capacity),
            )
            if room.capacity
            else room
            for room in rooms
        )

    def _seconds(self, series: Series, participants: int | None, capacity: int | None) -> float | None:
        if not capacity or participants is None:
            return None
        forecast = self._growing.forecast(series, capacity)
        return self._left(series, forecast, 1.0 - participants / capacity)[0]

    def _left(
        self, series: Series, seen: Forecast, free: float
    ) -> tuple[float | None, float | None, float | None]:
        """Seconds to full, the soonest and the latest. What is full now is full whatever was foretold."""
        if free <= (FREE_AGAIN if series in self._full else 0.0):
            self._full.add(series)
            return 0.0, 0.0, 0.0
        self._full.discard(series)
        if seen.seconds is None or seen.soonest is None or seen.latest is None:
            return None, None, None
        return max(seen.seconds, SOONEST), max(seen.soonest, SOONEST), max(seen.latest, SOONEST)
