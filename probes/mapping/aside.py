"""Reads large answers in threads, so that other probes go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from probes.failure import ProbeFailed
from probes.http import Answer
from probes.http.faults import place
from probes.model import Outcome, SnapshotPart

LARGE = 200_000
"""Bytes from which on an answer is read in a thread."""

_READERS = ThreadPoolExecutor(2, thread_name_prefix="read-answer")
"""Threads of their own: in those of the loop, name servers that are silent would keep answers waiting."""

Read = Callable[[bytes, str, str], SnapshotPart]
"""What a body tells, by the endpoint's id and the place it came from. Raises ProbeFailed."""


class Aside:
    """The answers of one service, at most one of each endpoint in reading."""

    def __init__(self, advice: str) -> None:
        """`advice`: what to do about answers that take too long to read, as the end of a sentence."""
        self._advice = advice
        self._reading: set[str] = set()

    def still_reading(self, node: str, url: str) -> None:
        """Raises ProbeFailed (timeout) while the last answer of `node` is being read: they would pile up."""
        if node in self._reading:
            raise ProbeFailed(
                Outcome.TIMEOUT, f"the last answer of {place(url)} is still being read; {self._advice}"
            )

    async def read(self, read: Read, answer: Answer, node: str) -> SnapshotPart:
        """What `read` makes of an answer, in a thread where it is large. Raises what `read` raises."""
        if len(answer.body) < LARGE:
            return read(answer.body, node, answer.where)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_READERS, self._read, read, answer, node)

    def _read(self, read: Read, answer: Answer, node: str) -> SnapshotPart:
        """In a thread, which no deadline ends."""
        self._reading.add(node)
        try:
            return read(answer.body, node, answer.where)
        finally:
            self._reading.discard(node)
