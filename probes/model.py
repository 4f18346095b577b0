"""The words of the design as types: everything that passes between the parts.

All are immutable values. Times are Unix seconds (float), durations are seconds.
Unknown is `None`, never 0. What is encoded for the browser or for the link
between the two processes is encoded from these types and from nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

TOP_ROOMS = 200
"""How many rooms of a service are shown, exported and kept one by one."""

LARGEST_COUNT = 2**32
"""The most people that a room, a node or a capacity may have: millions of them add up to less than 2**63."""

POLL = "rooms"
JOIN = "join"
"""What the two probes are called: one asks for rooms, one tries to get into one."""

LABEL_BYTES = 128
"""The longest metric label value, and the longest title that leaves the prober."""


class Outcome(StrEnum):
    """How a poll or a join attempt ended. Closed: an adapter maps its service's codes onto it."""

    OK = "ok"  # a poll that was answered
    JOINED = "joined"  # a join that got in
    ROOM_FULL = "room_full"
    NOT_FOUND = "not_found"
    UNAUTHORIZED = "unauthorized"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    TLS = "tls"
    DNS = "dns"
    PROTOCOL = "protocol"  # an answer came, and could not be understood
    NO_MEDIA = "no_media"
    SILENT = "silent"
    ABORTED = "aborted"  # the joiner gave up or crashed
    OTHER = "other"

    @property
    def success(self) -> bool:
        return self in (Outcome.OK, Outcome.JOINED)


JOIN_OUTCOMES: tuple[Outcome, ...] = tuple(o for o in Outcome if o is not Outcome.OK)
POLL_OUTCOMES: tuple[Outcome, ...] = tuple(o for o in Outcome if o is not Outcome.JOINED)


class RoomState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    ENDED = "ended"


class State(StrEnum):
    """How a service is doing."""

    OK = "ok"
    STRAINED = "strained"
    FAILING = "failing"
    UNKNOWN = "unknown"


class Observer(StrEnum):
    """Who saw a join."""

    PROBE = "probe"
    SERVICE = "service"


class Cause(StrEnum):
    """Why one logical room goes on elsewhere."""

    MOVED = "moved"  # same room id, other node
    SUCCEEDED = "succeeded"  # another room id of the same people
    OVERFLOWED = "overflowed"  # extra rooms while the first goes on
    REPORTED = "reported"  # the service says so
    ENDED = "ended"  # it ended with an audience; no successor is known yet


class Status(StrEnum):
    """How sure a relocation is."""

    PROPOSED = "proposed"
    STANDING = "standing"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Disputed(StrEnum):
    """What two sources may disagree about."""

    PEOPLE = "people"  # the rooms' people against the nodes' own totals
    ADMITTED = "admitted"  # the rooms' people against who was let in by the service's counters
    JOINS = "joins"  # the share of joins that get in: the service's counters against our own joins
    ROOM = "room"  # whether the room that we join is open: the list against our own joins


class Room(msgspec.Struct, frozen=True, gc=False):
    """One room as one poll saw it; one room is one (node, id).

    `gc=False`: it holds no cycles, and 100,000 of them a second are not for the collector to walk.
    """

    id: str
    node: str
    participants: int | None = None
    title: str = ""
    state: RoomState = RoomState.OPEN
    capacity: int | None = None
    started_at: float | None = None
    hosts: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    successor: str = ""  # the id of the room that the service says it goes on in


class NodeReport(msgspec.Struct, frozen=True, gc=False):
    """What a service says of one of its nodes, beside its rooms.

    `in_rooms`: its people are counted in the rooms already, some of which are
    known under another node, because one room may be on several.
    """

    id: str
    label: str = ""
    participants: int | None = None
    capacity: int | None = None
    in_rooms: bool = False


class SnapshotPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one good poll of one endpoint learned.

    `complete=False`: some of what it told could not be read, so a room that is
    missing here may still exist. `tells_rooms=False`: the service tells of its
    nodes alone, so how many rooms are open is unknown. `joins` are the service's
    own counters since its start, by outcome (`joined` is the admitted).
    `successors`: the service itself says that the room with one id goes on in
    the room with the other. `next_in`: do not ask again within so many seconds,
    `next_in_why` in a few words.
    """

    rooms: Sequence[Room]
    complete: bool = True
    tells_rooms: bool = True
    service_time: float | None = None
    nodes: Sequence[NodeReport] = ()
    joins: Mapping[Outcome, int] = {}
    successors: Mapping[str, str] = {}
    note: str = ""
    next_in: float | None = None
    next_in_why: str = ""


class JoinAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to get into a room. `stages`: seconds from the start to the end of each stage it reached."""

    room: str
    outcome: Outcome
    stages: Mapping[str, float] = {}
    code: str = ""  # the service's own code, kept beside our outcome
    detail: str = ""  # one plain sentence: what, where, what to do


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one probe, good or bad. Exactly one of `part` and `attempt` is set on success."""

    service: str
    node: str  # the endpoint's id
    probe: str  # POLL or JOIN
    outcome: Outcome
    at: float  # wall time at the end of the run
    seconds: float
    part: SnapshotPart | None = None
    attempt: JoinAttempt | None = None
    code: str = ""
    detail: str = ""
    next_in: float | None = None  # seconds from `at` within which it is not run again


# --- What a tick shows. Each struct below is a part of the frame and is encoded as it stands. ---


class NodeView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    label: str
    participants: int | None
    capacity: int | None
    answering: bool
    observed_at: float | None
    seconds_to_full: float | None = None


class RoomView(msgspec.Struct, frozen=True, kw_only=True):
    """A room on show. `participants` is null while its node is silent."""

    id: str
    title: str
    node: str
    participants: int | None
    capacity: int | None
    state: RoomState
    lineage: str | None = None
    seconds_to_full: float | None = None


class OtherRooms(msgspec.Struct, frozen=True, kw_only=True):
    """The rooms beyond the first `TOP_ROOMS`, in one sum."""

    rooms: int = 0
    participants: int = 0


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What happens outside the room. `success_ratio` and `errors` add up to 1.

    `totals` are counts by outcome since each endpoint was first asked, so that any
    stretch of history can be summed from its two ends. They fall where Roomwatch starts again.
    """

    observer: Observer
    tries_per_second: float | None = None
    success_ratio: float | None = None
    errors: Mapping[Outcome, float] = {}
    waiting: int | None = None
    totals: Mapping[Outcome, int] = {}
    tries_per_person: float | None = None
    storm: bool = False  # tries rise and admissions do not
    waiting_basis: str = ""  # in a sentence: how `waiting` was estimated, or why it is not known


