"""Reads a response's body within a limit that holds for the compressed and for the inflated bytes.

httpx's own decoders inflate a whole chunk before anyone can measure it; here
zlib is told how much it may give.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator

import httpx

from probes.failure import ProbeFailed
from probes.model import Outcome, plain_text

GZIP = 16 + zlib.MAX_WBITS
PIECE = 1_000_000
"""The most bytes inflated at once, so that a dense body does not hold the event loop."""

MEMBER = 4000
"""What a piece costs beside its bytes, as bytes: gzip members may be empty, and very many."""

SLICE = 4096
"""Bytes inflated at once: at the end of each member zlib copies what is left of them."""


async def read_body(response: httpx.Response, limit: int, where: str) -> bytes:
    """The whole body of a streamed response, inflated. Raises ProbeFailed (protocol, unavailable)."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return await _read_plain(response, limit, where)
    if encoding in ("gzip", "x-gzip"):
        return await _read_gzip(response, limit, where)
    raise ProbeFailed(
        Outcome.PROTOCOL,
        f"{where} answered in the encoding {plain_text(encoding, 32)} where gzip or none was asked for",
    )


async def _read_plain(response: httpx.Response, limit: int, where: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit, where)
        chunks.append(chunk)
    return b"".join(chunks)


async def _read_gzip(response: httpx.Response, limit: int, where: str) -> bytes:
    gunzip = Gunzip()
    pieces: list[bytes] = []
    received = size = work = 0
    try:
        async for chunk in response.aiter_raw():
            received += len(chunk)
            for piece in gunzip.feed(chunk):
                size += len(piece)
                if max(size, received) > limit:
                    raise _too_large(limit, where)
                pieces.append(piece)
                work += len(piece) + MEMBER
                if work >= PIECE:
                    work = 0
                    await asyncio.sleep(0)
    except zlib.error:
        raise ProbeFailed(
            Outcome.PROTOCOL, f"{where} answered with a gzip body that cannot be inflated"
        ) from None
    if not gunzip.whole:
        raise ProbeFailed(Outcome.UNAVAILABLE, f"{where} sent half an answer: its gzip body ends too early")
    return b"".join(pieces)


class Gunzip:
    """Inflates a stream of gzip members, as RFC 1952 allows, piece by piece."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(GZIP)
        self._untouched = True

    @property
    def whole(self) -> bool:
        """Whether what was fed so far ends where a member ends."""
        return self._untouched or self._member.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` inflates to, in one or more pieces. Raises zlib.error."""
        for start in range(0, len(data), SLICE):
            yield from self._feed(data[start : start + SLICE])

    def _feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._member.eof:
                data = data.lstrip(b"\0")  # padding between members
                if not data:
                    return
                self._member = zlib.decompressobj(GZIP)
            self._untouched = False
            yield self._member.decompress(data, PIECE)
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if not data:
                return


def _too_large(limit: int, where: str) -> ProbeFailed:
    return ProbeFailed(
        Outcome.PROTOCOL,
        f"{where} answered with more than {limit / 1e6:g} MB; raise max_body or ask for less",
    )
