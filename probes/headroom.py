"""How far from full.

The capacity is, in this order: the sum of the nodes' capacities where the service
tells one for each node; the capacity of the biggest open room that has one, as it
fills first; the config's `capacity`, which is that of the whole service.
"""

from __future__ import annotations

from collections.abc import Sequence

from probes.model import Headroom, NodeView, RoomView


def headroom(
    nodes: Sequence[NodeView], rooms: Sequence[RoomView], participants: int | None, configured: int | None
) -> Headroom:
    """The headroom of one service.

    `participants` is the whole service's count, None while a part of it is
    unknown; `rooms` come the biggest first.
    """
    capacities = [node.capacity for node in nodes if node.capacity is not None]
    if capacities and len(capacities) == len(nodes):
        return _headroom(sum(capacities), "service", participants)
    for room in rooms:
        if room.capacity:
            return _headroom(room.capacity, "service", room.participants)
    if configured is not None:
        return _headroom(configured, "config", participants)
    return Headroom()


def _headroom(capacity: int, source: str, participants: int | None) -> Headroom:
    if capacity <= 0 or participants is None:
        return Headroom(capacity=capacity, source=source)
    free = min(1.0, max(0.0, 1.0 - participants / capacity))
    return Headroom(
        capacity=capacity, source=source, ratio=free, seconds_to_full=0.0 if free == 0.0 else None
    )