class Headroom(msgspec.Struct, frozen=True, kw_only=True):
    """How far from full. `ratio` is the free share of `capacity`, 0 to 1.

    Growth is people a second, seconds to full run in the service's time; both as most likely and
    as a range. `math.inf` is never at this growth: JSON has no such number, so a frame says null,
    and a known `growth` beside a known `ratio` tells never from unknown.
    """

    capacity: int | None = None
    source: str | None = None  # "service", "config" or "observed"
    ratio: float | None = None
    seconds_to_full: float | None = None
    soonest: float | None = None
    latest: float | None = None
    growth: float | None = None
    growth_low: float | None = None
    growth_high: float | None = None


class Place(msgspec.Struct, frozen=True):
    """Where a room is or was."""

    room: str
    node: str
    title: str = ""


class Revision(msgspec.Struct, frozen=True):
    """A judgement that changed: when, in the service's time, and what to, in plain words."""

    at: float
    text: str


class Relocation(msgspec.Struct, frozen=True, kw_only=True):
    """One logical room going on elsewhere, or ended with an audience (`to` is null).

    `lost`: people who were there before and are not in the room that it goes on in.
    `judged_by`: the operator who confirmed, rejected or named it, whose word stands.
    `ruled_out`: rooms that an operator said are no successors.
    """

    id: str
    lineage: str
    cause: Cause
    status: Status
    from_: Place = msgspec.field(name="from")
    to: Place | None
    at: float  # in the service's time, like every time in it
    participants_before: int | None
    participants_now: int | None = None
    carried_over: float | None = None
    lost: int | None = None
    dark_seconds: float | None = None
    confidence: float
    evidence: tuple[str, ...] = ()
    revisions: tuple[Revision, ...] = ()
    judged_by: str = ""
    ruled_out: tuple[Place, ...] = ()
    settled: bool = False


class Disagreement(msgspec.Struct, frozen=True):
    """Two sources that tell different things. `what` is a Disputed; `since` is in the service's time."""

    what: str
    sources: tuple[tuple[str, float], ...]
    since: float


class ProbeView(msgspec.Struct, frozen=True, kw_only=True):
    """The last run of one probe, and how its recent runs went.

    `runs` and `failed` count since the probe was first run; `overruns` and `missed` are runs that did
    not happen, as the one before still ran and for want of time.
    """

    name: str
    node: str
    outcome: Outcome
    success: bool
    seconds: float
    observed_at: float
    code: str = ""
    detail: str = ""
    p95: float | None = None
    success_ratio: float | None = None
    runs: int = 0
    failed: int = 0
    failures_in_a_row: int = 0
    overruns: int = 0
    missed: int = 0


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one service at one tick; bounded whatever the service's size."""

    name: str
    kind: str
    state: State
    reasons: tuple[str, ...]
    service_time: float | None
    pace: float | None  # service seconds a wall second; 1 unless it is a replay
    observed_at: float | None
    complete: bool
    participants: int | None
    rooms_open: int | None
    nodes: tuple[NodeView, ...]
    rooms: tuple[RoomView, ...]
    other: OtherRooms
    door: Door | None
    headroom: Headroom
    relocations: tuple[Relocation, ...]
    probes: tuple[ProbeView, ...]
    relocations_total: Mapping[Cause, int] = {}
    retractions_total: int = 0
    poll_interval: float | None = None  # seconds between polls now: more than configured where a service asks
    disagreements: tuple[Disagreement, ...] = ()
    lost: tuple[str, ...] = ()  # lineages of rooms that ended: nobody knows where their people are
    collapsed: bool = False  # half of all people are gone at once, as two sources say


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What history keeps of one service at one tick: numbers only, small.

    `totals` are the door's counts since Roomwatch started: where ticks were
    thinned out, the stretch between two that are left is their difference.
    """

    service: str
    seq: int
    at: float
    service_time: float | None
    state: State
    complete: bool
    participants: int | None
    rooms_open: int | None
    nodes: tuple[tuple[str, int | None], ...]
    rooms: tuple[tuple[str, str, int | None], ...]  # (node, id, participants)
    tries_per_second: float | None
    success_ratio: float | None
    errors: Mapping[Outcome, float]
    observer: Observer | None = None
    waiting: int | None = None
    totals: Mapping[Outcome, int] = {}


def plain_text(text: str, limit: int = LABEL_BYTES) -> str:
    """`text` without control and direction characters, cut to `limit` bytes of UTF-8.

    Anyone can name a room. What is left is inert in a terminal and a log; markup
    is the business of each renderer.
    """
    clean = "".join(c if c.isprintable() else " " for c in text[: 4 * limit])
    squeezed = " ".join(clean.split())
    raw = squeezed.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode("utf-8")
    return raw[: limit - 3].decode("utf-8", "ignore") + "…"
