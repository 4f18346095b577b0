"""What was seen, on disk. Adding a kind: a file here, a line in HISTORIES, a line in the README's table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from probes.history.base import Health, History, HistoryTrouble, Limits, Reader
from probes.history.sink import HistorySink
from probes.history.sqlite import SqliteHistory
from probes.history.sqlite_reader import SqliteReader
from probes.history.sqlite_reader import SqliteReader as HistoryReader
from probes.settings import HistorySettings

__all__ = [
    "HISTORIES",
    "Backend",
    "Health",
    "History",
    "HistoryReader",
    "HistorySink",
    "HistoryTrouble",
    "Limits",
    "Reader",
    "open_history",
]


class Backend(NamedTuple):
    """One kind of history: how it is opened for writing and for reading."""

    write: Callable[[Path, Limits], History]
    read: Callable[[Path], Reader]


HISTORIES: Final[dict[str, Backend]] = {"sqlite": Backend(SqliteHistory, SqliteReader)}


def open_history(settings: HistorySettings) -> HistorySink:
    """The sink that keeps what is seen, as `settings` say. Never fails: trouble is in its `health()`."""
    path = Path(settings.path)
    limits = Limits(settings.detail, settings.keep, settings.max_size)
    backend = HISTORIES["sqlite"]
    return HistorySink(partial(backend.write, path, limits), backend.read(path))
