"""Serves the application on one socket and ends within 2 s of being told to."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType

import uvicorn

from dashboard.app import Web, make_app

_GRACE_SECONDS = 1


class Server(uvicorn.Server):
    """Uvicorn, but streams are ended first: it would wait for them for ever."""

    def __init__(self, web: Web, bound_host: str) -> None:
        super().__init__(
            uvicorn.Config(
                make_app(web, bound_host),
                access_log=False,
                log_level="warning",
                proxy_headers=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=_GRACE_SECONDS,
                h11_max_incomplete_event_size=16_384,
            )
        )
        self._web = web
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._web.hub.close)
        super().handle_exit(sig, frame)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGHUP, self._reload)
        await super().serve(sockets)

    def _reload(self) -> None:
        self._reloading = asyncio.create_task(self._web.reload())


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener
