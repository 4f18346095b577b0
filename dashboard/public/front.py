"""Public answers over HTTP: plain ASGI before the guard, because everyone may have them."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.conditional import has_it, takes_gzip
from dashboard.public.desk import Desk, is_public
from dashboard.public.ready import Ready


class Front:
    """ASGI middleware that answers what is public, and passes on the rest."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        await (await self._respond(scope))(scope, receive, send)

    async def _respond(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET works here.\n", 405, {"Allow": "GET, HEAD"})
        ready = await self._desk.answer(scope["path"])
        if ready is not None:
            return _response(ready, Headers(scope=scope))
        if not self._desk.open:
            return PlainTextResponse(
                "Nothing is public, or nothing was seen yet.\n", 404, {"Cache-Control": "no-store"}
            )
        return PlainTextResponse("Nothing public is here.\n", 404, {"Cache-Control": "public, max-age=1"})


def _response(ready: Ready, asked: Headers) -> Response:
    headers = {**ready.headers, "ETag": ready.etag}
    if has_it(asked, ready.etag):
        return Response(status_code=304, headers=headers)
    if ready.gzip is not None and takes_gzip(asked):
        return Response(ready.gzip, ready.status, headers={**headers, "Content-Encoding": "gzip"})
    return Response(ready.body, ready.status, headers=headers)
