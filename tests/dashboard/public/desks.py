"""A desk with public answers of a made-up frame, and servers on real sockets that serve it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dashboard import server
from dashboard.connection import Connection
from dashboard.frames import EncodedFrame, encode
from dashboard.public.desk import Desk
from dashboard.public.front import Front
from dashboard.public.hatch import Hatch
from dashboard.public.visitors import Visitors
from dashboard.recent import Recent
from probes.pipeline import Tick
from probes.settings import Config, parse
from tests.probes.seen import AT, observation, rooms
from tests.product import PATIENCE
from tests.servers import wait_until

T = TypeVar("T")

SERVICES = "services: [{name: spaces, kind: http-json, url: 'http://127.0.0.1:1/', rooms: {list: rooms}}]\n"
PUBLIC = "embed: {public: {panels: [state, concurrency, joins, nodes], services: [spaces], rooms: ['*']}}\n"


def config(public: str = PUBLIC) -> Config:
    return parse(SERVICES + public, "roomwatch.yaml", Path())


def frame(seq: int = 1) -> EncodedFrame:
    seen = observation("spaces", rooms=rooms(12), service_time=AT + seq)
    return encode(Tick(seq=seq, at=AT + seq, observations=(seen,)), 1.0, [])


async def not_public(scope: Scope, receive: Receive, send: Send) -> None:
    """What stands behind the front: says what it was asked, and with which body."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    if scope["path"] == "/slow":
        await asyncio.sleep(2)
    said = f"{scope['method']} {scope['raw_path'].decode()} {body.decode('latin-1')!r}"
    await PlainTextResponse(said)(scope, receive, send)


class Serving:
    """The desk behind two sockets: `quick` with the hatch, and `plain` as uvicorn alone serves it."""

    def __init__(self, most: int = 1_000, app: Callable[..., Awaitable[None]] = not_public) -> None:
        self.recent = Recent()
        self.config = config()
        self.desk = Desk(self.recent, lambda: self.config)
        visitors = Visitors(lambda: self.config)
        self.hatch = Hatch(self.desk, visitors)
        self.answered = 0
        front = Front(app, self.desk, Desk(self.recent, visitors.private), visitors)
        protocols: dict[str, Any] = {
            "quick": partial(Connection, self.hatch, most),
            "plain": HttpToolsProtocol,
        }
        self._listeners = {name: server.bind("127.0.0.1", 0) for name in protocols}
        self.configs = {
            name: uvicorn.Config(
                front,
                http=protocol,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
            )
            for name, protocol in protocols.items()
        }
        self._servers = {name: uvicorn.Server(each) for name, each in self.configs.items()}
        self._count()
        self._thread = threading.Thread(target=self._run)

    def _count(self) -> None:
        answer = self.hatch.answer

        def counted(head: bytes, always: Any) -> bytes | None:
            found = answer(head, always)
            self.answered += found is not None
            return found

        self.hatch.answer = counted  # type: ignore[method-assign]

    def _run(self) -> None:
        loop_factory = self.configs["quick"].get_loop_factory()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        servers = self._servers.items()
        await asyncio.gather(*(each._serve(sockets=[self._listeners[name]]) for name, each in servers))

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: all(each.started for each in self._servers.values()), PATIENCE, "servers")
        self.show(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def end(self) -> None:
        for each in self._servers.values():
            each.should_exit = each.force_exit = True

    @property
    def connections(self) -> list[Connection]:
        """Those that are open where the hatch is."""
        held = self._servers["quick"].server_state.connections
        return [each for each in list(held) if isinstance(each, Connection)]

    def do(self, what: Callable[[], Awaitable[T]]) -> T:
        """Run it in the servers' loop."""

        async def run() -> T:
            return await what()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE)

    def show(self, seq: int) -> None:
        """Show a frame, and return once it is public."""

        async def show() -> None:
            encoded = frame(seq)
            self.recent.add(encoded)
            self.desk.show(encoded)
            if self.desk._making is not None:
                await self.desk._making

        self.do(show)

    def lay_ready(self, *paths: str) -> None:
        for path in paths:
            assert self.do(lambda path=path: self.desk.answer(path)) is not None  # type: ignore[misc]

    @contextlib.contextmanager
    def connected(self, name: str = "quick") -> Iterator[socket.socket]:
        with contextlib.closing(socket.socket()) as connection:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, 65536
            )  # what is kept unread on the way
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(PATIENCE)
            connection.connect(self._listeners[name].getsockname())
            yield connection

    def told(self, sent: bytes, name: str = "quick") -> bytes:
        """All that a connection answers to these bytes until it is closed, which they must bring about."""
        with self.connected(name) as connection:
            connection.sendall(sent)
            return read_to_the_end(connection)


def read_to_the_end(connection: socket.socket) -> bytes:
    told = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(1 << 20):
            told += more
    return bytes(told)
