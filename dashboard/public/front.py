"""Public answers over HTTP, and private ones by a signed link: plain ASGI before the guard."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.clients import PNG_COSTS
from dashboard.conditional import has_it, takes_gzip
from dashboard.public.desk import Desk
from dashboard.public.links import PREFIX, Closed
from dashboard.public.panels import embed, oembed
from dashboard.public.paths import is_public
from dashboard.public.ready import Ready
from dashboard.public.sharing import Sharing
from dashboard.public.visitors import Visitors

_READS = "GET, HEAD, OPTIONS"
_UNCACHED = {"Cache-Control": "no-store"}
_PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


class Front:
    """ASGI middleware that answers what is public, and passes on the rest.

    `private` makes what signed links show; its facts are of every service.
    """

    def __init__(self, app: ASGIApp, desk: Desk, private: Desk, visitors: Visitors) -> None:
        self._app = app
        self._desk = desk
        self._private = private
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        await (await self._respond(scope, Headers(scope=scope)))(scope, receive, send)

    async def _respond(self, scope: Scope, asked: Headers) -> Response:
        sharing = self._visitors.follow().sharing
        origin = asked.get("origin", "")
        if scope["method"] == "OPTIONS":
            return Response(status_code=204, headers={**sharing.preflight(origin), "Allow": _READS})
        if scope["method"] not in ("GET", "HEAD"):
            return self._say(405, "Only GET works here.", origin, {**_UNCACHED, "Allow": _READS})
        if scope["path"].startswith(PREFIX):
            return await self._by_link(scope, asked)
        ready = self._desk.at_hand(scope["path"])
        if ready is None:
            if self._desk.may_have(scope["path"]) and (refusal := self._too_often(scope, asked)):
                return refusal
            ready = await self._make(scope, asked)
        if ready is not None:
            return respond(ready, asked, sharing)
        if not self._desk.open:
            # 503, so that a proxy shows on what it has.
            return self._say(503, "Nothing was seen yet.", origin, {**_UNCACHED, "Retry-After": "1"})
        return self._say(404, "Nothing public is here.", origin, {"Cache-Control": "public, max-age=1"})

    async def _make(self, scope: Scope, asked: Headers) -> Ready | None:
        if scope["path"] == oembed.PATH and self._desk.facts is not None:
            return oembed.answer(scope["query_string"], asked.get("host", ""), self._desk.facts)
        return await self._desk.answer(scope["path"])

    async def _by_link(self, scope: Scope, asked: Headers) -> Response:
        token, _, text = scope["path"].removeprefix(PREFIX).partition("/")
        links, path, origin = self._visitors.links, embed.PREFIX + text, asked.get("origin", "")
        lies_ready = links.is_known(token) and self._private.at_hand(path) is not None
        if not lies_ready and (refusal := self._too_often(scope, asked)):
            return refusal
        try:
            await links.open(token, text, time.time())
        except Closed as closed:
            return self._say(403, str(closed), origin, _PRIVATE)
        ready = await self._private.answer(path)
        if ready is None:
            return self._say(404, "Nothing of this panel was seen yet.", origin, _PRIVATE)
        return respond(ready, asked, self._visitors.sharing, _PRIVATE)

    def _too_often(self, scope: Scope, asked: Headers) -> Response | None:
        """Why it is not made for this client now, or None where it is."""
        who = self._visitors.clients.name(scope, asked)
        wait = self._visitors.buckets.take(who, PNG_COSTS if scope["path"].endswith(".png") else 1.0)
        if not wait:
            return None
        headers = {**_UNCACHED, "Retry-After": str(math.ceil(wait))}
        return self._say(429, "Too many questions at once. Try again soon.", asked.get("origin", ""), headers)

    def _say(self, status: int, sentence: str, origin: str, own: Mapping[str, str]) -> Response:
        sharing = self._visitors.sharing
        headers = {**sharing.headers(own), **sharing.more_for(origin)}
        return PlainTextResponse(sentence + "\n", status, headers)


def respond(
    ready: Ready, asked: Headers, sharing: Sharing, instead: Mapping[str, str] | None = None
) -> Response:
    """The answer to a request with these headers; what it depends on is known to the `Hatch`, too.

    `instead`: headers that take the place of the answer's own.
    """
    headers = sharing.headers({**ready.headers, "ETag": ready.etag, **(instead or {})})
    headers |= sharing.more_for(asked.get("origin", ""))
    if ready.status == 200 and has_it(asked, ready.etag):  # RFC 9110, 13.2.1: no condition on a redirect
        return Response(status_code=304, headers=headers)
    if ready.gzip is not None and takes_gzip(asked):
        return Response(ready.gzip, ready.status, headers={**headers, "Content-Encoding": "gzip"})
    return Response(ready.body, ready.status, headers=headers)
