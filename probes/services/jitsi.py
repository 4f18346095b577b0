"""Jitsi Meet, through its conference focus (jicofo): rooms with their people, and on which bridge each is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from probes.config.units import Interval, Url, revealed
from probes.exposition.reader import ACCEPT
from probes.failure import ProbeFailed
from probes.http import Http
from probes.http.faults import place
from probes.mapping import Columns
from probes.mapping.rows import STATES, clean_id, clean_title, read_rooms
from probes.model import NodeReport, Outcome, Room, SnapshotPart, plain_text
from probes.services.aside import Aside
from probes.services.base import Endpoint, ServiceSettings, one_note
from probes.services.growing import Growing
from probes.vendors.jitsi import (
    HEALTH_CHECK,
    Bridge,
    BridgeStats,
    Focus,
    Path,
    Stats,
    Where,
    ask,
    read_bridge,
    read_bridge_metrics,
    read_focus,
    read_stats,
    read_where,
)
from probes.vendors.jitsi_places import Places

FIRST_QUESTION = 0.8
"""The share of `timeout` after which nothing is waited for but the list of rooms."""

_FIELDS = {name: itemgetter(n) for n, name in enumerate(("id", "node", "participants", "title"))}

T = TypeVar("T")


class JitsiSettings(ServiceSettings):
    """A service of kind `jitsi`. A node's url is jicofo's REST interface, such as http://10.0.0.5:8888.

    Stress says how busy a bridge is and not how many people it could hold, so capacity comes from
    `capacity` alone.
    """

    kind: Literal["jitsi"]
    where_every: Interval | None = 15.0
    """How often it is asked, at most, on which bridge rooms are. `null`: never; no room is seen to move."""
    bridges: list[Url] = Field(default=[], max_length=64)
    """The bridges' own REST interfaces, such as http://10.0.0.7:8080, for counts of who got in: in
    `/colibri/stats`, or where that is switched off in `/metrics`."""

    @model_validator(mode="after")
    def _urls_are_servers(self) -> JitsiSettings:
        for url in (*(endpoint.url for endpoint in self.endpoints), *self.bridges):
            parts = urlsplit(url)
            if parts.path not in ("", "/") or parts.query or parts.fragment:
                raise PydanticCustomError(
                    "jitsi_url",
                    "expected only scheme, host and port, as http://10.0.0.5:8888: its paths are known",
                )
        return self

    @model_validator(mode="after")
    def _nothing_else_is_asked(self) -> JitsiSettings:
        if self.follow_redirects:
            raise PydanticCustomError(
                "jitsi_redirects", "jitsi is never followed elsewhere: leave `follow_redirects` out"
            )
        asked = {place(url) for url in (*(e.url for e in self.endpoints), *self.bridges)}
        for endpoint in self.joined_endpoints if self.join else []:
            if endpoint.join_url is None or place(endpoint.join_url) in asked:
                raise PydanticCustomError(
                    "join_url",
                    "the node {node} needs a join_url where people join, such as https://meet.example.org,"
                    " and not that of jicofo or a bridge",
                    {"node": endpoint.id},
                )
        return self


class Jitsi:
    """Polls jicofo, and asks bridges for their counters.

    Joins: only the bridges know who got in, so without `bridges` none are told. There a try is one
    connection for media: `total_ice_succeeded` is `joined`, `total_ice_failed` is `no_media`. Bridges
    that connect to each other are in it, and who never sends a packet is not.
    jicofo's own counts cannot be made outcomes: `total_participants` are those whom it invited,
    `participant_notifications` what clients told who are set to, also of calls that were going on for
    hours, and `bridge_failures.participants_moved` counts every invitation that was repeated.
    """

    def __init__(self, settings: JitsiSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._headers = revealed(settings.headers)
        self._limits = settings.limits
        self._aside = Aside("ask less often with `where_every`, or not at all (null)")
        self._places: dict[str, Places] = {}
        self._counted_at: dict[str, Path] = {}
        """For each bridge what it was asked for when it last answered."""
        self._joined: Growing[str] = Growing(own_start=True)
        self._no_media: Growing[str] = Growing(own_start=True)

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        """Ask one jicofo for its rooms. Raises ProbeFailed when no usable answer came."""
        self._aside.refuse_while_reading(endpoint)
        latest = asyncio.get_running_loop().time() + FIRST_QUESTION * self._settings.timeout
        # Bridges may serve several jicofos: they are asked once, with the first.
        bridges = self._settings.bridges if endpoint.id == self._settings.endpoints[0].id else []
        async with asyncio.TaskGroup() as asking:
            focus_told = asking.create_task(_quietly(self._focus(endpoint, http), endpoint.url))
            stats_told = asking.create_task(_quietly(self._stats(endpoint, http), endpoint.url, latest))
            bridges_told = {
                url: asking.create_task(_quietly(self._bridge(url, http), url, latest)) for url in bridges
            }
        focus = focus_told.result()
        if isinstance(focus, ProbeFailed):
            raise focus
        places = await self._find(endpoint, http, focus, latest)
        part = self._part(endpoint, focus, places)
        counted = {url: told.result() for url, told in bridges_told.items()}
        notes = [part.note, *_health(stats_told.result()), *_troubles(focus.bridges), *_silent(counted)]
        return SnapshotPart(
            rooms=part.rooms,
            complete=part.complete,
            nodes=part.nodes,
            joins=self._joins(counted),
            note=one_note(notes),
        )

    def _part(self, endpoint: Endpoint, focus: Focus, places: Places | None) -> SnapshotPart:
        """The rooms and nodes. Rooms that are on no bridge yet are counted, and not told of one by one:
        one that is first listed elsewhere would seem to move.
        """
        rooms = focus.rooms
        known = dict.fromkeys(rooms, endpoint.id) if places is None else places.known
        notes: list[str] = []
        if focus.unreadable:
            count = len(rooms) + focus.unreadable
            notes.append(f"{focus.unreadable} of {count} rooms could not be read: {focus.complaint}")
        reports = [] if places is None else list(_reports(focus.bridges))
        if waiting := sum(count for room, count in rooms.items() if room not in known):
            reports.append(NodeReport(id=endpoint.id, label="on no bridge yet", participants=waiting))
        if places is not None and places.failure is not None:
            notes.append(f"on which bridge rooms are is not known anew: {places.failure.detail}")
        return SnapshotPart(
            rooms=_rooms(rooms, known, endpoint.id),
            complete=not focus.unreadable and (places is None or places.told),
            nodes=reports,
            note="; ".join(notes),
        )

    async def _find(self, endpoint: Endpoint, http: Http, focus: Focus, latest: float) -> Places | None:
        """Where rooms are, asked anew where that is due. None where it is never asked."""
        settings = self._settings
        if settings.where_every is None:
            return None
        places = self._places.setdefault(endpoint.id, Places(settings.where_every, settings.every))
        places.keep_only(focus.rooms)
        started = self._clock()
        if places.due(focus.rooms, started):
            where = await _quietly(self._where(endpoint, http), endpoint.url, latest)
            places.asked(started, self._clock())
            if isinstance(where, ProbeFailed):
                places.failure = where
            else:
                places.learn({room: where[room] for room in where.keys() & focus.rooms.keys()})
        return places

    async def _focus(self, endpoint: Endpoint, http: Http) -> Focus:
        answer = await ask(http, endpoint.url, Path.DEBUG, self._headers, self._limits)
        focus = await self._aside.read(endpoint, len(answer.body), partial(read_focus, answer))
        if focus.unreadable and not focus.rooms:
            raise ProbeFailed(
                Outcome.PROTOCOL,
                f"{answer.where}: none of {focus.unreadable} rooms could be read: {focus.complaint}",
            )
        rooms = {room: count for room, count in focus.rooms.items() if not room.startswith(HEALTH_CHECK)}
        return Focus(rooms, focus.bridges, focus.unreadable, focus.complaint)

    async def _where(self, endpoint: Endpoint, http: Http) -> Where:
        answer = await ask(http, endpoint.url, Path.WHERE, self._headers, self._limits)
        return await self._aside.read(endpoint, len(answer.body), partial(read_where, answer))

    async def _stats(self, endpoint: Endpoint, http: Http) -> Stats:
        return read_stats(await ask(http, endpoint.url, Path.STATS, self._headers, self._limits))

    async def _bridge(self, url: str, http: Http) -> BridgeStats:
        """The counters of a bridge, from whichever of two places it has: its REST API is off by default."""
        path = self._counted_at.get(url, Path.BRIDGE)
        try:
            return await self._ask_bridge(url, path, http)
        except ProbeFailed as failure:
            if failure.outcome is not Outcome.NOT_FOUND:
                raise
        path = Path.BRIDGE_METRICS if path is Path.BRIDGE else Path.BRIDGE
        stats = await self._ask_bridge(url, path, http)
        self._counted_at[url] = path
        return stats

    async def _ask_bridge(self, url: str, path: Path, http: Http) -> BridgeStats:
        if path is Path.BRIDGE:
            return read_bridge(await ask(http, url, path, self._headers, self._limits))
        headers = {"Accept": ACCEPT, **self._headers}  # else it answers in JSON of its own
        return read_bridge_metrics(await ask(http, url, path, headers, self._limits))

    def _joins(self, told: Mapping[str, BridgeStats | ProbeFailed]) -> dict[Outcome, int]:
        """The bridges' counters, each from when it was first heard. None while no bridge answers."""
        heard = {url: stats for url, stats in told.items() if isinstance(stats, BridgeStats)}
        joined = {u: s.total_ice_succeeded for u, s in heard.items() if s.total_ice_succeeded is not None}
        failed = {u: s.total_ice_failed for u, s in heard.items() if s.total_ice_failed is not None}
        if not joined or not failed:
            return {}
        return {Outcome.JOINED: self._joined.take(joined), Outcome.NO_MEDIA: self._no_media.take(failed)}


