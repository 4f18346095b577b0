"""Servers that do not answer as they should, each with the outcomes that may be made of it."""

from __future__ import annotations

import asyncio
import gzip

from probes.model import Outcome
from tests.probes.raw_http import Exchange, Handler, answer, sends

_JSON = {"Content-Type": "application/json"}


async def _resets(exchange: Exchange) -> None:
    exchange.writer.transport.abort()


def _packed(body: bytes) -> Handler:
    return sends(answer(gzip.compress(body), headers={"Content-Encoding": "gzip"}))


BROKEN: dict[str, tuple[Handler, set[Outcome]]] = {
    "garbage": (sends(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), {Outcome.PROTOCOL}),
    "dropped": (sends(b""), {Outcome.UNAVAILABLE}),
    "reset": (_resets, {Outcome.UNAVAILABLE}),
    "half an answer": (sends(answer(b'{"rooms": [', length=5000)), {Outcome.UNAVAILABLE}),
    "brotli": (sends(answer(b"x", headers={"Content-Encoding": "br"})), {Outcome.PROTOCOL}),
    "gzip bomb": (_packed(bytes(80_000_000)), {Outcome.PROTOCOL}),
    "unauthorized": (sends(answer(b"no", 401)), {Outcome.UNAUTHORIZED}),
    "forbidden": (sends(answer(b"no", 403)), {Outcome.UNAUTHORIZED}),
    "nothing there": (sends(answer(b"no", 404)), {Outcome.NOT_FOUND, Outcome.PROTOCOL}),
    "too often": (sends(answer(b"no", 429)), {Outcome.RATE_LIMITED}),
    "broken inside": (sends(answer(b"no", 500)), {Outcome.UNAVAILABLE}),
    "overloaded": (sends(answer(b"no", 503)), {Outcome.UNAVAILABLE}),
    "redirect": (sends(answer(b"", 302, {"Location": "http://elsewhere.example/"})), {Outcome.PROTOCOL}),
    "redirect loop": (sends(answer(b"", 302, {"Location": "/again"}), keep=True), {Outcome.PROTOCOL}),
}
"""Broken as HTTP: for polls and joins alike."""

NO_ROOMS_IN_IT: dict[str, Handler] = {
    "html": sends(answer(b"<!doctype html><script>alert(1)</script>")),
    "empty": sends(answer(b"")),
    "no json": sends(answer(b"rooms: none", headers=_JSON)),
    "half json": sends(answer(b'{"rooms": [{"id"', headers=_JSON)),
    "an empty object": sends(answer(b"{}", headers=_JSON)),
    "an empty list": sends(answer(b"[]", headers=_JSON)),
    "null": sends(answer(b"null", headers=_JSON)),
    "a text": sends(answer(b'"rooms"', headers=_JSON)),
    "a number": sends(answer(b"5", headers=_JSON)),
    "deep": sends(answer(b'{"rooms":' + b"[" * 200_000, headers=_JSON)),
    "other rooms": sends(answer(b'{"rooms": {"a": 1}, "janus": 5, "response": []}', headers=_JSON)),
    "bad utf-8": sends(answer(b'{"rooms\xff": "\xfe"}', headers=_JSON)),
}
"""Good HTTP in which no rooms are: for polls."""


async def silent(exchange: Exchange) -> None:
    """Never answers."""
    await asyncio.Event().wait()
