"""The one way out of the prober: each tick goes to every sink."""

from __future__ import annotations

from typing import Protocol

import msgspec

from probes.model import Observation
from probes.timeline.entries import Entry, Note

UNWRITABLE = (OverflowError, TypeError, ValueError, msgspec.MsgspecError)
"""What encoding a tick raises where it holds a value that cannot be written."""


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """What all services looked like at one tick. `seq` is wall time over the tick's length.

    `alerts`: what fires, whoever says so, then what ended lately; `notes`: the newest first.
    """

    seq: int
    at: float
    observations: tuple[Observation, ...]
    alerts: tuple[Entry, ...] = ()
    notes: tuple[Note, ...] = ()


class Sink(Protocol):
    """Takes ticks. `write` returns at once: what cannot be taken is dropped and counted by the sink."""

    def write(self, tick: Tick) -> None: ...
