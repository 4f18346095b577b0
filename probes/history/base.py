"""What every kind of history has in common: ticks in, samples out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from probes.model import Observation, Relocation, Sample
from probes.pipeline import Tick
from probes.timeline.entries import Past, Said

THIN_SECONDS = 10.0
"""After `Kept.detail` one tick is left of each stretch this long."""

RoomKey = tuple[str, str]
"""Node and room id."""


class Kept(NamedTuple):
    """How much is kept: every tick for `detail` seconds, anything for `keep` seconds, in `max_size` bytes."""

    detail: float
    keep: float
    max_size: int


class Health(NamedTuple):
    """How a history is doing. `size` in bytes; `trouble` is empty while all is well."""

    size: int = 0
    written_at: float | None = None
    errors: int = 0
    trouble: str = ""


class HistoryTrouble(Exception):
    """The history cannot be written now. The text says what, where and what to do; trying again may help."""


class Unstorable(HistoryTrouble):
    """This one tick cannot be written, now or later."""


class History(Protocol):
    """The writing side. Used by one thread; opening raises HistoryTrouble like every method."""

    def append(self, tick: Tick) -> None:
        """Keep one tick, whole or not at all."""
        ...

    def tidy(self) -> None:
        """One small step of thinning and of deleting what is too old or too much."""
        ...

    def size(self) -> int:
        """Bytes on disk."""
        ...

    def close(self) -> None: ...


class Seen(NamedTuple):
    """One service as a whole board showed it. `left_out`: older relocations that were not kept.

    `said`: what was said of its alerts that fired then, by their ids.
    """

    observation: Observation
    left_out: int
    said: Mapping[str, Said] = {}


class Moment(NamedTuple):
    """A whole board: all services at tick `seq`, and when the boards kept before and after it are from."""

    seq: int
    at: float
    services: tuple[Seen, ...]
    before: float | None
    after: float | None


class Reader(Protocol):
    """The reading side, in any process and thread. A history that is not there yet is an empty one."""

    def window(self, service: str, start: float, end: float, limit: int) -> list[Sample]:
        """Samples with `start <= at < end`, oldest first.

        If there are more than `limit`, the last one of each of `limit` equal stretches.
        """
        ...

    def newest(self, service: str, count: int) -> list[Sample]:
        """The last `count` samples, oldest first."""
        ...

    def titles(self, service: str) -> dict[RoomKey, str]:
        """Titles of the rooms seen last."""
        ...

    def relocations(self, service: str) -> list[Relocation]:
        """Each relocation as it was seen last, oldest first."""
        ...

    def moment(self, at: float) -> Moment | None:
        """The last whole board of wall time `at` or before; None where none is kept."""
        ...

    def span(self) -> tuple[float, float] | None:
        """When the first and the last whole board are from."""
        ...

    def timeline(self, start: float, end: float, limit: int) -> Past:
        """Alerts that fired and notes that were written with `start <= at < end`, as they were seen last.

        If there are more than `limit`, the newest; what has no end yet comes before what has.
        """
        ...


def sample_of(observation: Observation, seq: int, at: float) -> Sample:
    """The part of an observation that is kept, as tick `seq` at wall time `at` showed it."""
    door = observation.door
    return Sample(
        service=observation.name,
        seq=seq,
        at=at,
        service_time=observation.service_time,
        state=observation.state,
        complete=observation.complete,
        participants=observation.participants,
        rooms_open=observation.rooms_open,
        nodes=tuple((node.id, node.participants) for node in observation.nodes),
        rooms=tuple((room.node, room.id, room.participants) for room in observation.rooms),
        tries_per_second=door.tries_per_second if door else None,
        success_ratio=door.success_ratio if door else None,
        errors=door.errors if door else {},
        observer=door.observer if door else None,
        waiting=door.waiting if door else None,
        totals=door.totals if door else {},
    )
