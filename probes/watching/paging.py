"""All rooms of a service, a page at a time, in an order that holds while rooms come and go."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from heapq import nsmallest

from msgspec.structs import asdict

from probes.model import Room, RoomView
from probes.watching.roll import Key, NodeRooms, Roll, key_of

_LONGEST = 90
"""Characters of a name that a cursor holds: two names make at most 1,024 characters of URL."""


class Listed(RoomView, frozen=True, kw_only=True, dict=True):
    """A room of a page. Its cursor goes with it, and not into what is encoded."""

    @property
    def cursor(self) -> str:
        return str(self.__dict__["place"])


def listed(view: RoomView, room: Room) -> Listed:
    """`room` as it is shown, with its place."""
    found = Listed(**asdict(view))
    found.__dict__["place"] = ".".join(_packed(name) for name in key_of(room))
    return found


def cursor(room: Listed) -> str:
    """The place of a room in the order of nodes and ids: what the next page is asked with."""
    return room.cursor


def page(rolls: Iterable[Roll], after: str, limit: int) -> tuple[list[Room], int]:
    """Up to `limit` rooms after the one with the cursor `after`, and how many there are in all.

    Of rolls that have the same room the later one counts. What is no cursor starts at the first room.
    """
    nodes: dict[str, list[NodeRooms]] = defaultdict(list)
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


def _newest(rolls: list[NodeRooms], room: str) -> Room:
    return next(rooms[room] for rooms in reversed(rolls) if room in rooms)


def _ids(rolls: list[NodeRooms]) -> Collection[str]:
    return rolls[0].keys() if len(rolls) == 1 else set().union(*rolls)


def _place(after: str, nodes: dict[str, list[NodeRooms]]) -> Key | None:
    node_text, _, room_text = after.partition(".")
    try:
        node = _unpacked(node_text, nodes)
        return node, _unpacked(room_text, _ids(nodes[node]) if node in nodes else ())
    except ValueError:
        return None


def _packed(name: str) -> str:
    """A name in the characters of a URL; of a long one its beginning and a mark of the whole."""
    text = base64.urlsafe_b64encode(name[:_LONGEST].encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return f"{text}~{_mark(name)}" if len(name) > _LONGEST else text


def _unpacked(text: str, names: Collection[str]) -> str:
    """The name that was packed, or its beginning where none of `names` is it. Raises ValueError."""
    start, _, mark = text.partition("~")
    raw = base64.b64decode(start + "=" * (-len(start) % 4), altchars="-_", validate=True)
    name = raw.decode("utf-8", "surrogatepass")
    if not mark:
        return name
    return next((long for long in names if long.startswith(name) and _mark(long) == mark), name)


def _mark(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
