"""How late an event loop is."""

from __future__ import annotations

import asyncio

_EVERY = 0.05


class LoopLag:
    """Sleeps 50 ms again and again and keeps the worst delay until it is read."""

    def __init__(self) -> None:
        self._worst = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY
            await asyncio.sleep(_EVERY)
            self._worst = max(self._worst, loop.time() - due)

    def read(self) -> float:
        """The worst lag in seconds since the last reading."""
        worst, self._worst = self._worst, 0.0
        return worst
