"""The board's page and files: ready bytes by path, compressed once, and a real 404 for the rest."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from dashboard.conditional import has_it, takes_gzip
from dashboard.hub import Hub
from dashboard.recent import Recent

if TYPE_CHECKING:
    from dashboard.board import Board

_PAGE_LEVEL = 5
_SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class _Page:
    seq: int
    body: bytes
    gzip: bytes


class FileServer:
    """ASGI application for everything that is not an API: the page, its files, and nothing else."""

    def __init__(self, board: Board, recent: Recent, hub: Hub) -> None:
        self._board = board
        self._recent = recent
        self._hub = hub
        self._page: _Page | None = None
        self._making = asyncio.Lock()

    def follow(self, board: Board) -> None:
        """Serve another board from now on."""
        self._board = board
        self._page = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        path = scope["path"]
        file = self._board.files.get(path)
        if path != "/" and file is None:
            return PlainTextResponse("There is nothing here. The board is at /\n", 404)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET works here.\n", 405, {"Allow": "GET, HEAD"})
        headers = Headers(scope=scope)
        zipped = takes_gzip(headers)
        if file is None:
            return await self._page_answer(zipped)
        safety = {**_SAFETY, "Cache-Control": file.cache, "ETag": file.etag, "Vary": "Accept-Encoding"}
        if has_it(headers, file.etag):
            return Response(status_code=304, headers=safety)
        if zipped and file.gzip is not None:
            return Response(
                file.gzip, media_type=file.media_type, headers={**safety, "Content-Encoding": "gzip"}
            )
        return Response(file.body, media_type=file.media_type, headers=safety)

    async def _page_answer(self, zipped: bool) -> Response:
        page = await self._newest_page()
        headers = {
            **_SAFETY,
            "Cache-Control": "no-store",
            "Content-Security-Policy": self._board.content_security_policy,
            "Vary": "Accept-Encoding",
        }
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return Response(page.gzip if zipped else page.body, media_type="text/html", headers=headers)

    async def _newest_page(self) -> _Page:
        """The page with the recent window in it, made at most once a tick whoever asks."""
        async with self._making:
            seq = self._hub.latest.seq if self._hub.latest else -1
            if self._page is None or self._page.seq != seq:
                window = await self._recent.window()
                self._page = await asyncio.to_thread(_make_page, self._board, window, seq)
            return self._page


def _make_page(board: Board, window: bytes, seq: int) -> _Page:
    body = board.page(window)
    return _Page(seq, body, gzip.compress(body, _PAGE_LEVEL, mtime=0))
