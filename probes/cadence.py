"""When frames are made: soon after news, at least once a tick, for news at most twice a tick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

SETTLE_SECONDS = 0.06
"""How long a frame waits for the answers of the other nodes that were asked together."""


class Cadence:
    """Calls `make` for each frame. `tick` is in seconds and may be changed at any time.

    What a poll learned is shown right after it: with frames at fixed instants it
    would wait for up to a whole tick more. A frame that a tick without news made
    keeps no news waiting: a poll that comes a little later than the one before is
    still shown at once.
    """

    def __init__(self, make: Callable[[], Awaitable[None]], tick: float) -> None:
        self.tick = tick
        self._make = make
        self._news = asyncio.Event()

    def news(self) -> None:
        """Something was learned that a frame should show."""
        self._news.set()

    async def run(self) -> None:
        """Make frames until cancelled."""
        loop = asyncio.get_running_loop()
        told = -self.tick  # when news was last shown
        while True:
            made = loop.time()
            if self._news.is_set():
                told = made
            self._news.clear()
            await self._make()
            try:
                async with asyncio.timeout_at(made + self.tick):
                    await self._news.wait()
                    await asyncio.sleep(max(SETTLE_SECONDS, told + self.tick / 2 - loop.time()))
            except TimeoutError:
                continue  # no news within the tick: a frame all the same
