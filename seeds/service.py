"""The rooms service that plays a seed over HTTP: its rooms, its join counters, joins that fail.

Service time starts to run with the first `GET /rooms`, so that a late watcher
misses nothing. It goes on when the event is over: then there are no rooms.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from html import escape
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seeds.crowd import Crowd
from seeds.door import attempt
from seeds.model import Node, Seed
from seeds.play import Door, Outcome, Played

MAX_HELD: Final = 1000
"""How many tries may be held at once; those beyond it are told 503 at once."""

SHORTEST_DELAY: Final = 0.001

CURRENT: Final = "current"
"""A join of this room id is a join of the room where the event is now."""

_SMALL_ROOM_DOOR: Final = Door(0.0, {"joined": 1.0})

# What a try is told, by outcome: status, and the service's own code.
_ANSWERS: Final[dict[Outcome, tuple[int, str]]] = {
    "joined": (200, "joined"),
    "unavailable": (503, "details_unavailable"),
    "aborted": (499, "client_crashed"),
    "room_full": (403, "room_full"),
    "timeout": (504, "timeout"),
}


class Playback:
    """Maps the wall onto service time; `begin` starts the play, `start` seconds into the event."""

    def __init__(self, speed: float, start: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._start = start
        self._clock = clock
        self._begun: float | None = None

    def begin(self) -> None:
        if self._begun is None:
            self._begun = self._clock()

    @property
    def t(self) -> float:
        """Seconds since the event's start; `start` until the play begins."""
        played = 0.0 if self._begun is None else (self._clock() - self._begun) * self.speed
        return self._start + played


class _Reply(msgspec.Struct, frozen=True):
    """The answer of `GET /rooms`."""

    time: float
    speed: float
    nodes: list[dict[str, str]]
    rooms: msgspec.Raw
    joins: dict[Outcome, int]


class SeedsService:
    """The endpoints over one played seed. `release` lets go of every held try."""

    def __init__(self, played: Played, playback: Playback, extra_rooms: int) -> None:
        self._played = played
        self._playback = playback
        nodes = played.seed.nodes
        self._nodes = [{"id": node.id, "label": node.label} for node in nodes]
        self._crowd = Crowd(extra_rooms, _ids(nodes), played.number, played.starts)
        self._tries = 0
        self._held = 0
        self._closing = asyncio.Event()

    def release(self) -> None:
        self._closing.set()

    async def index(self, _request: Request) -> Response:
        seed = self._played.seed
        return _json(
            {
                "seed": seed.name,
                "title": seed.title,
                "where": seed.where,
                "starts": seed.starts.isoformat(),
                "speed": self._playback.speed,
                "t": self._playback.t,
                "lasts": self._played.lasts,
                "paths": [
                    "GET /rooms",
                    "POST /rooms/{id}/join",
                    f"POST /rooms/{CURRENT}/join",
                    "GET /room/{id}",
                    "GET /healthz",
                ],
            }
        )

    async def healthy(self, _request: Request) -> Response:
        return _json({"healthy": True, "held": self._held})

    async def rooms(self, _request: Request) -> Response:
        self._playback.begin()
        t = self._playback.t
        moment = self._played.at(t)
        listed = [msgspec.json.encode(room) for room in moment.rooms]
        if crowd := self._crowd.at(int(t)):
            listed.append(crowd)
        reply = _Reply(
            time=self._played.starts + t,
            speed=self._playback.speed,
            nodes=self._nodes,
            rooms=msgspec.Raw(b"[" + b",".join(listed) + b"]"),
            joins=moment.joins,
        )
        return _json(reply)

    async def room(self, request: Request) -> Response:
        """The page of one of the event's rooms, as somebody sees it who follows a link there."""
        moment = self._played.at(self._playback.t)
        wanted = request.path_params["room"]
        room = next((room for room in moment.rooms if room.id == wanted), None)
        if room is None:
            return _page("There is no such room", "It may not have opened yet, or it ended long ago.", 404)
        if room.state == "ended":
            return _page(room.title, "This room has ended.", 410)
        return _page(room.title, f"You are in this room, with {room.participants:,} others.")

    async def join(self, request: Request) -> Response:
        t = self._playback.t
        moment = self._played.at(t)
        room = request.path_params["room"]
        room = moment.current if room == CURRENT else room
        door = moment.doors.get(room or "")
        if door is None and room is not None and self._crowd.holds(room, int(t)):
            door = _SMALL_ROOM_DOOR
        if room is None or door is None:
            return _refusal(404, "not_found")
        self._tries += 1
        outcome, seconds = attempt(door.shares, self._played.number, self._tries)
        if not await self._wait(request, max(SHORTEST_DELAY, seconds / self._playback.speed)):
            return _refusal(503, "overloaded")
        if outcome == "joined":
            return _json({"code": "joined", "room": room})
        return _refusal(*_ANSWERS[outcome])

    async def _wait(self, request: Request, seconds: float) -> bool:
        """Hold a try for `seconds`, until its client leaves or we close. False: too many are held."""
        if self._held >= MAX_HELD:
            return False
        self._held += 1
        enders = [asyncio.create_task(self._closing.wait()), asyncio.create_task(_left(request))]
        try:
            await asyncio.wait(enders, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._held -= 1
            for ender in enders:
                ender.cancel()
        return True


def make_app(
    seed: Seed, *, speed: float = 1.0, start: float = 0.0, number: int = 0, extra_rooms: int = 0
) -> Starlette:
    """The rooms service that plays `seed` once, `speed` times as fast as it was, from `start` seconds on.

    `number` picks the ripple and the lots of tries; `extra_rooms` adds that many
    small rooms. `app.state.release()` ends every held try, for a quick stop.
    """
    service = SeedsService(Played(seed, number), Playback(speed, start), extra_rooms)
    app = Starlette(
        routes=[
            Route("/", service.index),
            Route("/healthz", service.healthy),
            Route("/rooms", service.rooms),
            Route("/room/{room}", service.room),
            Route("/rooms/{room:path}/join", service.join, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _http_error},
    )
    app.state.release = service.release
    return app


async def _left(request: Request) -> None:
    """Return once the client has gone. What it sends meanwhile is dropped."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _refusal(status, "no_such_path" if status == 404 else "method_not_allowed")


def _ids(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple(node.id for node in nodes)


def _refusal(status: int, code: str) -> Response:
    return _json({"code": code}, status)


def _page(title: str, line: str, status: int = 200) -> Response:
    title, line = escape(title), escape(line)
    body = (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{title}</title>\n<h1>{title}</h1>\n<p>{line}</p></html>\n"
    )
    headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
    return Response(body, status, headers, "text/html")


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
