"""Rooms in sum: how many, the people per node, the biggest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest

from probes.model import LABEL_BYTES, TOP_ROOMS, Room, plain_text
from probes.watching.roll import Roll, key_of


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


def summarise(roll: Roll) -> Summary:
    """Sum up open rooms, in a time that grows with their number."""
    rooms: list[Room] = []
    sizes: list[int] = []
    uncounted = 0
    nodes: dict[str, int | None] = {}
    for node, by_id in roll.nodes.items():
        here = list(by_id.values())
        counts = [-1 if room.participants is None else room.participants for room in here]
        unknown = counts.count(-1)
        nodes[node] = None if unknown == len(here) else sum(counts) + unknown
        uncounted += unknown
        rooms += here
        sizes += counts
    return Summary(
        rooms=len(rooms),
        participants=sum(sizes) + uncounted,
        uncounted=uncounted,
        nodes=nodes,
        biggest=tuple(_biggest(rooms, sizes)),
    )


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


def by_size(room: Room) -> tuple[int, str, str]:
    """Sorts rooms from the biggest; an unknown count comes last."""
    return 1 if room.participants is None else -room.participants, room.node, room.id


def _biggest(rooms: list[Room], sizes: list[int]) -> list[Room]:
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
