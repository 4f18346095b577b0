"""The board in the past: what history holds of a moment, as the page and the API are told it.

Moments are wall time, also where a service counts in a time of its own (a replay).
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import msgspec
from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import Response

from dashboard.conditional import has_it
from dashboard.frames import EventView, Frame
from dashboard.recent import columns, for_charts
from probes.history import Moment, Reader, RoomKey
from probes.model import Observation, Sample
from probes.timeline.alerts import ENDED_SECONDS
from probes.timeline.as_of import LOOKED_AT, as_of

BEFORE, AFTER = 3600.0, 300.0
"""Wall seconds that the charts of a moment show before it; and after it, as far as known, of what the
service counts in: of a replay as much as of the present."""

_AT_ONCE = 2
_MOST_TICKS = 2_000
"""Ticks read for one moment, of all services together."""

_FEWEST_TICKS = 200
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_EXAMPLE = "2023-05-24T22:21:05Z or 1684966865"
_encoder = msgspec.json.Encoder()

T = TypeVar("T")


class BadMoment(ValueError):
    """What was given is no time. The text says what was expected."""


class NotKept(Exception):
    """History holds no board of that moment. The text says from when to when it does."""


class PastFrame(Frame, frozen=True, kw_only=True):
    """A frame as it was. `left_out`: by service, the older relocations that were not kept.

    `tick` and `events` are those of the config as it is now.
    """

    left_out: Mapping[str, int] = {}


class HowShown(NamedTuple):
    """How frames are made now."""

    tick: float
    events: Sequence[EventView]


class Answer(NamedTuple):
    """Ready bytes. `final`: all that belongs to this moment is kept: it will look the same tomorrow."""

    body: bytes
    final: bool


def moment_of(text: str, name: str = "at", latest: float = _LATEST) -> float:
    """Unix seconds or an ISO time as Unix seconds; a time without a zone is UTC. Raises BadMoment."""
    # In an address `+` stands for a space, which is in none of them otherwise but before a zone.
    told = text.strip().replace(" ", "+")
    try:
        at = float(told)
    except ValueError:
        at = _iso(told, name)
    if not 0 <= at < latest:
        raise BadMoment(f"`{name}` must be Unix seconds or an ISO time between 1970 and 9999, as {_EXAMPLE}.")
    return at


def span_of(start: str, end: str) -> tuple[float, float]:
    """Two times of an address; `end` may be later than any time is. Raises HTTPException: 422."""
    try:
        first, last = (moment_of(text, name, math.inf) for name, text in (("start", start), ("end", end)))
    except BadMoment as bad:
        raise HTTPException(422, str(bad)) from None
    if last <= first:
        raise HTTPException(422, "`end` must be later than `start`.")
    return first, last


def _iso(text: str, name: str) -> float:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise BadMoment(f"`{name}` must be Unix seconds or an ISO time, as {_EXAMPLE}.") from None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def frame_at(history: Reader, at: float, shown: HowShown) -> Answer:
    """The frame of that moment. Raises NotKept."""
    moment = _moment(history, at)
    return Answer(_encoder.encode(_frame(history, moment, shown)), moment.after is not None)


def window_at(history: Reader, at: float, shown: HowShown) -> Answer:
    """The frame of that moment with what the charts show around it, as columns. Raises NotKept."""
    moment = _moment(history, at)
    frame = _frame(history, moment, shown)
    each = max(_FEWEST_TICKS, _MOST_TICKS // max(1, len(frame.services)))
    around = {seen.name: _around(history, seen, moment.at, each) for seen in frame.services}
    window = {
        "seq": frame.seq,
        "tick": frame.tick,
        "asked": at,
        "before": moment.before,
        "after": moment.after,
        "frame": frame,
        "services": {name: before for name, (before, _) in around.items()},
        "later": {name: after for name, (_, after) in around.items()},
    }
    span = history.span()
    return Answer(_encoder.encode(window), span is not None and span[1] >= moment.at + AFTER)


def _moment(history: Reader, at: float) -> Moment:
    span = history.span()
    if span is None:
        raise NotKept("History holds no board yet: the first is kept with the first tick.")
    kept = f"Boards are kept from {_words(span[0])} to {_words(span[1])}."
    if at > max(span[1], time.time()):
        raise NotKept(f"{_words(at)} has not come yet. {kept}")
    moment = history.moment(at)
    if moment is None or not moment.services:
        raise NotKept(f"No board of {_words(at)} is in the history. {kept}")
    return moment


def _frame(history: Reader, moment: Moment, shown: HowShown) -> PastFrame:
    timeline = history.timeline(moment.at - ENDED_SECONDS, math.nextafter(moment.at, math.inf), LOOKED_AT)
    said = {alert: words for seen in moment.services for alert, words in seen.said.items()}
    alerts, notes = as_of(timeline, moment.at, said)
    return PastFrame(
        seq=moment.seq,
        at=moment.at,
        tick=shown.tick,
        services=tuple(seen.observation for seen in moment.services),
        events=tuple(shown.events),
        alerts=alerts,
        notes=notes,
        left_out={seen.observation.name: seen.left_out for seen in moment.services if seen.left_out},
    )


_Columns = dict[str, object]


def _around(history: Reader, seen: Observation, at: float, limit: int) -> tuple[_Columns, _Columns]:
    """The hour up to the moment, and the minutes after it."""
    end = math.nextafter(at, math.inf)
    in_lineage = frozenset((room.node, room.id) for room in seen.rooms if room.lineage is not None)
    titles = history.titles(seen.name) | {(room.node, room.id): room.title for room in seen.rooms}
    before = history.window(seen.name, at - BEFORE, end, limit)
    later = AFTER / max(seen.pace or 1.0, 1.0)
    after = _until_it_starts_again(history.window(seen.name, end, at + later, limit))
    return _for_charts(before, titles, in_lineage), _for_charts(after, titles, in_lineage)


def _for_charts(
    samples: Sequence[Sample], titles: dict[RoomKey, str], in_lineage: frozenset[RoomKey]
) -> _Columns:
    return columns([for_charts(sample, in_lineage) for sample in samples], titles, in_lineage)


def _until_it_starts_again(samples: Sequence[Sample]) -> Sequence[Sample]:
    """A replay that begins anew is no continuation."""
    last = -math.inf
    for place, sample in enumerate(samples):
        if sample.service_time is not None and sample.service_time < last:
            return samples[:place]
        last = sample.service_time if sample.service_time is not None else last
    return samples


def _words(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC on %-d %b %Y")


class Pasts:
    """Answers for moments of the past: off the loop, and few at once, whoever asks.

    `history()` and `shown()` are those of now: a reload may change them.
    """

    def __init__(self, history: Callable[[], Reader], shown: Callable[[], HowShown]) -> None:
        self._history = history
        self._shown = shown
        self._few = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, read: Callable[[Reader], T]) -> T:
        """What `read` makes of the history."""
        async with self._few:
            return await asyncio.to_thread(read, self._history())

    async def answer(
        self, headers: Headers, at: str, find: Callable[[Reader, float, HowShown], Answer]
    ) -> Response:
        """With an ETag of its bytes, and kept by browsers for an hour once nothing about it can change.

        Raises HTTPException: 422 where `at` is no time, 404 where nothing is kept.
        """
        try:
            moment, shown = moment_of(at), self._shown()
            answer = await self.ask(lambda history: find(history, moment, shown))
        except BadMoment as bad:
            raise HTTPException(422, str(bad)) from None
        except NotKept as missing:
            raise HTTPException(404, str(missing)) from None
        etag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
        told = {"ETag": etag, "Cache-Control": "private, max-age=3600" if answer.final else "no-cache"}
        if has_it(headers, etag):
            return Response(status_code=304, headers=told)
        return Response(answer.body, media_type="application/json", headers=told)
