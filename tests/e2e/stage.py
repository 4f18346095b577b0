"""The web side of Roomwatch on a real port, fed with frames that a test makes up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from playwright.sync_api import BrowserContext
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from dashboard.board import Board
from dashboard.files import FileServer
from dashboard.frames import EncodedFrame, encode, events_of
from dashboard.hub import Hub
from dashboard.live import Live
from dashboard.recent import Recent
from probes.alerting.firing import Subject
from probes.alerting.table import Severity
from probes.model import (
    Cause,
    Door,
    Headroom,
    NodeView,
    Observation,
    Observer,
    OtherRooms,
    Outcome,
    Place,
    ProbeView,
    Relocation,
    RoomState,
    RoomView,
    State,
    Status,
)
from probes.pipeline import Tick
from probes.settings import parse
from probes.timeline.entries import AlertView, Entry, Note, Source
from tests.browser import Watched

CONFIG = parse(
    """
services:
  - name: spaces
    kind: http-json
    url: http://127.0.0.1:8088/rooms
    every: 1s
  - name: other
    kind: http-json
    url: http://127.0.0.1:8089/rooms
events:
  - {name: launch, title: Campaign launch, service: spaces, starts_at: 2023-05-24T18:00:00-04:00}
tick: 500ms
""",
    "roomwatch.yaml",
    Path(),
)
STARTS_AT = 1684965600.0
"""18:00 on 24 May 2023 where the event was, four hours behind UTC."""


class Stage:
    """Serves the board. `show` makes the next frame; `stop` and `start` are a server that goes and comes."""

    def __init__(self, board: Board, port: int) -> None:
        self.opened = 0
        """Event streams that were ever opened."""
        self._board = board
        self._recent = Recent()
        self._port = port
        self._seq = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    @property
    def viewers(self) -> int:
        return self._hub.viewers

    def start(self, *missed: Observation) -> None:
        """Serve, on the same port as before; `missed` was seen meanwhile, a frame each."""
        self._hub = Hub()
        self._missed = [self._frame(each) for each in missed]
        live = Live(self._hub, self._recent)

        class Counted:
            async def __call__(_self, scope: Any, receive: Any, send: Any) -> None:  # noqa: N805
                self.opened += 1
                await live(scope, receive, send)

        files = FileServer(self._board, self._recent, self._hub)
        app = Starlette(routes=[Route("/live", Counted()), Mount("/", files)])
        config = uvicorn.Config(app, port=self._port, log_level="critical", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        assert self._ready.wait(30), "the server did not start"

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        for frame in self._missed:
            self._take(frame)
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self._ready.set()
        await serving

    def stop(self) -> None:
        """End every stream, and the server."""
        self._loop.call_soon_threadsafe(self._hub.close)
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server did not end"

    def show(
        self,
        *observations: Observation,
        alerts: Sequence[AlertView] = (),
        notes: Sequence[Note] = (),
        at: float = 0.0,
    ) -> int:
        """Make a frame of these, seen now or `at`, and give it to everyone; returns its number."""
        frame = self._frame(*observations, alerts=alerts, notes=notes, at=at)

        async def publish() -> None:
            self._take(frame)

        asyncio.run_coroutine_threadsafe(publish(), self._loop).result(30)
        return frame.seq

    def _take(self, frame: EncodedFrame) -> None:
        self._recent.add(frame)
        self._hub.publish(frame)

    def _frame(
        self,
        *observations: Observation,
        alerts: Sequence[AlertView] = (),
        notes: Sequence[Note] = (),
        at: float = 0.0,
    ) -> EncodedFrame:
        now = at or time.time()
        self._seq = max(self._seq + 1, int(now / CONFIG.tick))
        entries = tuple(Entry(view=view) for view in alerts)
        tick = Tick(seq=self._seq, at=now, observations=observations, alerts=entries, notes=tuple(notes))
        return encode(tick, CONFIG.tick, events_of(CONFIG))


def opened(context: BrowserContext, stage: Stage) -> Watched:
    """A tab that shows the board."""
    tab = Watched(context)
    tab.open(stage.url)
    return tab


def shows(tab: Watched, people: str) -> None:
    """Wait until the tile "In the room" shows this."""
    tab.wait_for_text("#tiles-body .number", people)


def observation(minute: float, rooms: Sequence[RoomView], **changes: Any) -> Observation:
    """The May 2023 launch at that minute, with those rooms; `changes` replace what else is in it."""
    counts = [room.participants for room in rooms if room.participants is not None]
    nodes = sorted({room.node for room in rooms})
    now = time.time()
    told: dict[str, Any] = {
        "name": "spaces",
        "kind": "http-json",
        "state": State.OK,
        "reasons": ("All is well",),
        "service_time": STARTS_AT + 60 * minute,
        "pace": 10.0,
        "observed_at": now,
        "complete": True,
        "participants": sum(counts),
        "rooms_open": len(rooms),
        "nodes": tuple(
            NodeView(
                id=node, label=node, participants=sum(counts), capacity=None, answering=True, observed_at=now
            )
            for node in nodes
        ),
        "rooms": tuple(rooms),
        "other": OtherRooms(),
        "door": Door(
            observer=Observer.SERVICE,
            tries_per_second=360.0,
            success_ratio=0.941,
            errors={Outcome.TIMEOUT: 0.039, Outcome.UNAVAILABLE: 0.02},
            waiting=41_000,
        ),
        "headroom": Headroom(capacity=700_000, source="observed", ratio=0.76),
        "relocations": (),
        "probes": (
            ProbeView(
                name="rooms", node="all", outcome=Outcome.OK, success=True, seconds=0.038, observed_at=now
            ),
        ),
    }
    return Observation(**{**told, **changes})


def room(node: str, participants: int | None, title: str = "Launch", ident: str = "r1") -> RoomView:
    return RoomView(
        id=ident, title=title, node=node, participants=participants, capacity=None, state=RoomState.OPEN
    )


def alert(name: str = "RoomsEnded", since: float | None = None, **changes: Any) -> AlertView:
    """An alert of the May 2023 launch that has fired for half a minute, or since then."""
    begun = time.time() - 30 if since is None else since
    told: dict[str, Any] = {
        "id": name,
        "subject": Subject(alert=name, service="spaces", node="n1"),
        "severity": Severity.PAGE,
        "source": Source.ALERTMANAGER,
        "since": begun,
        "heard_at": time.time(),
        "summary": "The room ended with 668,000 people in it",
    }
    return AlertView(**{**told, **changes})


def relocated(title: str, to: str | None, now: int | None = None) -> Relocation:
    """The end of the first room at 18:21:02, and its successor 118 seconds later where there is one."""
    return Relocation(
        id="x",
        lineage="l",
        cause=Cause.SUCCEEDED if to else Cause.ENDED,
        status=Status.STANDING,
        from_=Place("r1", "n1", title),
        to=Place("r2", "n2", to) if to else None,
        at=STARTS_AT + (1380 if to else 1262),
        participants_before=668_000,
        participants_now=now,
        carried_over=now / 668_000 if now else None,
        dark_seconds=118.0 if to else None,
        confidence=0.9,
        evidence=("same host",),
    )
