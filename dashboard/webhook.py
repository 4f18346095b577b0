"""What webhooks have in common: a bounded body, refusals in one sentence, counted and logged."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

MOST_BYTES = 1_000_000
BODY_SECONDS = 10.0
QUIET = 60.0
"""Seconds between two lines of the log about refusals of one kind."""

TAKEN, IGNORED = "taken", "ignored"
REFUSED = {401: "unsigned", 404: "unknown", 408: "slow", 413: "too_large", 400: "unreadable", 503: "away"}
OUTCOMES = (TAKEN, IGNORED, *REFUSED.values())
"""What becomes of a webhook, as the metric counts it."""

_log = structlog.get_logger()


class Refused(Exception):
    """Why a webhook is not taken: a status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Webhook(ABC):
    """One endpoint. A kind of webhook says in `take` how one is read."""

    def __init__(self, path: str, count: Callable[[str], None]) -> None:
        self._path = path
        self._count = count
        self._said: dict[int, tuple[float, int]] = {}

    @abstractmethod
    async def take(self, headers: Headers, receive: Receive) -> bool:
        """Whether there was something in it for us. Raises Refused."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            outcome = TAKEN if await self.take(Headers(scope=scope), receive) else IGNORED
            status, sentence = 200, outcome
        except Refused as refused:
            status, sentence, outcome = refused.status, refused.sentence, REFUSED[refused.status]
            self._complain(refused)
        self._count(outcome)
        headers = {"Cache-Control": "no-store"}
        if status in (408, 413) or outcome == "unsigned":
            headers["Connection"] = "close"  # what was not read of the body is not waited for
        await PlainTextResponse(sentence + "\n", status, headers)(scope, receive, send)

    def _complain(self, refused: Refused) -> None:
        """Log a refusal, and no more than one of its kind a minute: anyone can post."""
        now = time.monotonic()
        last, more = self._said.get(refused.status, (-QUIET, 0))
        if now - last < QUIET:
            self._said[refused.status] = (last, more + 1)
            return
        self._said[refused.status] = (now, 0)
        _log.warning("a webhook was refused", path=self._path, why=refused.sentence, more_before=more)


async def read_body(headers: Headers, receive: Receive) -> bytes:
    """The body, of a bounded size and in a bounded time. Raises Refused."""
    too_large = Refused(413, f"a webhook has at most {MOST_BYTES / 1e6:g} MB")
    told = headers.get("content-length", "")
    if told.isdecimal() and int(told[:20]) > MOST_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(408, "the webhook broke off")
                body += message.get("body", b"")
                if len(body) > MOST_BYTES:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError:
        raise Refused(408, f"the webhook did not come within {BODY_SECONDS:g} s") from None
    return bytes(body)
