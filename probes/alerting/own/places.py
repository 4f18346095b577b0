"""Conditions about where the people are: rooms that ended or moved, and what is full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from probes.alerting import conditions as c
from probes.alerting.firing import Firing, Subject
from probes.model import Observation, Relocation
from probes.state.full import big_rooms
from probes.watching.wording import named, number, percent, stretch


def places(seen: Observation, at: float, audience: int) -> Iterator[Firing]:
    """What is to be said of rooms and their people at wall time `at`; rooms matter from `audience` on."""
    for lineage, relocation in _newest(seen).items():
        found = _left(seen, relocation)
        if found is not None:
            alert, text = found
            yield Firing(Subject(alert=alert, service=seen.name, lineage=lineage), since=at, summary=text)
    if seen.collapsed:
        yield Firing(Subject(alert="RoomsCollapsed", service=seen.name), since=at, summary=_collapsed(seen))
    ceiling = seen.headroom.source == "observed"  # at which joins fail, and that is told already
    for space in _spaces(seen, audience):
        if ceiling and not (space.node or space.room or space.left):
            continue
        if space.left is not None and space.left < c.SOON_FULL:
            alert = "RoomsSoonFull" if space.left else "RoomsFull"
            yield Firing(
                Subject(alert=alert, service=seen.name, node=space.node, room=space.room),
                since=at,
                summary=_full(space),
            )


def _newest(seen: Observation) -> dict[str, Relocation]:
    """What is still followed of each lineage; where that is several, the newest."""
    followed = sorted((each for each in seen.relocations if not each.settled), key=lambda each: each.at)
    return {each.lineage: each for each in followed}


def _left(seen: Observation, relocation: Relocation) -> tuple[str, str] | None:
    """The alert on a room that was left, and its words; None where all is as it should be."""
    before, room = relocation.participants_before or 0, named(relocation.from_)
    if relocation.lineage in seen.lost:
        return "RoomsEnded", f"Room {room} ended with {number(before)} listening; no successor is known"
    share = relocation.carried_over
    if share is None or share >= c.FOLLOWED or not _had_time(seen, relocation) or not _matters(seen, before):
        return None
    text = f"{percent(share)} of the {number(before)} people of room {room} have followed"
    return "RoomsFewFollowed", f"{text} to {named(relocation.to)}"


def _had_time(seen: Observation, relocation: Relocation) -> bool:
    return seen.service_time is not None and seen.service_time - relocation.at >= c.FOLLOWED_AFTER


def _matters(seen: Observation, before: int) -> bool:
    """Whether `before` are many beside all who are in rooms now."""
    return before >= c.MATTERS * (before + (seen.participants or 0))


def _collapsed(seen: Observation) -> str:
    now = "" if seen.participants is None else f": {number(seen.participants)} are left"
    return f"Half of all people or more are gone from {seen.name} within a minute{now}"


class _Space(NamedTuple):
    """What may be full: the service, a node or a room, and the seconds that are left until then."""

    name: str
    left: float | None
    capacity: int | None
    node: str = ""
    room: str = ""


def _spaces(seen: Observation, audience: int) -> Iterator[_Space]:
    yield _Space(seen.name, seen.headroom.seconds_to_full, seen.headroom.capacity)
    for node in seen.nodes:
        yield _Space(f"Node {node.id}", node.seconds_to_full, node.capacity, node.id)
    for room in big_rooms(seen.rooms, seen.participants, audience):
        name = f"Room “{room.title or room.id}”"
        yield _Space(name, room.seconds_to_full, room.capacity, room.node, room.id)


def _full(space: _Space) -> str:
    when = f"in {stretch(space.left)} at this growth" if space.left else "now"
    return f"{space.name} is full {when}: the capacity is {number(space.capacity or 0)}"
