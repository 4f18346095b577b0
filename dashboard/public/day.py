"""The last 24 hours as the public may know them: part of the facts, like them without anything internal.

Bars are stretches of wall time, also in a replay: they say how long people saw what. `at` of what
happened is wall time, by which it is put in order and dated in feeds; `time` is the service's own,
which is what a page says, and differs from it in a replay alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from probes.model import State

BAR = 1200.0
"""Seconds in a bar."""

BARS = 73
"""Bars of a day: 72 whole ones and the present one."""

DAY = (BARS - 1) * BAR


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """20 minutes from `at` on. `state` is the worst in it; what is missing in `shares` is unknown.

    `success`: the share of the tries in it that got in, where that is what it is about.
    """

    at: float
    state: State = State.UNKNOWN
    shares: Mapping[State, float] = {}
    success: float | None = None


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """Something that works or does not. `state` is how it is now; `share` how much of the day it worked.

    `gone`: it does not answer at all. `key` names it the same in each tick and tells nothing.
    """

    key: str
    service: str
    label: str
    state: State
    gone: bool = False
    share: float | None
    bars: tuple[Bar, ...]


class Kind(StrEnum):
    """What a happening is about."""

    STATE = "state"
    MOVE = "move"
    ANNOUNCEMENT = "announcement"


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `title` and `text` stay as they are; `live` is what is so far, and changes.

    `service` is the public label, empty where it is about all. `state` gives its colour.
    """

    key: str
    kind: Kind
    at: float
    time: float
    title: str
    text: str = ""
    live: str = ""
    service: str = ""
    state: State | None = None


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A service that was not well for a while, with short pauses; `until` is None while it goes on.

    `over`: it has been well again, but not yet for long enough to say that it has ended.
    """

    key: str
    service: str
    at: float
    time: float
    until: float | None
    worst: State
    title: str
    text: str
    over: bool = False


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """A launch that has not started. `starts_at` is in its service's time."""

    key: str
    title: str
    starts_at: float


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """`since`: from when on anything is known, at most a day. `happenings`: the newest first, 50 at most."""

    since: float
    components: tuple[Component, ...] = ()
    happenings: tuple[Happening, ...] = ()
    episodes: tuple[Episode, ...] = ()
    upcoming: tuple[Upcoming, ...] = ()
