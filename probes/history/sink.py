"""The way from the ticks to the history: a queue that never holds a tick up, and one thread that writes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

import structlog

from probes.history.base import Health, History, HistoryTrouble, Reader, Unstorable
from probes.model import Relocation
from probes.pipeline import Tick

QUEUE = 60
"""Ticks that may wait to be written; beyond that the oldest are dropped and counted."""

_CLOSE_SECONDS = 1.0

_log = structlog.get_logger()


class HistorySink:
    """Takes ticks and has them written. `dropped` counts the ticks that were not kept.

    A history that cannot be opened or written is tried again at each tick, with
    what waits in the queue; watching goes on meanwhile.
    """

    def __init__(self, open_history: Callable[[], History], reader: Reader, queue: int = QUEUE) -> None:
        self._open = open_history
        self._reader = reader
        self._waiting: deque[Tick] = deque()
        self._queue = queue
        self._wake = threading.Condition()
        self._given = 0
        self._close_by: float | None = None
        self._health = Health()
        self._history: History | None = None
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def write(self, tick: Tick) -> None:
        with self._wake:
            if len(self._waiting) >= self._queue:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(tick)
            self._given += 1
            self._wake.notify()

    def health(self) -> Health:
        """How it is doing, as of the last write."""
        return self._health

    def relocations(self, service: str) -> list[Relocation]:
        """Each relocation as it was seen last, by this run or the one before."""
        return self._reader.relocations(service)

    def close(self) -> None:
        """Write what waits and close the file, within a second; what is left by then is dropped."""
        with self._wake:
            self._close_by = time.monotonic() + _CLOSE_SECONDS
            self._wake.notify()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while self._wait_for_ticks():
            given = self._given
            if not self._write_waiting():
                self._wait_for_one_more(given)
        self._write_waiting()
        self.dropped += len(self._waiting)
        self._let_go()

    def _wait_for_ticks(self) -> bool:
        """True when there is something to write; False when it is time to end."""
        with self._wake:
            self._wake.wait_for(lambda: self._close_by is not None or self._waiting)
            return self._close_by is None

    def _wait_for_one_more(self, given: int) -> None:
        """After a failure, so that it is tried again once a tick; not where one came meanwhile."""
        with self._wake:
            self._wake.wait_for(lambda: self._close_by is not None or self._given != given)

    def _write_waiting(self) -> bool:
        """Write tick by tick, oldest first. False if one failed."""
        while self._waiting and (self._close_by is None or time.monotonic() < self._close_by):
            try:
                self._write_one()
            except HistoryTrouble as trouble:
                self._note(trouble)
                return False
        return True

    def _write_one(self) -> None:
        if self._history is None:
            self._history = self._open()
        with self._wake:
            tick = self._waiting.popleft()
        try:
            self._history.append(tick)
        except Unstorable:
            self.dropped += 1
            raise
        except HistoryTrouble:
            self._put_back(tick)
            raise
        self._health = self._health._replace(written_at=tick.at, trouble="")
        if self._close_by is None:
            self._history.tidy()
        self._health = self._health._replace(size=self._history.size())

    def _put_back(self, tick: Tick) -> None:
        with self._wake:
            if len(self._waiting) >= self._queue:
                self.dropped += 1
            else:
                self._waiting.appendleft(tick)

    def _note(self, trouble: HistoryTrouble) -> None:
        text = str(trouble)
        if text != self._health.trouble:
            _log.error("history is not kept", why=text)
        self._health = self._health._replace(errors=self._health.errors + 1, trouble=text)
        if not isinstance(trouble, Unstorable):
            self._let_go()  # a file that was taken away or replaced is noticed by opening it again

    def _let_go(self) -> None:
        history, self._history = self._history, None
        if history is not None:
            with contextlib.suppress(HistoryTrouble):
                history.close()
