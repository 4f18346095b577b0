"""How long others ran while a process was ready to: what a promise of seconds is not to blame for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil


class Stopwatch:
    """Seconds since it was made, less those in which `pid` and what it started waited for a processor.

    Linux tells these; elsewhere they are 0. Look now and then: what has ended tells nothing any more.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._waited: dict[int, float] = {}
        self._before = self._hindered()
        self._began = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._began - (self._hindered() - self._before)

    def until(self, ended: Callable[[], bool], patience: float) -> float:
        """The seconds until `ended()`. Raises TimeoutError after `patience`, hindered or not."""
        while not ended():
            self._hindered()
            if time.monotonic() > self._began + patience:
                raise TimeoutError(f"after {patience:g} s it goes on")
            time.sleep(0.02)
        return self.seconds()

    def _hindered(self) -> float:
        with contextlib.suppress(psutil.Error):
            started = psutil.Process(self._pid)
            for process in [started, *started.children(recursive=True)]:
                with contextlib.suppress(OSError):
                    waited = Path(f"/proc/{process.pid}/schedstat").read_text().split()[1]
                    self._waited[process.pid] = int(waited) / 1e9
        return sum(self._waited.values())
