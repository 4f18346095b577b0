"""Wires everything that the web process does; one lifespan owns start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import structlog
from fastapi import FastAPI, Response
from starlette.routing import Route

from dashboard.api import add_docs, make_api, make_operations
from dashboard.board import Board
from dashboard.files import FileServer
from dashboard.frames import encode, events_of
from dashboard.guard import Guard
from dashboard.hub import Hub
from dashboard.live import Live
from dashboard.recent import KEPT, Recent
from dashboard.supervisor import ConfigText, ProberAway, Supervisor
from dashboard.vitals import Lags, Vitals
from probes.history import open_reader
from probes.lag import LoopLag
from probes.link import Shown
from probes.settings import BadConfig, Config, parse

VERSION = "0.1.0"
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_log = structlog.get_logger()


class Web:
    """The parts of the web process, and what happens once a tick."""

    def __init__(self, text: ConfigText, config: Config, read_again: Callable[[], ConfigText]) -> None:
        self.config = config
        self._read_again = read_again
        self._reloading = asyncio.Lock()
        self.hub = Hub()
        self.recent = Recent()
        self.lag = LoopLag()
        self.vitals = Vitals(VERSION)
        self.metrics = b""
        self.history = open_reader(config.history)
        self.supervisor = Supervisor(text, self._show, self.vitals.prober_restarted)
        self.board = Board(config, VERSION)
        self.files = FileServer(self.board, self.recent, self.hub)
        self._events = events_of(config)
        self.guard: Guard | None = None

    def _show(self, shown: Shown) -> None:
        """One tick: build the frame, encode it once, give it to everyone."""
        started = time.perf_counter()
        encoded = encode(shown.tick, self.config.tick, self._events)
        self.recent.add(encoded)
        self.hub.publish(encoded)
        self.vitals.frame(shown.tick.at, time.perf_counter() - started)
        lags = Lags(prober=shown.lag, web=self.lag.read())
        self.metrics = shown.metrics + self.vitals.render(self.hub, lags)

    def remember(self) -> None:
        """Load what history holds, so that the first paint after a restart shows what was seen before."""
        for service in self.config.services:
            samples = self.history.newest(service.name, KEPT)
            self.recent.restore(service.name, samples, self.history.titles(service.name).items())

    async def reload(self) -> str:
        """Follow the config file as it is now. Returns why not, and changes nothing, where it is bad."""
        async with self._reloading:
            try:
                text = self._read_again()
                config = parse(text.text, text.name, text.folder)
                error = await self.supervisor.reload(text)
            except BadConfig as bad:
                error = str(bad)
            except ProberAway as away:
                error = f"not reloaded: {away}"
            if error:
                _log.error("the config was not reloaded; the old one goes on", reason=error)
                return error
            self.config = config
            self._events = events_of(config)
            if self.guard is not None:
                self.guard.follow(config.auth)
            _log.info("the config was reloaded")
            return ""

    @contextlib.asynccontextmanager
    async def running(self, _app: FastAPI) -> AsyncIterator[None]:
        """The whole life of the web process: the prober starts with it and ends with it."""
        await asyncio.to_thread(self.remember)
        tasks = [asyncio.create_task(self.supervisor.run()), asyncio.create_task(self.lag.run())]
        try:
            yield
        finally:
            self.hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def make_app(web: Web, bound_host: str) -> Guard:
    """Everything that is served, behind its guard. Explicit routes first, then files, then 404."""
    app = FastAPI(
        title="Roomwatch",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=web.running,
    )
    # Plain ASGI: these are asked for most, and FastAPI's routing costs four times the answer.
    app.router.routes.append(Route("/live", Live(web.hub, web.recent), methods=["GET"]))
    app.include_router(make_api(web.hub, web.recent, web.supervisor, web.history))
    app.include_router(make_operations(web.hub, web.vitals, web.reload))
    add_docs(app)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(web.metrics, headers={"Content-Type": METRICS_TYPE})

    app.mount("/", web.files)
    web.guard = Guard(app, web.config.auth, bound_host)
    return web.guard
