"""How far from full.

The capacity is, in this order: the sum of the nodes' capacities where the service
tells one for each node in use; the capacity of the biggest open room that has one,
if it holds a tenth of all people (in a service of many small rooms a full one is no
news); the config's `capacity`, which is that of the whole service.
"""

from __future__ import annotations

from collections.abc import Sequence

from probes.model import Headroom, NodeView, RoomView

MATTERS = 0.1
"""The share of all people from which a room's capacity is the service's."""


def headroom(
    nodes: Sequence[NodeView], rooms: Sequence[RoomView], participants: int | None, configured: int | None
) -> Headroom:
    """The headroom of one service.

    `participants` is the whole service's count, None while a part of it is
    unknown; `rooms` come the biggest first.
    """
    in_use = [node for node in nodes if node.participants or node.capacity is not None]
    capacities = [node.capacity for node in in_use if node.capacity is not None]
    if capacities and len(capacities) == len(in_use):
        return _headroom(sum(capacities), "service", participants)
    room = next((room for room in rooms if room.capacity), None)
    if room is not None and (room.participants or 0) >= MATTERS * (participants or 0):
        return _headroom(room.capacity, "service", room.participants)
    if configured is not None:
        return _headroom(configured, "config", participants)
    return Headroom()


def _headroom(capacity: int | None, source: str, participants: int | None) -> Headroom:
    if not capacity or participants is None:
        return Headroom(capacity=capacity, source=source)
    free = min(1.0, max(0.0, 1.0 - participants / capacity))
    return Headroom(
        capacity=capacity, source=source, ratio=free, seconds_to_full=0.0 if free == 0.0 else None
    )
