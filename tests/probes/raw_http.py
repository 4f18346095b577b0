"""A TCP server that answers exactly the bytes a test wants, for clients that must survive them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it came, and the connection to answer it on."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def abandoned(self) -> None:
        """Return when the client has gone away, politely or by a reset."""
        with contextlib.suppress(ConnectionError):
            await self.reader.read()


Handler = Callable[[Exchange], Awaitable[bool | None]]
"""Answers one request; True keeps the connection for another."""


@dataclass(slots=True)
class RawServer:
    """Where it listens, and the requests it read."""

    port: int = 0
    requests: list[Exchange] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[RawServer]:
    """Serve `handler` on 127.0.0.1, on a free port where none is given."""
    server = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            keep: bool | None = True
            while keep:
                exchange = await _read(reader, writer)
                server.requests.append(exchange)
                keep = await handler(exchange)
                await writer.drain()
        writer.close()

    listener = await asyncio.start_server(connection, "127.0.0.1", port, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.strip().split("\r\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Exchange(method, target, headers, body, reader, writer)


def answer(
    body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None, length: int | None = None
) -> bytes:
    """The bytes of an HTTP answer; `length` is the Content-Length it claims."""
    fields = {"Content-Length": str(len(body) if length is None else length), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + body


def sends(raw: bytes, keep: bool = False) -> Handler:
    """A handler that answers every request with the same bytes."""

    async def handler(exchange: Exchange) -> bool:
        exchange.writer.write(raw)
        return keep

    return handler


async def endless_header(exchange: Exchange) -> None:
    """A handler whose answer never comes to its body."""
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not exchange.writer.is_closing():
        exchange.writer.write(b"x" * 65536)
        await exchange.writer.drain()


@contextlib.asynccontextmanager
async def plain_port() -> AsyncIterator[int]:
    """A port that answers in plain HTTP whatever it is greeted with, as to one who wants TLS."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer(b"plain"))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1]


def sends_json(value: object, status: int = 200) -> Handler:
    """A handler that answers every request with `value` as JSON and keeps the connection."""
    return sends(answer(json.dumps(value).encode(), status, {"Content-Type": "application/json"}), keep=True)
