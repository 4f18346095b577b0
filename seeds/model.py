"""What a seed is: a real event as data, with a mark and a source for every figure.

A seed is read from YAML by `seeds.load`. Unknown keys, unknown sources, points out
of order and shares above 1 are refused.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Mark = Literal["reported", "value-reported", "interpolated"]
"""`reported`: value and time were published. `value-reported`: the value was published and
its time is a guess. `interpolated`: ours."""

Failure = Literal["room_full", "unavailable", "timeout", "aborted"]
"""Why a try did not get in; the names are the outcomes of the design."""

Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
Second = Annotated[int, Field(ge=0)]
"""Whole seconds since the seed's `starts`."""


class Part(BaseModel):
    """What every part of a seed is: immutable, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Part):
    """Where a figure comes from. `url` is missing where the page has no lasting address."""

    title: Text
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None


class Node(Part):
    """A place that rooms live on. No operator published one, so all are invented."""

    id: Text
    label: Text
    invented: Literal[True]


class Point(Part):
    """What is known of one room at one second.

    `mark` speaks of `participants`, `text_mark` of `text`. `tries_per_second` and
    `failures` (shares of those tries) hold until the next point and are always ours.
    """

    t: Second
    participants: Second
    mark: Mark
    text: Text
    text_mark: Mark
    sources: tuple[str, ...] = ()
    tries_per_second: Annotated[float, Field(ge=0)] = 0.0
    failures: dict[Failure, Share] = {}

    @model_validator(mode="after")
    def _is_sourced_and_adds_up(self) -> Point:
        if not self.sources and (self.mark, self.text_mark) != ("interpolated", "interpolated"):
            raise PydanticCustomError("source", "a reported figure needs a key of `sources`")
        if sum(self.failures.values()) > 1 + 1e-9:
            raise PydanticCustomError("shares", "expected failures that add up to at most 1")
        return self


class Room(Part):
    """One room from `opens` to `ends`. `hosts` are opaque ids, never names."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    title: Text
    hosts: tuple[str, ...] = Field(min_length=1)
    node: Text
    capacity: Annotated[int, Field(gt=0)] | None = None
    opens: Second
    ends: Second
    points: tuple[Point, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _points_fit(self) -> Room:
        times = [point.t for point in self.points]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise PydanticCustomError("order", "expected points in order of t, each t once")
        if times[0] != self.opens or times[-1] > self.ends:
            raise PydanticCustomError("span", "expected the first point at `opens` and none after `ends`")
        if self.capacity is not None and any(p.participants > self.capacity for p in self.points):
            raise PydanticCustomError("capacity", "expected no point above the room's capacity")
        return self


class Claim(Part):
    """What one source says in a conflict."""

    source: str
    said: Text


class Conflict(Part):
    """Sources that disagree, and what the seed plays."""

    about: Text
    claims: tuple[Claim, ...] = Field(min_length=1)
    played: Text


class Seed(Part):
    """One event. Times of its rooms are whole seconds since `starts`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    title: Text
    where: Text
    starts: AwareDatetime
    summary: Text
    invented: tuple[Text, ...] = Field(min_length=1)
    nodes: tuple[Node, ...] = Field(min_length=1)
    rooms: tuple[Room, ...] = Field(min_length=1)
    conflicts: tuple[Conflict, ...] = ()
    sources: dict[str, Source]

    @model_validator(mode="after")
    def _names_are_known_and_unique(self) -> Seed:
        for what, ids in (("node", [n.id for n in self.nodes]), ("room", [r.id for r in self.rooms])):
            if len(set(ids)) < len(ids):
                raise PydanticCustomError("duplicate", "two {what}s have one id", {"what": what})
        nodes = {node.id for node in self.nodes}
        for room in self.rooms:
            if room.node not in nodes:
                raise PydanticCustomError("node", "room {room} is on an unknown node", {"room": room.id})
        missing = sorted(self.cited - self.sources.keys())
        if missing:
            raise PydanticCustomError(
                "source", "{keys} cited, and not in `sources`", {"keys": ", ".join(missing)}
            )
        return self

    @property
    def cited(self) -> set[str]:
        """Every source key that a point or a conflict names."""
        keys = {key for room in self.rooms for point in room.points for key in point.sources}
        return keys | {claim.source for conflict in self.conflicts for claim in conflict.claims}
