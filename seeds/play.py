"""What an event was like at any moment: pure, and the same for the same seed, number and t.

Between two points the count goes in a straight line with a small ripple, which is
zero at the points themselves and never passes the room's highest point. Join
counters are integrals of tries times share, precomputed for each second.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import Literal

import msgspec

from seeds.model import Failure, Point, Room, Seed

ENDED_FOR = 60
"""Seconds that an ended room is still listed, as `ended`, before it vanishes."""

_RIPPLE = 0.005  # of the people in the room
_RAMP = 15.0  # seconds from a point until the ripple has its full height
_MEMORY = 0.94  # how much of the ripple is left after a second

Outcome = Failure | Literal["joined"]


class RoomNow(msgspec.Struct, frozen=True):
    """A room at a moment. `started_at` is Unix seconds; the fields are those of the reply."""

    id: str
    title: str
    node: str
    participants: int
    capacity: int | None
    state: Literal["open", "ended"]
    started_at: float
    hosts: tuple[str, ...]


class Door(msgspec.Struct, frozen=True):
    """What happens outside one open room. `shares`, by outcome, add up to 1."""

    tries_per_second: float
    shares: dict[Outcome, float]


class Moment(msgspec.Struct, frozen=True):
    """One moment: rooms in the seed's order, counters by outcome since the start, doors of open rooms."""

    rooms: tuple[RoomNow, ...]
    joins: dict[Outcome, int]
    doors: dict[str, Door]

    @property
    def current(self) -> str | None:
        """The id of the room where the event is now."""
        return next(iter(self.doors), None)


class Played:
    """A seed made playable under one seed number. `at` costs some microseconds."""

    def __init__(self, seed: Seed, number: int = 0) -> None:
        self.seed = seed
        self.number = number
        self.starts = seed.starts.timestamp()
        failures = {f for room in seed.rooms for point in room.points for f in point.failures}
        self.outcomes: tuple[Outcome, ...] = ("joined", *sorted(failures))
        self._rooms = [_PlayedRoom(room, number, self.starts, self.outcomes) for room in seed.rooms]
        self.lasts = max(room.ends for room in seed.rooms) + ENDED_FOR

    def at(self, t: float) -> Moment:
        """The event `t` seconds after its start; before 0 it is as at 0."""
        t = max(t, 0.0)
        listed = [room for room in self._rooms if room.opens <= t < room.ends + ENDED_FOR]
        return Moment(
            rooms=tuple(room.now(t) for room in listed),
            joins={outcome: int(sum(r.count(outcome, t) for r in self._rooms)) for outcome in self.outcomes},
            doors={room.id: room.door(t) for room in listed if t < room.ends},
        )


class _PlayedRoom:
    """One room, with a value ready for each second from `opens` to `ends`."""

    def __init__(self, room: Room, number: int, starts: float, outcomes: tuple[Outcome, ...]) -> None:
        self.id, self.opens, self.ends = room.id, room.opens, room.ends
        self._open = RoomNow(
            room.id, room.title, room.node, 0, room.capacity, "open", starts + room.opens, room.hosts
        )
        self._ended = msgspec.structs.replace(self._open, state="ended")
        held = room.points[-1]
        points = (
            room.points if held.t == room.ends else (*room.points, held.model_copy(update={"t": room.ends}))
        )
        dice = random.Random(f"{number}/{room.id}")
        self._people = _ripple(points, dice)
        doors = [_door(point) for point in points]
        self._doors = [
            door for door, (a, b) in zip(doors, pairwise(points), strict=False) for _ in range(a.t, b.t)
        ]
        # People come in waves: tries differ by some per cent from second to second, shares do not.
        tries = [door.tries_per_second * dice.uniform(0.95, 1.05) for door in self._doors]
        self._counts: dict[Outcome, list[float]] = {
            outcome: _sums(
                n * door.shares.get(outcome, 0.0) for n, door in zip(tries, self._doors, strict=True)
            )
            for outcome in outcomes
        }

    def now(self, t: float) -> RoomNow:
        if t >= self.ends:
            return self._ended
        return msgspec.structs.replace(self._open, participants=round(_between(self._people, t - self.opens)))

    def door(self, t: float) -> Door:
        return self._doors[int(t) - self.opens]

    def count(self, outcome: Outcome, t: float) -> float:
        return _between(self._counts[outcome], t - self.opens)


def _door(point: Point) -> Door:
    shares: dict[Outcome, float] = {"joined": max(0.0, 1.0 - sum(point.failures.values()))}
    shares.update(point.failures.items())
    return Door(point.tries_per_second, shares)


def _ripple(points: tuple[Point, ...], dice: random.Random) -> list[float]:
    """The people for each second from the first point to the last, both included."""
    highest = max(point.participants for point in points)
    people: list[float] = []
    drift = 0.0
    for a, b in pairwise(points):
        for t in range(a.t, b.t):
            drift = _MEMORY * drift + math.sqrt(1 - _MEMORY**2) * dice.gauss(0.0, 1.0)
            line = a.participants + (b.participants - a.participants) * (t - a.t) / (b.t - a.t)
            height = _RIPPLE * line * min(1.0, (t - a.t) / _RAMP, (b.t - t) / _RAMP)
            people.append(min(max(line + height * drift, 0.0), highest))
    return [*people, points[-1].participants]


def _sums(amounts: Iterable[float]) -> list[float]:
    return [0.0, *accumulate(amounts)]


def _between(values: list[float], t: float) -> float:
    """The value at `t` seconds, in a straight line between whole ones; the ends hold beyond."""
    second = int(t) if t > 0 else 0
    if t <= 0 or second >= len(values) - 1:
        return values[0] if t <= 0 else values[-1]
    return values[second] + (values[second + 1] - values[second]) * (t - second)
