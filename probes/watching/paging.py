"""All rooms of a service, a page at a time, in an order that holds while rooms come and go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from heapq import nsmallest

from probes.model import Room, RoomView
from probes.watching.roll import Key, Roll
from probes.watching.summary import shown


def cursor(room: RoomView) -> str:
    """The place of a room in the order of nodes and ids: what the next page is asked with."""
    return f"{room.node}\n{room.id}"


def page(rolls: Iterable[Roll], after: str, limit: int) -> tuple[list[Room], int]:
    """Up to `limit` rooms after the one with the cursor `after`, and how many there are in all.

    Of rolls that have the same room the later one counts.
    """
    nodes: dict[str, list[dict[str, Room]]] = defaultdict(list)
    for roll in rolls:
        for node, rooms in roll.nodes.items():
            nodes[node].append(rooms)
    start = _place(after, nodes) if after else None
    found: list[Room] = []
    for node in sorted(nodes):
        if len(found) >= limit:
            break
        ids = _ids(nodes[node])
        if start is not None and node <= start[0]:
            ids = [room for room in ids if (node, room) > start]
        found += [_newest(nodes[node], room) for room in nsmallest(limit - len(found), ids)]
    return found, sum(len(_ids(rooms)) for rooms in nodes.values())


def _newest(rolls: list[dict[str, Room]], room: str) -> Room:
    return next(rooms[room] for rooms in reversed(rolls) if room in rooms)


def _ids(rolls: list[dict[str, Room]]) -> Collection[str]:
    return rolls[0].keys() if len(rolls) == 1 else set().union(*rolls)


def _place(after: str, nodes: dict[str, list[dict[str, Room]]]) -> Key:
    node, _, room = after.partition("\n")
    if "~" in node:  # a name that could not be shown as it is: find the one that it stands for
        node = next((name for name in nodes if shown(name) == node), node)
    if "~" in room:
        room = next((name for name in _ids(nodes.get(node, [{}])) if shown(name) == room), room)
    return node, room
