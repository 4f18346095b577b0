"""What the public may know of a tick: the only thing that public pages are made of.

Nothing internal is in here: no ids or addresses of rooms and nodes (but for those that a public
link leads to), no text that a service or a probe of ours wrote, no title that the config does not
make public, and numbers as round as it says. Who renders these cannot leak what is not in them.
Times are Unix seconds in the service's time, but for those that say wall time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from dashboard.public.day import Day
from probes.config.embed import PublicPanel
from probes.model import Cause, State


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The last half hour, one point each 15 s at most; all columns are of the same length."""

    at: tuple[float, ...] = ()
    participants: tuple[int | None, ...] = ()
    success: tuple[float | None, ...] = ()
    state: tuple[State, ...] = ()


class PublicRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room with a public title. `line`: its people at each of the series' times."""

    title: str
    participants: int | None
    line: tuple[int | None, ...] = ()


class PublicNode(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    participants: int | None
    answering: bool


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A room that went on elsewhere or ended; those that are only proposed or were rejected are not told.

    `key` names it the same in each tick and tells nothing. Titles are empty where they are not
    public; `to_title` is None where no successor is known. `at` is when it went on; where it did not, when
    it ended.
    """

    key: str
    cause: Cause
    at: float
    from_title: str
    to_title: str | None
    dark_seconds: float | None
    before: int | None
    now: int | None
    carried_over: float | None
    settled: bool

    @property
    def ended(self) -> float:
        """When the room before was over."""
        return self.at if self.to_title is None else self.at - max(0.0, self.dark_seconds or 0.0)


class ServiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One service. `errors` are shares of all tries by a plain word, the largest first.

    `observed_at` is wall time; `since` is when the present state began, None before all that is known.
    `sentence` says the state in plain words. `peak` is the most people in that half hour. `way` is the public
    link that leads to its room as it is now, empty where there is none.
    """

    name: str
    label: str
    state: State
    sentence: str
    since: float | None
    at: float | None
    observed_at: float | None
    complete: bool
    participants: int | None
    peak: int | None
    rooms_open: int | None
    success: float | None
    errors: Mapping[str, float]
    waiting: int | None
    goal: float
    rooms: tuple[PublicRoom, ...]
    nodes: tuple[PublicNode, ...]
    moves: tuple[Move, ...]
    series: Series
    way: str = ""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What the operators told the public, in their words. `at` is wall time; no `service` means all."""

    key: str
    at: float
    text: str
    service: str = ""


class EventState(StrEnum):
    """Where an event is."""

    BEFORE = "before"  # no room of it has opened yet
    OPEN = "open"
    MOVED = "moved"  # open, and people still come over from the room before
    FULL = "full"  # open, and no more people get in
    ENDED = "ended"  # its room has ended, and no other is known
    UNKNOWN = "unknown"  # nobody has told us of its room for minutes


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A room that takes people in. `free`: places left, None where nobody tells its capacity."""

    url: str
    title: str
    free: int | None


class EventFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A launch with a public link, and the room that the link leads to now.

    `link` is the public link itself, as people write it. Urls of rooms are the one thing here that may
    hold a room's id, which the config made public by the event's `link`. `target`: where to go in this
    second, None where there is no place to go; `targets`: all that it may be, the main room first;
    `last`: the main room also where it is full or out of our sight. `heard_at` is wall time: when we
    were last told of it. `crowd`: how many may come at once. Titles are as those of a `Move`.
    `service` is empty where the service itself is not public.
    """

    name: str
    title: str
    service: str
    link: str
    state: EventState
    since: float | None = None
    starts_at: float | None = None
    heard_at: float | None = None
    target: str | None = None
    targets: tuple[Target, ...] = ()
    last: str | None = None
    people: int | None = None
    crowd: int = 0
    from_title: str = ""
    to_title: str = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is public at one tick. `at` is wall time, `tick` seconds.

    `alive` is False where what is shown is the last that was seen before watching broke off.
    `day` is None where the status page is not public, or history was not read yet.
    `address` is where the public reaches this, empty where nobody says.
    `delay`: how many seconds later than it happened the public sees it.
    """

    seq: int
    at: float
    tick: float
    alive: bool
    title: str
    panels: frozenset[PublicPanel]
    services: tuple[ServiceFacts, ...]
    announcements: tuple[Announcement, ...] = ()
    address: str = ""
    day: Day | None = None
    events: tuple[EventFacts, ...] = ()
    delay: float = 0.0

    def service(self, name: str) -> ServiceFacts | None:
        """The public service of this name, the first where it is empty, or None."""
        return next((s for s in self.services if name in ("", s.name)), None)
