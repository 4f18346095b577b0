"""Reads large answers in threads, so that other probes go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from probes.failure import ProbeFailed
from probes.http.faults import place
from probes.model import Outcome
from probes.services.base import Endpoint

LARGE = 200_000
"""Bytes from which on an answer is read in a thread."""

_READERS = ThreadPoolExecutor(2, thread_name_prefix="read-answer")
"""Threads of their own: in those of the loop, name servers that are silent would keep answers waiting."""

T = TypeVar("T")


class Aside:
    """Reads the answers of one service, of each endpoint one at a time. `hint`: what makes it quicker."""

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._reading: set[str] = set()

    def refuse_while_reading(self, endpoint: Endpoint) -> None:
        """Raises ProbeFailed (timeout) while an answer is still being read, which no deadline ends.

        What is asked meanwhile would pile up.
        """
        if endpoint.id in self._reading:
            raise ProbeFailed(
                Outcome.TIMEOUT,
                f"the last answer of {place(endpoint.url)} is still being read; {self._hint}",
            )

    async def read(self, endpoint: Endpoint, size: int, read: Callable[[], T]) -> T:
        """What `read` makes of an answer of `size` bytes. Raises what it raises."""
        if size < LARGE:
            return read()
        return await asyncio.get_running_loop().run_in_executor(_READERS, self._noted, endpoint.id, read)

    def _noted(self, node: str, read: Callable[[], T]) -> T:
        self._reading.add(node)
        try:
            return read()
        finally:
            self._reading.discard(node)
