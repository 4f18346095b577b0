"""Conditions about where the people are: rooms that ended, moved or are full."""

from __future__ import annotations

from collections.abc import Iterator

from probes.alerting.firing import Firing
from probes.model import Cause, Observation, Relocation, Status
from probes.watching.accounts import named
from probes.watching.wording import number, percent, stretch

SOON = 600.0
"""Seconds to full, below which it is soon."""

FEW = 0.5
"""The share of people below which few have followed."""

FOLLOWED_BY = 120.0
"""Seconds of service time after a relocation by which people should have followed."""


def places(seen: Observation, at: float) -> Iterator[Firing]:
    """What is to be said of rooms and their people at wall time `at`."""
    yield from _left(seen, at)
    yield from _full(seen, at)


def _left(seen: Observation, at: float) -> Iterator[Firing]:
    for each in seen.relocations:
        if each.settled or each.status is Status.REJECTED:
            continue
        if each.cause is Cause.ENDED:
            alert, text = "RoomsEnded", _ended(each)
        elif few_followed(seen, each):
            alert, text = "RoomsFewFollowed", _few_followed(each)
        else:
            continue
        yield Firing(alert=alert, since=at, service=seen.name, lineage=each.lineage, summary=text)


def _ended(relocation: Relocation) -> str:
    before = number(relocation.participants_before or 0)
    return f"Room {named(relocation.from_)} ended with {before} listening; no successor is known"


def _few_followed(relocation: Relocation) -> str:
    before, share = number(relocation.participants_before or 0), percent(relocation.carried_over or 0.0)
    way = f"Room {named(relocation.from_)} goes on as {named(relocation.to)}"
    return f"{way}; {share} of its {before} people have followed"


def few_followed(seen: Observation, relocation: Relocation) -> bool:
    """Whether people have had time to follow, and few have."""
    share, now = relocation.carried_over, seen.service_time
    return share is not None and share < FEW and now is not None and now - relocation.at >= FOLLOWED_BY


def _full(seen: Observation, at: float) -> Iterator[Firing]:
    free = seen.headroom
    where = [(seen.name, "", "", free.seconds_to_full, free.capacity)]
    where += [(f"Node {n.id}", n.id, "", n.seconds_to_full, n.capacity) for n in seen.nodes]
    where += [(f"Room “{r.title or r.id}”", r.node, r.id, r.seconds_to_full, r.capacity) for r in seen.rooms]
    for name, node, room, left, capacity in where:
        if left is None or left >= SOON:
            continue
        most = f"the capacity is {number(capacity or 0)}"
        text = (
            f"{name} is full: {most}"
            if left == 0
            else f"{name} is full in {stretch(left)} at this growth: {most}"
        )
        alert = "RoomsSoonFull" if left else "RoomsFull"
        yield Firing(alert=alert, since=at, service=seen.name, node=node, room=room, summary=text)
