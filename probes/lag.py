"""How late an event loop is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_EVERY = 0.05


class LoopLag:
    """Sleeps 50 ms again and again and keeps the worst delay until it is read; `observe` is told each."""

    def __init__(self, observe: Callable[[float], None] = lambda _: None) -> None:
        self._observe = observe
        self._worst = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY
            await asyncio.sleep(_EVERY)
            late = loop.time() - due
            self._worst = max(self._worst, late)
            self._observe(late)

    def read(self) -> float:
        """The worst lag in seconds since the last reading."""
        worst, self._worst = self._worst, 0.0
        return worst
