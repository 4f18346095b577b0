"""Rooms in sum: counts, people per node, the biggest. Written for 100,000 rooms a second."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from operator import attrgetter

from probes.model import LABEL_BYTES, TOP_ROOMS, Room, plain_text

Key = tuple[str, str]
"""What one room is: (node, id)."""

key_of = attrgetter("node", "id")


@dataclass(frozen=True, slots=True)
class Summary:
    """Open rooms in sum.

    `participants` leaves out the `uncounted` rooms, whose count is unknown. The
    people of a node are `None` when none of its rooms has a count. `biggest`
    holds at most `TOP_ROOMS` rooms, by size, then node, then id.
    """

    rooms: int = 0
    participants: int = 0
    uncounted: int = 0
    nodes: Mapping[str, int | None] = field(default_factory=dict)
    biggest: tuple[Room, ...] = ()


def summarise(rooms: Collection[Room]) -> Summary:
    """Sum up open rooms, in a time that grows with their number."""
    sizes = [-1 if room.participants is None else room.participants for room in rooms]
    uncounted = sizes.count(-1)
    return Summary(
        rooms=len(sizes),
        participants=sum(sizes) + uncounted,
        uncounted=uncounted,
        nodes=_people_by_node(rooms),
        biggest=tuple(_biggest(rooms, sizes)),
    )


def _people_by_node(rooms: Iterable[Room]) -> dict[str, int | None]:
    people: dict[str, int] = {}
    nodes: dict[str, int | None] = {}
    for room in rooms:
        node = room.node
        if room.participants is not None:
            people[node] = people.get(node, 0) + room.participants
        elif node not in nodes:
            nodes[node] = None
    nodes.update(people)
    return nodes


def by_size(room: Room) -> tuple[int, str, str]:
    """Sorts rooms from the biggest; an unknown count comes last."""
    return (-1 if room.participants is None else room.participants) * -1, room.node, room.id


def _biggest(rooms: Collection[Room], sizes: list[int]) -> list[Room]:
    if len(sizes) <= TOP_ROOMS:
        return sorted(rooms, key=by_size)
    floor = nlargest(TOP_ROOMS, sizes)[-1]
    above = [room for room, size in zip(rooms, sizes, strict=True) if size > floor]
    level = [room for room, size in zip(rooms, sizes, strict=True) if size == floor]
    return sorted(above, key=by_size) + nsmallest(TOP_ROOMS - len(above), level, key=key_of)


def shown(identifier: str) -> str:
    """A room's or node's id as it leaves the prober: plain, at most `LABEL_BYTES`, and still one of its kind.

    Ids that differ stay different: what had to be cut or cleaned gets a mark of the whole id.
    """
    clean = plain_text(identifier)
    if clean == identifier:
        return clean
    mark = hashlib.blake2b(identifier.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{plain_text(identifier, LABEL_BYTES - len(mark) - 1)}~{mark}"


def merge(summaries: Iterable[Summary]) -> Summary:
    """The sum of sums over rooms that have no node in common."""
    parts = [summary for summary in summaries if summary.rooms]
    if len(parts) == 1:
        return parts[0]
    biggest = sorted((room for part in parts for room in part.biggest), key=by_size)[:TOP_ROOMS]
    return Summary(
        rooms=sum(part.rooms for part in parts),
        participants=sum(part.participants for part in parts),
        uncounted=sum(part.uncounted for part in parts),
        nodes={node: people for part in parts for node, people in part.nodes.items()},
        biggest=tuple(biggest),
    )
