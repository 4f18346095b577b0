"""`POST /hooks/livekit`: a service tells by itself what happened. Whoever posts proves it by a signature.

The signature is checked before the body is read, and all of it in the web process: a
flood of forged ones costs the probes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import structlog
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from dashboard.supervisor import ProberAway
from probes.notice import Notice
from probes.services.base import ServiceSettings
from probes.services.livekit import LiveKitSettings

if TYPE_CHECKING:
    from probes.vendors.livekit_hooks import Hooks

PATH = "/hooks/livekit"

MOST_BYTES = 1_000_000
BODY_SECONDS = 10.0
LONGEST_TOKEN = 8_192
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


class Teller(Protocol):
    """Hands on what was told, to the prober."""

    def notice(self, service: str, notice: Notice) -> None:
        """Raises ProberAway where it cannot be taken now."""
        ...


class LiveKitHook:
    """The endpoint. `services()` are those of now: a reload may change keys."""

    def __init__(
        self, services: Callable[[], Sequence[ServiceSettings]], teller: Teller, count: Callable[[str], None]
    ) -> None:
        self._services = services
        self._teller = teller
        self._count = count
        self._hooks: Hooks | None = None
        self._read_for: Sequence[ServiceSettings] = ()
        self._said: dict[int, tuple[float, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            outcome = TAKEN if await self._take(Headers(scope=scope), receive) else IGNORED
            status, sentence = 200, outcome
        except Refused as refused:
            status, sentence, outcome = refused.status, refused.sentence, REFUSED[refused.status]
            self._complain(refused)
        self._count(outcome)
        headers = {"Cache-Control": "no-store"}
        if status in (408, 413) or outcome == "unsigned":
            headers["Connection"] = "close"  # what was not read of the body is not waited for
        await PlainTextResponse(sentence + "\n", status, headers)(scope, receive, send)

    async def _take(self, headers: Headers, receive: Receive) -> bool:
        """Whether there was something in it for a service. Raises Refused."""
        hooks = await self._current()
        from probes.vendors.livekit_hooks import Unreadable, Unsigned

        try:
            signed = hooks.verify(headers.get("authorization", "")[:LONGEST_TOKEN])
            body = await _read(headers, receive)
            told = hooks.read(signed, body, time.time())
            for service, notice in told:
                self._teller.notice(service, notice)
        except Unsigned as unsigned:
            raise Refused(401, str(unsigned)) from None
        except Unreadable as unreadable:
            raise Refused(400, str(unreadable)) from None
        except ProberAway as away:
            raise Refused(503, str(away)) from None  # LiveKit tries again
        return bool(told)

    async def _current(self) -> Hooks:
        """What reads webhooks for the services of now. LiveKit's package is loaded with the first one."""
        services = self._services()
        if self._hooks is None or services is not self._read_for:
            known = [service for service in services if isinstance(service, LiveKitSettings)]
            if not known:
                raise Refused(404, "No service of kind livekit is in the config.")
            self._hooks = await asyncio.to_thread(_open, known)
            self._read_for = services
        return self._hooks

    def _complain(self, refused: Refused) -> None:
        """Log a refusal, and no more than one of its kind a minute: anyone can post."""
        now = time.monotonic()
        last, more = self._said.get(refused.status, (-QUIET, 0))
        if now - last < QUIET:
            self._said[refused.status] = (last, more + 1)
            return
        self._said[refused.status] = (now, 0)
        _log.warning("a webhook was refused", path=PATH, why=refused.sentence, more_before=more)


def _open(services: Sequence[LiveKitSettings]) -> Hooks:
    from probes.vendors.livekit_hooks import Hooks

    return Hooks(services)


async def _read(headers: Headers, receive: Receive) -> bytes:
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
