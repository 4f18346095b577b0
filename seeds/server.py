"""Runs the seeds service as a process: one line when ready, gone within a second when told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

HOST = "127.0.0.1"

PATIENCE = 0.5
"""Seconds that answers under way have to finish when the process is told to end."""


def serve(app: Starlette, port: int, *, until_eof: bool = False) -> None:
    """Serve `app` of `seeds.service` on loopback until SIGINT or SIGTERM; port 0 takes a free one.

    Prints `listening on http://127.0.0.1:PORT` once it answers. With `until_eof` it
    also ends when its standard input does. Raises OSError when the port is taken.
    """
    listener = socket.create_server((HOST, port), backlog=2048)
    config = uvicorn.Config(app, access_log=False, log_config=None, lifespan="off")
    _Server(config, app, until_eof=until_eof).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: Starlette, *, until_eof: bool) -> None:
        super().__init__(config)
        self._app = app
        self._until_eof = until_eof

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            sys.stdout.write(f"listening on http://{HOST}:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        if self._until_eof:
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._watch_input, args=(loop,), daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.release()
        # A client that does not read its answer must not keep the process.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn's own raises the signal again after a clean stop; here that stop is an exit with 0.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True

    def _watch_input(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not through sys.stdin: its lock would be held by this thread when the process ends.
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop may have closed first
            loop.call_soon_threadsafe(self._stop)
