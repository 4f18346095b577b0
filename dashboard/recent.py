"""The recent past in memory: what the first paint and a returning viewer need, as columns."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from tsdownsample import MinMaxLTTBDownsampler

from dashboard.frames import EncodedFrame
from probes.history import RoomKey, sample_of
from probes.model import Sample, State

KEPT = 3600
"""Ticks kept for each service: up to an hour at one a second."""

POINTS = 400
"""About how many points a chart gets: more cannot be seen."""

CATCH_UP = 1200
"""Frame numbers, a minute: those who were away are told of whole stretches, so that few answers serve all."""

LINES = 12
_ROOMS_A_TICK = 24
_SHAPES = 4
"""How many lines have a say in which points are kept."""
_TITLES = 2000
_TURNS = 40

GAP_SECONDS = 15.0
"""A longer time without a tick shows as a gap: Roomwatch itself was not there. History keeps one in 10 s."""

_encoder = msgspec.json.Encoder()


class _Past:
    """One service's recent ticks and the titles of its larger rooms."""

    def __init__(self) -> None:
        self.samples: deque[Sample] = deque(maxlen=KEPT)
        self.titles: dict[RoomKey, str] = {}
        self.in_lineage: frozenset[RoomKey] = frozenset()

    def add(self, sample: Sample) -> None:
        while self.samples and self.samples[-1].at >= sample.at:
            self.samples.pop()  # of a clock that was ahead, before the last start
        self.samples.append(sample)

    def name(self, key: RoomKey, title: str) -> None:
        self.titles.pop(key, None)
        self.titles[key] = title
        if len(self.titles) > _TITLES:
            del self.titles[next(iter(self.titles))]


class Recent:
    """Columns of the last `KEPT` ticks of each service; built once a tick at most, off the loop."""

    def __init__(self) -> None:
        self._pasts: dict[str, _Past] = {}
        self._latest: EncodedFrame | None = None
        self._windows: dict[int, asyncio.Task[bytes]] = {}

    def restore(self, service: str, samples: Iterable[Sample], titles: Iterable[tuple[RoomKey, str]]) -> None:
        """Take over what history holds, oldest first, as the past of what was added since the start."""
        since = self._pasts.pop(service, _Past())
        past = self._pasts[service] = _Past()
        for sample in samples:
            past.add(msgspec.structs.replace(sample, rooms=sample.rooms[:_ROOMS_A_TICK]))
        for sample in since.samples:
            past.add(sample)
        for key, title in (*titles, *since.titles.items()):
            past.name(key, title)
        past.in_lineage = since.in_lineage
        self._windows.clear()

    def add(self, encoded: EncodedFrame) -> None:
        """Take over the newest frame."""
        self._latest = encoded
        self._windows.clear()
        frame = encoded.frame
        for observation in frame.services:
            past = self._pasts.setdefault(observation.name, _Past())
            past.in_lineage = frozenset((r.node, r.id) for r in observation.rooms if r.lineage is not None)
            past.add(for_charts(sample_of(observation, frame.seq, frame.at), past.in_lineage))
            for room in observation.rooms[:_ROOMS_A_TICK]:
                past.name((room.node, room.id), room.title)
        for gone in self._pasts.keys() - {o.name for o in frame.services}:
            del self._pasts[gone]

    def samples(self, service: str) -> Sequence[Sample]:
        """The ticks of a service that are kept, oldest first."""
        past = self._pasts.get(service)
        return tuple(past.samples) if past else ()

    async def window(self, after: int = 0) -> bytes:
        """JSON of all ticks later than number `after`, and of up to `CATCH_UP` numbers before.

        The same bytes for everyone who asks within a tick.
        """
        after = self._stretch(after)
        task = self._windows.get(after)
        if task is None:
            pasts = {
                name: (list(past.samples), dict(past.titles), past.in_lineage)
                for name, past in self._pasts.items()
            }
            task = asyncio.create_task(asyncio.to_thread(_encode, self._latest, pasts, after))
            self._windows[after] = task
        return await asyncio.shield(task)

    def _stretch(self, after: int) -> int:
        """One of few numbers that stand for `after`, so that few windows are made a tick whoever asks."""
        latest = self._latest.seq if self._latest else 0
        if after >= latest:
            return latest
        oldest = min((past.samples[0].seq for past in self._pasts.values() if past.samples), default=0)
        return 0 if after < oldest else after - after % CATCH_UP


def for_charts(sample: Sample, in_lineage: frozenset[RoomKey]) -> Sample:
    """With the larger rooms and those in a lineage alone: a chart cannot show more."""
    large, rest = sample.rooms[:_ROOMS_A_TICK], sample.rooms[_ROOMS_A_TICK:]
    return msgspec.structs.replace(
        sample, rooms=(*large, *(room for room in rest if (room[0], room[1]) in in_lineage))
    )


