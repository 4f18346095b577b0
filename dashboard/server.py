"""Serves the application on one socket and ends within 2 s of being told to."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from functools import partial

import uvicorn

from dashboard.app import Web, make_app
from dashboard.connection import Connection, most_connections
from dashboard.ending import Hangups
from dashboard.public.hatch import Hatch

_GRACE_SECONDS = 1
_DEAF_MS = 30_000
"""How long a viewer may take nothing before its connection is cut."""

_WAITING_BYTES = 32_768
"""What may wait in the kernel for a slow viewer; by itself it keeps megabytes of old frames for each."""


class Server(uvicorn.Server):
    """Uvicorn, but it ends streams first, for which it would wait for ever, and then with exit code 0.

    SIGINT and SIGTERM end it, SIGHUP reads the config again.
    """

    def __init__(self, web: Web, bound_host: str, hangups: Hangups) -> None:
        super().__init__(
            uvicorn.Config(
                make_app(web, bound_host),
                access_log=False,
                log_config=None,
                log_level="warning",
                proxy_headers=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=_GRACE_SECONDS,
                http=partial(Connection, Hatch(web.desk, web.visitors), most_connections()),  # type: ignore[arg-type]
            )
        )
        self._web = web
        self._reloads: set[asyncio.Task[str]] = set()
        self._hangups = hangups

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own raises the signal again after a clean end, and a demo would not tidy up."""
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGINT: self._end, signal.SIGTERM: self._end, signal.SIGHUP: self._hang_up}
        before = {number: signal.getsignal(number) for number in handlers}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        if self._hangups.came:
            self._hang_up()
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)
                signal.signal(number, before[number])

    def _end(self) -> None:
        if self.should_exit:
            self.force_exit = True  # told twice
        self.should_exit = True
        self._web.end()

    def _hang_up(self) -> None:
        if self._hangups.is_the_end:
            self._end()
            return
        task = asyncio.create_task(self._web.reload())
        self._reloads.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._reloads.discard)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bound_slow_viewers(listener)
        listener.bind((host.strip("[]"), port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


def _bound_slow_viewers(listener: socket.socket) -> None:
    """Every connection takes these over. Only Linux has both."""
    for option, value in (("TCP_USER_TIMEOUT", _DEAF_MS), ("TCP_NOTSENT_LOWAT", _WAITING_BYTES)):
        if hasattr(socket, option):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
