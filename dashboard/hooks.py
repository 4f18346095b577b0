"""`POST /hooks/livekit`: a service tells by itself what happened. Whoever posts proves it by a signature.

The signature is checked before the body is read, and all of it in the web process: a
flood of forged ones costs the probes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from starlette.datastructures import Headers
from starlette.types import Receive

from dashboard.supervisor import ProberAway
from dashboard.webhook import Refused, Webhook, read_body
from probes.notice import Notice
from probes.services.base import ServiceSettings
from probes.services.livekit import LiveKitSettings

if TYPE_CHECKING:
    from probes.vendors.livekit_hooks import Hooks

PATH = "/hooks/livekit"

LONGEST_TOKEN = 8_192


class Teller(Protocol):
    """Hands on what was told, to the prober."""

    def notice(self, service: str, notice: Notice) -> None:
        """Raises ProberAway where it cannot be taken now."""
        ...


class LiveKitHook(Webhook):
    """The endpoint. `services()` are those of now: a reload may change keys."""

    def __init__(
        self, services: Callable[[], Sequence[ServiceSettings]], teller: Teller, count: Callable[[str], None]
    ) -> None:
        super().__init__(PATH, count)
        self._services = services
        self._teller = teller
        self._hooks: Hooks | None = None
        self._read_for: Sequence[ServiceSettings] = ()

    async def take(self, headers: Headers, receive: Receive) -> bool:
        """Whether there was something in it for a service. Raises Refused."""
        hooks = await self._current()
        from probes.vendors.livekit_hooks import Unreadable, Unsigned

        try:
            signed = hooks.verify(headers.get("authorization", "")[:LONGEST_TOKEN])
            body = await read_body(headers, receive)
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


def _open(services: Sequence[LiveKitSettings]) -> Hooks:
    from probes.vendors.livekit_hooks import Hooks

    return Hooks(services)
