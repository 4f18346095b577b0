"""The way between the web process and the prober: msgpack messages over a socketpair.

Each message is a length (four bytes, big endian) and a msgpack body. Closing one
end ends the other process, however it died.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Generic, TypeVar

import msgspec

from probes.model import RoomView
from probes.notice import Notice
from probes.pipeline import Tick
from probes.timeline.words import Word
from probes.watching.rulings import Ruling

_MAX_MESSAGE = 64_000_000
_MAX_WAITING = 8_000_000
"""Bytes that may wait for a reader before ticks are dropped."""


class Configure(msgspec.Struct, tag=True, frozen=True):
    """Web to prober: follow this config file's text from now on. `folder`: where `file:` secrets are."""

    call: int
    text: str
    name: str
    folder: str


class ListRooms(msgspec.Struct, tag=True, frozen=True):
    """Web to prober: up to `limit` rooms of `service` after the one with the cursor `after`."""

    call: int
    service: str
    after: str
    limit: int


class Rule(msgspec.Struct, tag=True, frozen=True):
    """Web to prober: an operator's word on where a room of `service` went."""

    call: int
    service: str
    ruling: Ruling


class Noticed(msgspec.Struct, tag=True, frozen=True):
    """Web to prober: what `service` told by itself, verified. There is no answer."""

    service: str
    notice: Notice


class Tell(msgspec.Struct, tag=True, frozen=True):
    """Web to prober: a word for the timeline."""

    call: int
    word: Word


class Shown(msgspec.Struct, tag=True, frozen=True):
    """Prober to web: one tick, its metrics as text, and the worst loop lag since the last (seconds)."""

    tick: Tick
    metrics: bytes
    lag: float


class Done(msgspec.Struct, tag=True, frozen=True):
    """Prober to web: what became of a call; `error` is empty where it worked."""

    call: int
    error: str = ""


class Rooms(msgspec.Struct, tag=True, frozen=True):
    """Prober to web: the answer to ListRooms."""

    call: int
    rooms: Sequence[RoomView]
    total: int
    next: str
    """The cursor of the last one, empty where no more follow."""


ToProber = Configure | ListRooms | Noticed | Rule | Tell
ToWeb = Shown | Done | Rooms

TO_PROBER: msgspec.msgpack.Decoder[ToProber] = msgspec.msgpack.Decoder(ToProber)
TO_WEB: msgspec.msgpack.Decoder[ToWeb] = msgspec.msgpack.Decoder(ToWeb)

Sent = TypeVar("Sent")
Received = TypeVar("Received")


class Link(Generic[Sent, Received]):
    """One end of the way. Messages are sent whole or not at all."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        decoder: msgspec.msgpack.Decoder[Received],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = decoder
        self.dropped = 0

    @classmethod
    async def open(
        cls, end: socket.socket, decoder: msgspec.msgpack.Decoder[Received]
    ) -> Link[Sent, Received]:
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=_MAX_WAITING)
        return cls(reader, writer, decoder)

    def send(self, message: Sent) -> None:
        """Queue a message at once, whatever waits already."""
        body = self._encoder.encode(message)
        self._writer.write(len(body).to_bytes(4, "big") + body)

    def offer(self, message: Sent) -> bool:
        """Queue a message and return True, or drop and count it while the reader is far behind."""
        if self._writer.transport.get_write_buffer_size() > _MAX_WAITING:
            self.dropped += 1
            return False
        self.send(message)
        return True

    async def __aiter__(self) -> AsyncIterator[Received]:
        """Messages until the other end is closed."""
        while True:
            try:
                size = int.from_bytes(await self._reader.readexactly(4), "big")
                if size > _MAX_MESSAGE:
                    return
                body = await self._reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            yield self._decoder.decode(body)

    async def close(self) -> None:
        """Close at once: what still waits is for a reader that is stuck or ending."""
        self._writer.transport.abort()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # the other end went first
