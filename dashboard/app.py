"""Wires everything that the web process does; one lifespan owns start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import __version__, alert_hook, runbooks
from dashboard.alert_hook import AlertmanagerHook
from dashboard.api import add_docs, make_api, make_operations
from dashboard.document import Documented
from dashboard.files import FileServer
from dashboard.frames import EncodedFrame, encode, events_of, without_prober
from dashboard.guard import Guard
from dashboard.hooks import PATH, LiveKitHook
from dashboard.hub import Hub
from dashboard.judging import make_judging, say_it_is_no_text, say_what_is_wrong
from dashboard.live import Live
from dashboard.past import HowShown, Pasts
from dashboard.public.desk import Desk
from dashboard.public.front import Front
from dashboard.public.status.reading import Days
from dashboard.public.visitors import Visitors
from dashboard.recent import KEPT, Recent
from dashboard.silences import Silences
from dashboard.supervisor import ProberAway, Supervisor
from dashboard.timeline import make_timeline
from dashboard.vitals import Lags, Vitals
from probes.history import Claim, HistoryTrouble, claim_history, open_reader
from probes.lag import LoopLag
from probes.link import Shown
from probes.settings import BadConfig, Config, ConfigText, parse

if TYPE_CHECKING:
    from dashboard.board import Board

_FASTAPI_PATHS = ("/api/", "/-/", "/metrics", runbooks.PATH)

_log = structlog.get_logger()


class Web:
    """The parts of the web process, and what happens once a tick.

    Raises HistoryTrouble where another Roomwatch keeps the history.
    """

    def __init__(self, text: ConfigText, config: Config, read_again: Callable[[], ConfigText]) -> None:
        self.config = config
        self._read_again = read_again
        self._reloading = asyncio.Lock()
        self.hub = Hub()
        self.recent = Recent()
        self.days = Days(lambda: self.config, lambda: self.history)
        self.desk = Desk(self.recent, lambda: self.config, self.days)
        self.visitors = Visitors(lambda: self.config)
        self.private_desk = Desk(self.recent, self.visitors.private)
        self._tasks: list[asyncio.Task[None]] = []
        self.vitals = Vitals(__version__)
        self.lag = LoopLag(self.vitals.late)
        self.metrics = b""
        self._claim = claim_history(config.history)
        self.history = open_reader(config.history)
        self.supervisor = Supervisor(text, self._show, self._prober_ended)
        self.silences = Silences(config.alertmanager, self.supervisor)
        self.files: FileServer | None = None
        self._events = events_of(config)
        self.guard: Guard | None = None

    def _show(self, shown: Shown) -> None:
        """One tick: build the frame, encode it once, give it to everyone."""
        started = time.perf_counter()
        self.silences.show(shown.tick.alerts)
        encoded = encode(shown.tick, self.config.tick, self._events)
        self._publish(encoded)
        self.vitals.frame(shown.tick.at, time.perf_counter() - started)
        lags = Lags(prober=shown.lag, web=self.lag.read())
        self.metrics = shown.metrics + self.vitals.render(self.hub, lags)

    def _publish(self, encoded: EncodedFrame) -> None:
        self.recent.add(encoded)
        self.hub.publish(encoded)
        self.desk.show(encoded)
        self.private_desk.show(encoded)

    def _prober_ended(self) -> None:
        """Say so to open boards, once: a prober that keeps ending must not look like news."""
        self.vitals.prober_restarted()
        last = self.hub.latest
        if last is not None and last.frame.prober.alive:
            self._publish(without_prober(last))

    async def _remember(self) -> None:
        """Load what history holds, so that the first paint after a restart shows what was seen before."""
        for service in self.config.services:
            samples = await asyncio.to_thread(self.history.newest, service.name, KEPT)
            titles = await asyncio.to_thread(self.history.titles, service.name)
            self.recent.restore(service.name, samples, titles.items())

    async def reload(self) -> str:
        """Follow the config file as it is now. Returns why not, and changes nothing, where it is bad."""
        async with self._reloading:
            claim = self._claim
            try:
                text = self._read_again()
                config = await asyncio.to_thread(parse, *text)
                refusal = self.guard.refuses(config.auth) if self.guard else None
                claim = claim_history(config.history, self._claim)
                error = refusal or await self.supervisor.reload(text)
            except (BadConfig, HistoryTrouble) as bad:
                error = str(bad)
            except ProberAway as away:
                error = f"not reloaded: {away}"
            self._hold(self._claim if error else claim, claim)
            if error:
                _log.error("the config was not reloaded; the old one goes on", reason=error)
                return error
            await self._follow(config)
            _log.info("the config was reloaded")
            return ""

    def shown_now(self) -> HowShown:
        """How frames are made, for those that are made of history."""
        return HowShown(self.config.tick, self._events)

    def _hold(self, kept: Claim, other: Claim) -> None:
        for claim in {self._claim, other} - {kept}:
            claim.release()
        self._claim = kept

    async def _follow(self, config: Config) -> None:
        self.config = config
        self._events = events_of(config)
        self.silences.follow(config.alertmanager)
        self.history = open_reader(config.history)
        if self.guard is not None:
            self.guard.follow(config.auth)
        if self.files is not None:
            self.files.follow(await asyncio.to_thread(_make_board, config))

    @contextlib.asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """The whole life of the web process: the prober starts with it and ends with it."""
        running = (self.supervisor.run(), self.lag.run(), self.silences.run(), self.days.run())
        self._tasks = [asyncio.create_task(each) for each in running]
        for task in self._tasks:
            task.add_done_callback(_note_a_break)
        try:
            async with self._reloading:  # the board is made while the prober starts
                await self._remember()
                board = await asyncio.to_thread(_make_board, self.config)
                self.files = FileServer(board, self.recent, self.hub)
            # Not mounted: that would take what a route refuses for its method.
            app.router.default = self.files
            yield
        finally:
            self.end()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self.desk.close()
            self.private_desk.close()
            self._claim.release()

    def end(self) -> None:
        """End the streams and the prober, both at once; `running` waits for it."""
        self.hub.close()
        for task in self._tasks:
            if not task.cancelling():  # a second time would break off its tidying up
                task.cancel()


def _make_board(config: Config) -> Board:
    from dashboard.board import Board  # takes Dash along, half of all that is imported

    return Board(config, __version__)


def _note_a_break(task: asyncio.Task[None]) -> None:
    """A task that should have gone on: without ticks `/-/healthy` says 503, and the log says why."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("watching broke off; start Roomwatch again", exc_info=task.exception())


