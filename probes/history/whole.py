"""Whole boards: what an observation holds beside its tick's numbers, and which ticks are kept with it.

A whole board costs as much as a tick of 200 rooms, so it is kept for the first tick of each
ten seconds, and for each tick whose words changed, as far as an allowance goes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence

import msgspec

from probes.history.base import THIN_SECONDS
from probes.history.sqlite_file import Body
from probes.model import Door, Observation, Relocation, RoomState, RoomView
from probes.pipeline import Tick
from probes.timeline.entries import Entry, Said

MOST_RELOCATIONS = 20
"""Relocations kept with a board, the newest: more than it shows."""

_LEVEL = 6
_TURNS = 30.0
"""Changes that may come at once; then one in `_TURN_STRETCHES` times ten seconds."""

_TURN_STRETCHES = 6

_CLOSEST = 1.0
"""Seconds between two boards of a replay, which are kept as closely as it runs, unless words change."""

_NUMBERS = re.compile(r"[\d.,:%]+k?")

RoomName = tuple[str, str, str]
"""Node, room id and title."""


class RoomRest(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of the room at `place` beside its people, where it is anything."""

    place: int
    capacity: int | None = None
    state: RoomState = RoomState.OPEN
    lineage: str | None = None
    seconds_to_full: float | None = None


class Whole(msgspec.Struct, array_like=True):
    """An observation without what its tick's body holds, as it is stored.

    `left_out`: relocations beyond `MOST_RELOCATIONS`; `said`: what was said of each of the
    service's alerts that fired, by its id.
    """

    seen: Observation
    rooms: list[RoomRest]
    left_out: int
    said: Mapping[str, Said] = {}


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Whole)


def pack_whole(observation: Observation, alerts: Sequence[Entry] = ()) -> bytes:
    """`alerts` are those of the tick, of whatever service."""
    relocations = _newest(observation.relocations)
    lineages = {relocation.lineage for relocation in relocations}
    seen = msgspec.structs.replace(
        observation,
        rooms=(),
        participants=None,
        rooms_open=None,
        nodes=tuple(msgspec.structs.replace(node, participants=None) for node in observation.nodes),
        door=observation.door and _uncounted(observation.door),
        relocations=relocations,
    )
    told = (_rest(place, room, lineages) for place, room in enumerate(observation.rooms))
    rooms = [rest for rest in told if rest != RoomRest(rest.place)]
    said = {
        entry.view.id: Said(entry.view.summary, entry.view.said_at)
        for entry in alerts
        if entry.view.ended_at is None and entry.view.subject.service == observation.name
    }
    whole = Whole(seen, rooms, len(observation.relocations) - len(relocations), said)
    return zlib.compress(_encoder.encode(whole), _LEVEL)


def unpack_whole(data: bytes) -> Whole:
    """Raises zlib.error or msgspec.DecodeError if the bytes are damaged, or an observation of other days."""
    return _decoder.decode(zlib.decompress(data))


def _newest(relocations: Sequence[Relocation]) -> tuple[Relocation, ...]:
    if len(relocations) <= MOST_RELOCATIONS:
        return tuple(relocations)
    least = sorted((relocation.at for relocation in relocations), reverse=True)[MOST_RELOCATIONS - 1]
    return tuple(relocation for relocation in relocations if relocation.at >= least)[-MOST_RELOCATIONS:]


def _uncounted(door: Door) -> Door:
    return msgspec.structs.replace(
        door, tries_per_second=None, success_ratio=None, errors={}, waiting=None, totals={}
    )


def _rest(place: int, room: RoomView, lineages: set[str]) -> RoomRest:
    """A lineage without a relocation to show says nothing, and is half of what many rooms cost."""
    lineage = room.lineage if room.lineage in lineages else None
    return RoomRest(place, room.capacity, room.state, lineage, room.seconds_to_full)


def restored(body: Body, whole: Whole, names: Mapping[int, RoomName]) -> Observation:
    """The observation as it was; a room's title is the one that it had last."""
    seen = whole.seen
    told = {rest.place: rest for rest in whole.rooms}
    rooms = tuple(
        _room(names[number], people, told.get(place, RoomRest(place)))
        for place, (number, people) in enumerate(zip(body.rooms, body.people, strict=True))
        if number in names
    )
    people_at = dict(body.nodes)
    return msgspec.structs.replace(
        seen,
        rooms=rooms,
        participants=body.participants,
        rooms_open=body.rooms_open,
        nodes=tuple(
            msgspec.structs.replace(node, participants=people_at.get(node.id)) for node in seen.nodes
        ),
        door=seen.door
        and msgspec.structs.replace(
            seen.door,
            tries_per_second=body.tries_per_second,
            success_ratio=body.success_ratio,
            errors=body.errors,
            waiting=body.waiting,
            totals=body.totals,
        ),
    )


def _room(name: RoomName, people: int | None, rest: RoomRest) -> RoomView:
    node, room, title = name
    return RoomView(
        id=room,
        title=title,
        node=node,
        participants=people,
        capacity=rest.capacity,
        state=rest.state,
        lineage=rest.lineage,
        seconds_to_full=rest.seconds_to_full,
    )


class Turns:
    """Which ticks are kept whole."""

    def __init__(self) -> None:
        self._words: object = None
        self._stretch: float | None = None
        self._at = 0.0
        self._allowed = _TURNS

    def look(self, tick: Tick) -> bool | None:
        """None where this tick is not kept whole; True where its words changed, False as it is time to."""
        pace = max((seen.pace or 1.0 for seen in tick.observations), default=1.0)
        every = min(THIN_SECONDS, max(_CLOSEST, THIN_SECONDS / max(pace, 1.0)))
        self._allowed = min(_TURNS, self._allowed + max(0.0, tick.at - self._at) / every / _TURN_STRETCHES)
        self._at = tick.at
        words = [_words(observation) for observation in tick.observations]
        turned = self._words is not None and words != self._words and self._allowed >= 1
        stretch = tick.at // every * every
        if not turned and stretch == self._stretch:
            return None
        self._allowed -= turned
        self._words, self._stretch = words, stretch
        return turned


def _words(seen: Observation) -> object:
    """What a board says beside its numbers."""
    return (
        seen.name,
        seen.state,
        [_NUMBERS.sub("", reason) for reason in seen.reasons],
        [(each.id, each.status, each.cause, each.to, each.judged_by) for each in seen.relocations],
        [node.id for node in seen.nodes if not node.answering],
        [each.what for each in seen.disagreements],
        seen.door is not None and seen.door.storm,
    )
