"""The JSON API, health and metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse

from dashboard.conditional import has_it
from dashboard.document import (
    JSON,
    NOT_CHANGED,
    ColumnsOfService,
    Page,
    Relocations,
    Window,
    body,
    problems,
    text,
)
from dashboard.frames import Frame
from dashboard.hub import Hub
from dashboard.past import Pasts, frame_at, span_of, window_at
from dashboard.recent import Recent, columns
from dashboard.supervisor import ProberAway, Supervisor
from probes.history import Reader

MISSED_TICKS = 5
_MOST_TICKS = 2_000
"""Ticks read for one answer: with 200 rooms each, some 50 MB while it is made."""

_encoder = msgspec.json.Encoder()

_At = Annotated[
    str | None,
    Query(
        max_length=64,
        description="a moment of the past: Unix seconds or an ISO time (UTC without a zone), in wall time "
        "also where a service is a replay. The answer is the last whole board kept by then: one in ten "
        "seconds and one at each change, after `history.detail` one a minute and one at each change. "
        "404 where none is kept, 422 where it is no time",
    ),
]
WallTime = Annotated[
    str, Query(max_length=64, description="Unix seconds or an ISO time (UTC without a zone), in wall time")
]
Reload = Callable[[], Awaitable[str]]


def bytes_answer(request: Request, told: bytes, etag: str, media_type: str = JSON) -> Response:
    """Ready bytes with an ETag; 304 where the asker has them."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if has_it(request.headers, etag):
        return Response(status_code=304, headers=headers)
    return Response(told, media_type=media_type, headers=headers)


def make_api(hub: Hub, recent: Recent, supervisor: Supervisor, pasts: Pasts) -> APIRouter:
    """`/api/v1/*`."""
    api = APIRouter(prefix="/api/v1", tags=["v1"])
    _add_past(api, pasts)

    @api.get("/frame", responses={200: body(Frame), 304: NOT_CHANGED, **problems(404, 503)})
    async def frame(request: Request, at: _At = None) -> Response:
        """The newest frame, everything that is known at this tick; or, with `at`, a frame as it was."""
        if at is not None:
            return await pasts.answer(request.headers, at, frame_at)
        latest = hub.latest
        if latest is None:
            raise HTTPException(503, "The first frame is not there yet. Try again in a second.")
        return bytes_answer(request, latest.json, f'"{latest.seq}"')

    @api.get("/recent", responses={200: body(Window), 304: NOT_CHANGED, **problems(404)})
    async def recent_window(
        request: Request,
        after: Annotated[int, Query(ge=0, description="frame number")] = 0,
        at: _At = None,
    ) -> Response:
        """The recent ticks as columns, thinned to what a chart can show; or, with `at`, the hour before a
        moment (`services`), five minutes after it as far as known (`later`) and its frame. `after` then
        says nothing."""
        if at is not None:
            return await pasts.answer(request.headers, at, window_at)
        seq = hub.latest.seq if hub.latest else 0
        return bytes_answer(request, await recent.window(after), f'"{seq}-{after}"')

    @api.get("/rooms", responses={200: body(Page), **problems(404, 503)})
    async def rooms(
        service: Annotated[str, Query(max_length=64)],
        after: Annotated[str, Query(max_length=1024, description="`next` of the page before")] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> Response:
        """All rooms of a service by node and id, a page at a time."""
        known(hub, service)
        try:
            page = await supervisor.rooms(service, after, limit)
        except ProberAway as away:
            raise HTTPException(503, f"{away}".capitalize() + ".") from None
        told = {"service": service, "total": page.total, "rooms": page.rooms, "next": page.next}
        return Response(_encoder.encode(told), media_type=JSON)

    @api.get("/relocations", responses={200: body(Relocations), **problems(404)})
    async def relocations(service: Annotated[str | None, Query(max_length=64)] = None) -> Response:
        """The relocations of one service or of all, newest first."""
        if service is not None:
            known(hub, service)
        services = hub.latest.frame.services if hub.latest else ()
        found = [
            {"service": observation.name, "relocations": observation.relocations}
            for observation in services
            if service in (None, observation.name)
        ]
        return Response(_encoder.encode({"services": found}), media_type=JSON)

    return api


def _add_past(api: APIRouter, pasts: Pasts) -> None:
    @api.get("/history", responses={200: body(ColumnsOfService), **problems()})
    async def past(
        service: Annotated[str, Query(max_length=64)],
        start: WallTime,
        end: WallTime,
    ) -> Response:
        """What was seen of a service between two times, thinned to what a chart can show."""
        first, last = span_of(start, end)
        told = await pasts.ask(lambda history: _past(history, service, first, last))
        return Response(told, media_type=JSON)


def _past(history: Reader, service: str, start: float, end: float) -> bytes:
    samples = history.window(service, start, end, _MOST_TICKS)
    return _encoder.encode({"service": service, **columns(samples, history.titles(service))})


def known(hub: Hub, service: str) -> None:
    """Raises 404 where no service has this name."""
    names = [observation.name for observation in hub.latest.frame.services] if hub.latest else []
    if service not in names:
        raise HTTPException(
            404, f"No service has this name. The services are: {', '.join(names) or 'none yet'}."
        )


def make_operations(hub: Hub, reload: Reload) -> APIRouter:
    """`/-/*`: health and reload, for machines."""
    operations = APIRouter(prefix="/-", tags=["operations"])

    @operations.get("/healthy", response_class=PlainTextResponse, responses={503: text("No ticks.")})
    async def healthy() -> Response:
        """200 while ticks come; 503 after five missed ones."""
        latest = hub.latest
        tick = latest.frame.tick if latest else 1.0
        age = hub.silent_seconds
        if age > max(MISSED_TICKS * tick, 2.0 if latest else 10.0):
            return Response(f"no tick for {age:.1f} s\n", 503, media_type="text/plain")
        return Response("healthy\n", media_type="text/plain")

    @operations.get("/ready", response_class=PlainTextResponse, responses={503: text("Not yet.")})
    async def ready() -> Response:
        """200 once there is a frame to show."""
        if hub.latest is None:
            return Response("the first frame is not there yet\n", 503, media_type="text/plain")
        return Response("ready\n", media_type="text/plain")

    @operations.post("/reload", response_class=PlainTextResponse, responses={422: text("Every mistake.")})
    async def reload_config() -> Response:
        """Read the config file again. A bad one changes nothing: 422 with every mistake."""
        error = await reload()
        if error:
            return Response(error + "\n", 422, media_type="text/plain")
        return Response("reloaded\n", media_type="text/plain")

    return operations


def add_docs(app: FastAPI) -> None:
    """`/api/docs`: the OpenAPI document as a page that loads nothing from elsewhere."""

    @app.get("/api/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(_docs_page(app.openapi()), media_type="text/html")


def _docs_page(document: dict[str, Any]) -> str:
    from dashboard.pages import render

    operations = [
        {
            "path": path,
            "method": method.upper(),
            "summary": operation.get("description", ""),
            "parameters": operation.get("parameters", []),
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return render("docs.html", title=document["info"]["title"], operations=operations)
