"""A way to Roomwatch that counts what is asked for on it, by path."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from anyio.from_thread import start_blocking_portal

_ASKED = re.compile(rb"^(?:GET|HEAD) (\S+) HTTP/1\.1\r$", re.MULTILINE)


class Counting:
    """Passes connections on to `target`, a port, and counts requests in `asked`. Listens on `port`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.asked: Counter[str] = Counter()
        self.port = 0
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        portal = self._running.enter_context(start_blocking_portal())
        self._running.enter_context(portal.wrap_async_context_manager(self._serving()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        open_ones: set[asyncio.StreamWriter] = set()

        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_ones.add(writer)
            with contextlib.suppress(OSError):
                await self._pass_on(reader, writer)
            writer.close()
            open_ones.discard(writer)

        server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        for writer in list(open_ones):
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            await asyncio.gather(self._pump(reader, to_there, True), self._pump(there, writer, False))
        finally:
            to_there.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, counted: bool) -> None:
        while data := await source.read(65536):
            if counted:  # proxies send each head in one piece
                self.asked.update(path.decode() for path in _ASKED.findall(data))
            sink.write(data)
            await sink.drain()
        sink.close()