_Copy = tuple[list[Sample], dict[RoomKey, str], frozenset[RoomKey]]


def _encode(latest: EncodedFrame | None, pasts: dict[str, _Copy], after: int) -> bytes:
    window = {
        "seq": latest.seq if latest else 0,
        "tick": latest.frame.tick if latest else 1.0,
        "frame": msgspec.Raw(latest.json) if latest else None,
        "services": {
            name: columns([s for s in samples if s.seq > after], titles, in_lineage)
            for name, (samples, titles, in_lineage) in pasts.items()
        },
    }
    return _encoder.encode(window)


def columns(
    samples: Sequence[Sample], titles: dict[RoomKey, str], in_lineage: frozenset[RoomKey] = frozenset()
) -> dict[str, Any]:
    """One list for each thing shown, all of the same length, at most some `POINTS` long."""
    lines = _lines(samples, in_lineage)
    kept = _with_gaps(samples, _worth_keeping(samples, lines))
    counts = [{(node, room): people for node, room, people in sample.rooms} for sample in kept]
    reasons = sorted({reason for sample in kept for reason in sample.errors})
    return {
        "seq": [s.seq for s in kept],
        "at": [s.at for s in kept],
        "time": [s.at if s.service_time is None else s.service_time for s in kept],
        "state": [s.state for s in kept],
        "participants": [s.participants for s in kept],
        "complete": [s.complete for s in kept],
        "tries": [s.tries_per_second for s in kept],
        "success": [s.success_ratio for s in kept],
        "errors": {reason: [_share(sample, reason) for sample in kept] for reason in reasons},
        "rooms": [
            {
                "id": key[1],
                "node": key[0],
                "title": titles.get(key, ""),
                "participants": [count.get(key) for count in counts],
            }
            for key in lines
        ],
    }


def _with_gaps(samples: Sequence[Sample], kept: Sequence[int]) -> list[Sample]:
    """The samples to show, with one that knows nothing wherever no tick was made for a while."""
    gaps = {i for i, (a, b) in enumerate(pairwise(samples)) if b.at - a.at > GAP_SECONDS}
    shown: list[Sample] = []
    for i in sorted(gaps.union(kept)):
        shown.append(samples[i])
        if i in gaps:
            shown.append(_nothing_after(samples[i]))
    return shown


def _nothing_after(sample: Sample) -> Sample:
    return msgspec.structs.replace(
        sample,
        seq=sample.seq + 1,
        state=State.UNKNOWN,
        complete=False,
        participants=None,
        rooms_open=None,
        nodes=(),
        rooms=(),
        tries_per_second=None,
        success_ratio=None,
        errors={},
    )


def _share(sample: Sample, reason: Any) -> float | None:
    """A reason that did not occur is 0 while anybody tried, and unknown otherwise."""
    return sample.errors.get(reason, 0.0) if sample.success_ratio is not None else None


def _lines(samples: Sequence[Sample], in_lineage: frozenset[RoomKey]) -> list[RoomKey]:
    """Rooms that are there now, then those in a lineage, then what is gone; the largest first."""
    peaks: dict[RoomKey, int] = {}
    for sample in samples:
        for node, room, people in sample.rooms:
            if people is not None and people > peaks.get((node, room), -1):
                peaks[node, room] = people
    there = {(node, room) for node, room, _ in samples[-1].rooms} if samples else set()
    order = sorted(peaks, key=lambda key: (key not in there, key not in in_lineage, -peaks[key], key))
    return order[:LINES]


def _worth_keeping(samples: Sequence[Sample], lines: Sequence[RoomKey]) -> Sequence[int]:
    """The ticks that carry the shape of the total and of the largest rooms."""
    if len(samples) <= POINTS:
        return range(len(samples))
    shapes = [np.array([s.participants or 0 for s in samples], dtype=float)]
    wanted = set(lines[: _SHAPES - 1])
    found = [{(n, r): p or 0 for n, r, p in s.rooms if (n, r) in wanted} for s in samples]
    shapes += [np.array([f.get(key, 0) for f in found], dtype=float) for key in wanted]
    each = max(POINTS // len(shapes), 3)
    kept = {0, len(samples) - 1}
    turns = [i for i in range(1, len(samples)) if samples[i].state is not samples[i - 1].state]
    kept.update(turns[-_TURNS:])  # since when a state holds is shown
    for shape in shapes:
        kept.update(int(i) for i in MinMaxLTTBDownsampler().downsample(shape, n_out=each))
        kept.add(int(shape.argmax()))  # the highest point is said in words
    return sorted(kept)
