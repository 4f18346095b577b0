"""`POST /hooks/alertmanager`: Alertmanager tells what fires and what has ended.

The guard lets only a bearer token through that may note. A group that cannot be handed on now is
refused with 503: Alertmanager tries again, and tells all of it again anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import Receive

from dashboard.supervisor import ProberAway
from dashboard.webhook import Refused, Webhook, read_body
from probes.timeline.words import Told, Word
from probes.vendors.alertmanager import Unreadable, read_webhook

PATH = "/hooks/alertmanager"


class Teller(Protocol):
    """Hands a word on to the timeline, which the prober keeps."""

    async def tell(self, word: Word) -> str:
        """Why it cannot be, or "". Raises ProberAway."""
        ...


class AlertmanagerHook(Webhook):
    """The endpoint."""

    def __init__(self, teller: Teller, count: Callable[[str], None]) -> None:
        super().__init__(PATH, count)
        self._teller = teller

    async def take(self, headers: Headers, receive: Receive) -> bool:
        """Whether it held an alert. Raises Refused."""
        try:
            heard = read_webhook(await read_body(headers, receive))
            if heard:
                await self._teller.tell(Told(heard))
        except Unreadable as unreadable:
            raise Refused(400, str(unreadable)) from None
        except ProberAway as away:
            raise Refused(503, str(away)) from None
        return bool(heard)
