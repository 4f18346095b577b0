"""`/live`: the event stream. Plain ASGI, because nothing may be done for one viewer alone."""

from __future__ import annotations

import asyncio
import random

from starlette.datastructures import Headers, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from dashboard.conditional import takes_gzip
from dashboard.connection import most_connections
from dashboard.hub import Hub, Viewer
from dashboard.recent import Recent
from dashboard.streams import Events, Plain, Squeezed

_KEPT_BACK = 64
"""Connections that viewers never get: for whoever scrapes us, and those who ask for pages."""

Way = type[Plain] | type[Squeezed]

_BYE = b"event: bye\ndata: {}\n\n"


class Live:
    """Streams frames to one viewer after another; the bytes are the same for all, compressed or not.

    `Last-Event-ID` (or `?after=`) names the last frame seen: what was missed since
    is sent first, as one `catchup` event.
    """

    def __init__(self, hub: Hub, recent: Recent) -> None:
        self._hub = hub
        self._most = max(most_connections() - _KEPT_BACK, 16)
        self._events = Events(recent)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = Squeezed if takes_gzip(Headers(scope=scope)) else Plain
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": way.headers})
            await send(_chunk(b"", more=False))
            return
        if self._hub.viewers >= self._most:
            refusal = PlainTextResponse(
                f"{self._most} viewers are connected, and no more fit. Try again in a minute.\n",
                503,
                {"Retry-After": "60"},
            )
            await refusal(scope, receive, send)
            return
        viewer = self._hub.join()
        leaving = asyncio.create_task(_close_on_disconnect(viewer, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": way.headers})
            await self._stream(viewer, way, _seen(scope), send)
        finally:
            leaving.cancel()
            self._hub.leave(viewer)

    async def _stream(self, viewer: Viewer, way: Way, seen: int | None, send: Send) -> None:
        # Randomised, so that a thousand boards do not come back in the same instant.
        stream = way(b"retry: %d\n\n" % random.randint(1000, 5000))
        await send(_chunk(stream.first))
        latest = self._hub.latest
        if seen is not None and latest is not None and seen < latest.seq:
            await send(_chunk(stream.add(await self._events.missed(seen, latest.seq))))
        while not viewer.closed:
            frame = self._hub.next_for(viewer)
            if frame is None:
                await viewer.wait()
            else:
                await send(_chunk(stream.add(self._events.newest(frame))))
        if self._hub.closed:
            await send(_chunk(stream.end(_BYE), more=False))


async def _close_on_disconnect(viewer: Viewer, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.close()


def _chunk(body: bytes, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _seen(scope: Scope) -> int | None:
    # A browser that comes back asks with the old url: the header knows more.
    text = Headers(scope=scope).get("last-event-id") or QueryParams(scope["query_string"]).get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
