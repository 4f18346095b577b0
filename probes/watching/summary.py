"""Rooms in sum: how many, the people per node, the biggest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest

from probes.listing import ABSENT, UNKNOWN
from probes.model import LABEL_BYTES, TOP_ROOMS, Room, plain_text
from probes.watching.roll import Key, Roll, key_of


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
    sizes: list[int] = []
    numbers: list[int] = []
    uncounted = 0
    nodes: dict[str, int | None] = {}
    for node, rooms in roll.nodes.items():
        counts = rooms.counts()
        unknown = counts.count(UNKNOWN)
        nodes[node] = None if unknown == len(counts) else sum(counts) - unknown * UNKNOWN
        uncounted += unknown
        sizes += counts
        numbers += rooms.numbers.values()
    return Summary(
        rooms=len(sizes),
        participants=sum(sizes) - uncounted * UNKNOWN,
        uncounted=uncounted,
        nodes=nodes,
        biggest=tuple(map(roll.listing.room, _biggest(roll.listing.cards, numbers, sizes))),
    )


def merge(summaries: Iterable[Summary]) -> Summary:
    """The sum of sums over rooms that have no room in common."""
    parts = [summary for summary in summaries if summary.rooms]
    if len(parts) == 1:
        return parts[0]
    nodes: dict[str, int | None] = {}
    for part in parts:
        for node, people in part.nodes.items():
            others = nodes.get(node)
            nodes[node] = people if others is None else others + (people or 0)
    biggest = sorted((room for part in parts for room in part.biggest), key=by_size)[:TOP_ROOMS]
    return Summary(
        rooms=sum(part.rooms for part in parts),
        participants=sum(part.participants for part in parts),
        uncounted=sum(part.uncounted for part in parts),
        nodes=nodes,
        biggest=tuple(biggest),
    )


def by_size(room: Room) -> tuple[int, str, str]:
    """Sorts rooms from the biggest; an unknown count comes last."""
    return 1 if room.participants is None else -room.participants, room.node, room.id


def _biggest(cards: Sequence[Room], numbers: list[int], sizes: list[int]) -> list[int]:
    """The numbers of the biggest rooms in the order of `by_size`."""

    def key(number: int) -> Key:
        return key_of(cards[number])

    floor = nlargest(TOP_ROOMS, sizes)[-1] if len(sizes) > TOP_ROOMS else ABSENT
    large = [(size, number) for size, number in zip(sizes, numbers, strict=True) if size >= floor]
    above = sorted((-size, *key(number), number) for size, number in large if size > floor)
    level = (number for size, number in large if size == floor)
    return [found[3] for found in above] + nsmallest(TOP_ROOMS - len(above), level, key=key)


SHORTENED = "~"
"""In every name that `shown` had to shorten or to clean."""


def is_shortened(text: str) -> bool:
    """Whether `text` may be what `shown` made of a longer id, so that nobody knows the room by it."""
    return re.search(rf"{SHORTENED}[0-9a-f]{{8}}$", text) is not None


def shown(identifier: str) -> str:
    """A room's or node's id as it leaves the prober: plain, at most `LABEL_BYTES`, and still one of its kind.

    Ids that differ stay different: what had to be cut or cleaned gets a mark of the whole id.
    """
    clean = plain_text(identifier)
    if clean == identifier:
        return clean
    mark = hashlib.blake2b(identifier.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{plain_text(identifier, LABEL_BYTES - len(mark) - 1)}{SHORTENED}{mark}"
