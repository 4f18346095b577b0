"""One Roomwatch a history: who keeps a file holds a lock beside it, as long as the process lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from probes.history.base import HistoryTrouble


class Claim:
    """The right to keep the history in the file `path`, until `release` or the end of the process.

    The web process holds it, so that a prober may die and another go on; after
    `kill -9` the system takes it back. Where no lock can be made it claims
    nothing: whoever opens the history then says what is wrong there. Raises
    HistoryTrouble where another Roomwatch keeps that history.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._lock = _lock(self._path)

    def moved_to(self, path: Path) -> Claim:
        """This one where `path` is the same file, else another, beside this one. Raises HistoryTrouble."""
        return self if path.resolve() == self._path else Claim(path)

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock(path: Path) -> int | None:
    """A file of its own: SQLite loses its locks when another part of its process closes its file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise HistoryTrouble(
            f"The history {path} is kept by another Roomwatch. End that one, or set history.path "
            "to another file in the config file of this one."
        ) from None
    except OSError:
        os.close(lock)
        return None
    return lock
