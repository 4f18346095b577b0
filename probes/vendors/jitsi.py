"""What Jitsi's focus (jicofo) and its video bridges (JVB) answer, and the only paths they are asked for.

Shapes are those that the sources write: jicofo's `Application.kt` (paths), `FocusManager.kt`
(`focus_manager`), `BridgeSelector.kt` and `Bridge.kt` (`bridge_selector`), `JitsiMeetConferenceImpl.java`
and `ColibriV2SessionManager.kt` (conferences-full), `JicofoServices.kt` (`/stats`); the bridge's
`VideobridgeStatisticsShim.kt` (`/colibri/stats`), `IceTransport.kt` and `VideobridgeMetricsContainer.kt`
(`/metrics`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from probes.exposition import Exposition
from probes.exposition.counted import whole
from probes.failure import ProbeFailed
from probes.http import Answer, Http, Limits
from probes.http.faults import bad_status, not_json
from probes.model import LARGEST_COUNT, Outcome, plain_text

HEALTH_CHECK = "__jicofo-health-check"
"""What the names of rooms start with that jicofo makes for its own health checks."""

MAX_VALUES = 4_000_000
"""The most commas and brackets in a document: they bound what it becomes in memory, its bytes do not."""

LARGEST_TOTAL = 2**53

MAX_OBJECTS = 2_000_000
"""The most objects in the document of all conferences: nearly all of its many values are skipped."""

_ANSWERS_DEBUG = "is its url that of jicofo, and `jicofo.rest.debug.enabled` true?"


class Path(StrEnum):
    """All that is ever asked, by GET. jicofo obeys others: `GET /move-endpoints/…` moves people about."""

    DEBUG = "/debug"
    WHERE = "/debug/conferences-full"
    STATS = "/stats"
    BRIDGE = "/colibri/stats"
    BRIDGE_METRICS = "/metrics"


Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)]
Total = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_TOTAL)]


class Bridge(msgspec.Struct, rename="kebab", gc=False):
    """One bridge as jicofo sees it.

    Its stress is left out: people are no part of it, so it says nothing of how many more would fit,
    and it is 5 to 10 s old, which is long in a storm (jitsi/jicofo#1298).
    """

    endpoints: Count | None = None
    region: str | None = None
    operational: bool | None = None
    healthy: bool | None = None
    overloaded: bool | None = None
    drain: bool | None = None
    failing_ice: bool | None = None
    graceful_shutdown: bool | None = None
    shutting_down: bool | None = None

    @property
    def takes_people(self) -> bool:
        """Whether it is preferred for new people (`BridgeSelector.selectBridge`)."""
        leaving = self.drain or self.graceful_shutdown or self.shutting_down
        return self.operational is not False and not leaving

    @property
    def trouble(self) -> list[str]:
        """What is wrong with it, in words."""
        said = {
            "not operational": self.operational is False,
            "not healthy": self.healthy is False,
            "shutting down": self.graceful_shutdown or self.shutting_down,
            "draining": self.drain and not (self.graceful_shutdown or self.shutting_down),
            "failing ICE": self.failing_ice,
            "overloaded": self.overloaded,
        }
        return [words for words, so in said.items() if so]


@dataclass(frozen=True, slots=True)
class Focus:
    """What `/debug` tells: the people of each room without those `unreadable`, and the bridges by name."""

    rooms: Mapping[str, int]
    bridges: Mapping[str, Bridge]
    unreadable: int
    complaint: str


class Stats(msgspec.Struct, gc=False):
    """What of jicofo's `/stats` is of use: its health checks' result, where it makes any."""

    healthy: bool | None = None
    health: Health | None = None


class Health(msgspec.Struct, gc=False):
    message: str | None = None


class BridgeStats(msgspec.Struct, gc=False):
    """A bridge's own counters since its start: sessions that got a connection for media, and that did not."""

    total_ice_succeeded: Total | None = None
    total_ice_failed: Total | None = None


Where = Mapping[str, Mapping[str, int]]
"""For each room the bridges it is on, with how many of its people are on each."""


class _Session(msgspec.Struct, gc=False):
    participants: list[Any] = []


class _Manager(msgspec.Struct, gc=False):
    sessions: dict[str, _Session] = {}


class _Conference(msgspec.Struct, gc=False):
    colibri_session_manager: _Manager | None = None


class _Selector(msgspec.Struct, frozen=True, gc=False):
    bridge: dict[str, msgspec.Raw] = {}


class _Debug(msgspec.Struct, gc=False):
    focus_manager: msgspec.Raw
    bridge_selector: _Selector = _Selector()


_SUCCEEDED, _FAILED = "jitsi_jvb_ice_succeeded_total", "jitsi_jvb_ice_failed_total"
_bridge_metrics = Exposition((_SUCCEEDED, _FAILED))

_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_counts = msgspec.json.Decoder(dict[str, Count], strict=False)
_conferences = msgspec.json.Decoder(dict[str, _Conference], strict=False)

T = TypeVar("T")


async def ask(http: Http, base: str, path: Path, headers: Mapping[str, str], limits: Limits) -> Answer:
    """Ask the server of `base` for `path` and nothing else: no redirect is followed. Raises ProbeFailed."""
    parts = urlsplit(base)
    strict = Limits(limits.max_body, follow_redirects=False, verify_tls=limits.verify_tls)
    answer = await http.ask("GET", f"{parts.scheme}://{parts.netloc}{path}", headers=headers, limits=strict)
    if answer.status == 404:
        hint = _ANSWERS_DEBUG if path in (Path.DEBUG, Path.WHERE) else "check its url"
        raise ProbeFailed(Outcome.NOT_FOUND, f"{answer.where} knows no {path}; {hint}", "404")
    if answer.status != 200:
        raise bad_status(answer.status, answer.where)
    if _too_much(answer.body, path):
        raise ProbeFailed(
            Outcome.PROTOCOL, f"{answer.where} answered {path} with more values than can be read"
        )
    return answer


def read_focus(answer: Answer) -> Focus:
    """Read `/debug`. Raises ProbeFailed (protocol) where no rooms are in it."""
    debug = _read(answer, _Debug, Path.DEBUG)
    rooms, unreadable, complaint = _read_counts(debug.focus_manager, answer)
    bridges: dict[str, Bridge] = {}
    for jid, told in debug.bridge_selector.bridge.items():
        bridge = _lenient(told, Bridge)
        bridges[bridge_name(jid)] = bridge or Bridge()
    return Focus(rooms, bridges, unreadable, complaint)


def read_where(answer: Answer) -> Where:
    """Read `/debug/conferences-full`, of which nobody's name or id is kept. A conference that cannot be read
    is left out. Raises ProbeFailed (protocol).
    """
    try:
        conferences = _conferences.decode(answer.body)
    except _BAD:
        told = _read(answer, dict[str, msgspec.Raw], Path.WHERE)
        read = ((room, _lenient(conference, _Conference)) for room, conference in told.items())
        conferences = {room: conference for room, conference in read if conference is not None}
    return {
        room: {bridge: len(session.participants) for bridge, session in manager.sessions.items()}
        for room, conference in conferences.items()
        if (manager := conference.colibri_session_manager) is not None
    }


def read_stats(answer: Answer) -> Stats:
    """Read jicofo's `/stats`. Raises ProbeFailed (protocol)."""
    return _read(answer, Stats, Path.STATS)


def read_bridge(answer: Answer) -> BridgeStats:
    """Read a bridge's `/colibri/stats`. Raises ProbeFailed (protocol)."""
    return _read(answer, BridgeStats, Path.BRIDGE)


def read_bridge_metrics(answer: Answer) -> BridgeStats:
    """Read the same counters from a bridge's metrics for Prometheus. Raises ProbeFailed (protocol)."""
    samples = _bridge_metrics.read(answer.body, answer.headers.get("content-type", ""), answer.where)
    succeeded, failed = (
        next((whole(sample.value, LARGEST_TOTAL) for sample in samples.of(name)), None)
        for name in (_SUCCEEDED, _FAILED)
    )
    if succeeded is None or failed is None:
        raise ProbeFailed(
            Outcome.PROTOCOL,
            f"{answer.where} has no {_SUCCEEDED} and {_FAILED}; is its url that of a bridge?",
        )
    return BridgeStats(total_ice_succeeded=succeeded, total_ice_failed=failed)


def _too_much(body: bytes, path: Path) -> bool:
    if path is Path.WHERE:
        return body.count(b"{") > MAX_OBJECTS
    return sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES


def bridge_name(jid: str) -> str:
    """A bridge's name: the resource of its JID, by which a conference's sessions name it."""
    return jid.partition("/")[2] or jid


def _read(answer: Answer, shape: type[T], path: Path) -> T:
    try:
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except msgspec.ValidationError as error:
        what = plain_text(str(error), 120)
        raise ProbeFailed(
            Outcome.PROTOCOL, f"{answer.where}{path} is not as Jitsi writes it ({what}); check its url"
        ) from None
    except _BAD:
        raise not_json(answer.body, answer.where) from None


def _read_counts(told: msgspec.Raw, answer: Answer) -> tuple[Mapping[str, int], int, str]:
    try:
        return _counts.decode(told), 0, ""
    except _BAD:
        pass  # one by one it can be said what is wrong, and the rest is kept
    try:
        one_by_one = msgspec.json.decode(told)
    except _BAD:
        raise not_json(answer.body, answer.where) from None
    if not isinstance(one_by_one, dict):
        raise ProbeFailed(
            Outcome.PROTOCOL,
            f"{answer.where} answered with a `focus_manager` that is no object; check its url",
        )
    rooms: dict[str, int] = {}
    complaint = ""
    for room, count in one_by_one.items():
        try:
            rooms[room] = msgspec.convert(count, Count, strict=False)
        except msgspec.ValidationError as error:
            complaint = complaint or plain_text(str(error), 120)
    return rooms, len(one_by_one) - len(rooms), complaint


def _lenient(told: msgspec.Raw, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(told, type=shape, strict=False)
    except _BAD:
        return None
