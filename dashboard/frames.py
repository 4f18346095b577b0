"""What one tick shows, encoded once for everyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from probes.model import Observation
from probes.pipeline import Tick
from probes.settings import Config
from probes.timeline.entries import AlertView, Note

_encoder = msgspec.json.Encoder()


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """A launch being watched, as the board names it."""

    name: str
    title: str
    service: str
    starts_at: float | None
    rooms: tuple[str, ...]
    audience: int | None


class ProberView(msgspec.Struct, frozen=True):
    """Whether the process that watches is there, or has ended and is being started again."""

    alive: bool


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """All services at one tick. `seq` is wall time over the tick: it grows across restarts.

    `alerts`: what fires, pages first, then what ended lately; `notes`: the newest first.
    """

    seq: int
    at: float
    tick: float
    services: tuple[Observation, ...]
    events: tuple[EventView, ...]
    prober: ProberView = ProberView(alive=True)
    alerts: tuple[AlertView, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A frame and its bytes: `json` for the API, `event` for the stream."""

    frame: Frame
    json: bytes
    event: bytes

    @property
    def seq(self) -> int:
        return self.frame.seq


def events_of(config: Config) -> tuple[EventView, ...]:
    return tuple(
        EventView(
            name=event.name,
            title=event.title or event.name,
            service=event.service,
            starts_at=event.starts_at.timestamp() if event.starts_at else None,
            rooms=tuple(event.rooms),
            audience=event.audience,
        )
        for event in config.events
    )


def encode(tick: Tick, tick_seconds: float, events: Sequence[EventView]) -> EncodedFrame:
    """Build the frame of one tick and encode it, once."""
    frame = Frame(
        seq=tick.seq,
        at=tick.at,
        tick=tick_seconds,
        services=tick.observations,
        events=tuple(events),
        alerts=tuple(entry.view for entry in tick.alerts),
        notes=tick.notes,
    )
    return _encoded(frame)


def without_prober(last: EncodedFrame) -> EncodedFrame:
    """The last frame once more, as what was seen before the prober ended."""
    return _encoded(msgspec.structs.replace(last.frame, seq=last.seq + 1, prober=ProberView(alive=False)))


def _encoded(frame: Frame) -> EncodedFrame:
    body = _encoder.encode(frame)
    return EncodedFrame(frame=frame, json=body, event=stream_event("frame", body, frame.seq))


def stream_event(name: str, data: bytes, seq: int) -> bytes:
    """One server-sent event. `data` is JSON, so it holds no line break."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, name.encode(), data)