class _Manners:
    """What FastAPI's routes lack: HEAD, asked of them as GET (the server leaves out the body), and safety."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_FASTAPI_PATHS):
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            await send(message)

        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._app({**scope, "method": method}, receive, safely)


def make_app(web: Web, bound_host: str) -> ASGIApp:
    """Everything that is served: what is public, then all else behind its guard."""
    web.guard = Guard(make_inside(web), web.config.auth, bound_host)
    return Front(web.guard, web.desk, web.private_desk, web.visitors)


def make_inside(web: Web) -> FastAPI:
    """What the guard guards: explicit routes come first, then files, then 404."""
    app = Documented(
        title="Roomwatch",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        lifespan=web.running,
    )
    # Plain ASGI: these are asked for most, and FastAPI's routing costs four times the answer.
    app.router.routes.append(Route("/live", Live(web.hub, web.recent), methods=["GET"]))
    hook = LiveKitHook(lambda: web.config.services, web.supervisor, partial(web.vitals.hook, "livekit"))
    app.router.routes.append(Route(PATH, hook, methods=["POST"]))
    alerts = AlertmanagerHook(web.supervisor, partial(web.vitals.hook, "alertmanager"))
    app.router.routes.append(Route(alert_hook.PATH, alerts, methods=["POST"]))
    pasts = Pasts(lambda: web.history, web.shown_now)
    app.include_router(make_api(web.hub, web.recent, web.supervisor, pasts))
    app.include_router(make_judging(web.hub, web.supervisor))
    app.include_router(make_timeline(web.hub, web.supervisor, web.silences, lambda: web.history))
    app.include_router(make_operations(web.hub, web.reload))
    app.include_router(runbooks.make_runbooks(runbooks.Runbooks()))
    add_docs(app)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        if not web.metrics:
            return Response("the first tick is not there yet\n", 503, media_type="text/plain")
        return Response(web.metrics, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    app.add_exception_handler(RequestValidationError, say_what_is_wrong)
    app.add_exception_handler(HTTPException, say_it_is_no_text)
    app.add_middleware(_Manners)
    return app