async def _quietly(question: Awaitable[T], url: str, latest: float | None = None) -> T | ProbeFailed:
    """The answer to a question to `url`, or why there is none by `latest`, in the loop's time."""
    try:
        async with asyncio.timeout_at(latest):
            return await question
    except ProbeFailed as failure:
        return failure
    except TimeoutError:
        return ProbeFailed(Outcome.TIMEOUT, f"{place(url)} did not answer in time")


def _rooms(people: Mapping[str, int], places: Mapping[str, str], node: str) -> list[Room]:
    """The rooms whose place is known; what people call a room is its JID up to the @."""
    rows = [
        (jid, places[jid], count, jid.partition("@")[0]) for jid, count in people.items() if jid in places
    ]
    rooms, _ = read_rooms(Columns(rows, _FIELDS), node, STATES)
    return rooms


def _reports(bridges: Mapping[str, Bridge]) -> Iterable[NodeReport]:
    for name, bridge in bridges.items():
        region = "" if bridge.region in (None, "null") else clean_title(bridge.region)
        yield NodeReport(clean_id(name), region, bridge.endpoints, in_rooms=True)


def _troubles(bridges: Mapping[str, Bridge]) -> Iterable[str]:
    """What jicofo says of bridges that are not well."""
    if bridges and not any(bridge.takes_people for bridge in bridges.values()):
        yield f"none of {len(bridges)} bridges takes new people"
    for name, bridge in sorted(bridges.items()):
        if trouble := bridge.trouble:
            yield f"{plain_text(name, 40)} is {' and '.join(trouble)}"


def _health(stats: Stats | ProbeFailed) -> Iterable[str]:
    if isinstance(stats, ProbeFailed):
        yield f"jicofo's health is not known: {stats.detail}"
    elif stats.healthy is False:
        why = stats.health.message if stats.health is not None else None
        yield "jicofo says that it is not healthy" + (f": {plain_text(why, 80)}" if why else "")


def _silent(counted: Mapping[str, BridgeStats | ProbeFailed]) -> Iterable[str]:
    failed = [told for told in counted.values() if isinstance(told, ProbeFailed)]
    if failed:
        yield f"{len(failed)} of {len(counted)} bridges told no counts: {failed[0].detail}"
