"""Whose capacity counts.

It is, in this order: the sum of the nodes' capacities where the service tells one for
each node in use; the capacity of the biggest open room that has one, if it holds a
tenth of all people (in a service of many small rooms a full one is no news); the
config's `capacity`, which is that of the whole service; the ceiling that was observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probes.headroom.growing import SERVICE, Series, of_room
from probes.model import NodeView, RoomView

MATTERS = 0.1
"""The share of all people from which a room's capacity is the service's."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What fills up: how many it holds, who says so, how many are in it, and whose growth fills it."""

    capacity: int | None = None
    source: str | None = None
    participants: int | None = None
    series: Series = SERVICE


def limit(
    nodes: Sequence[NodeView],
    rooms: Sequence[RoomView],
    participants: int | None,
    configured: int | None,
    observed: int | None,
) -> Limit:
    """What is full first. `rooms` come the biggest first; `participants` is None while a part is unknown."""
    in_use = [node for node in nodes if node.participants or node.capacity is not None]
    capacities = [node.capacity for node in in_use if node.capacity is not None]
    if capacities and len(capacities) == len(in_use):
        return Limit(sum(capacities), "service", participants)
    room = next((room for room in rooms if room.capacity), None)
    if room is not None and (room.participants or 0) >= MATTERS * (participants or 0):
        return Limit(room.capacity, "service", room.participants, of_room(room.node, room.id))
    if configured is not None:
        return Limit(configured, "config", participants)
    if observed is not None:
        return Limit(observed, "observed", participants)
    return Limit(participants=participants)
