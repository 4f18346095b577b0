"""Nodes and rooms that are full: they turn people away, however much room there is elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from probes.model import NodeView, RoomView
from probes.state.endings import MATTERS
from probes.watching.wording import number

_FEW = 3


def big_rooms(rooms: Iterable[RoomView], participants: int | None, audience: int) -> Iterator[RoomView]:
    """The rooms that matter: with `audience` people or more, and a tenth of all `participants`."""
    if participants is None:
        return
    fewest = max(audience, MATTERS * participants)
    for room in rooms:
        if room.participants is not None and room.participants >= fewest:
            yield room


def full_places(
    nodes: Iterable[NodeView], rooms: Iterable[RoomView], participants: int | None, audience: int
) -> tuple[str, ...]:
    """The nodes, and the rooms that matter, that are full now; in words."""
    full_nodes = [(f"Node {node.id}", node.capacity) for node in nodes if node.seconds_to_full == 0]
    full_rooms = [
        (f"Room “{room.title or room.id}”", room.capacity)
        for room in big_rooms(rooms, participants, audience)
        if room.seconds_to_full == 0
    ]
    places = (*full_nodes, *full_rooms)[:_FEW]
    return tuple(f"{name} is full: it holds {number(capacity or 0)}" for name, capacity in places)
