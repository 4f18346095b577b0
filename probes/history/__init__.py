"""What was seen, on disk. Adding a kind: a file here, a line in HISTORIES, a word in `history.kind`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from probes.history.base import (
    Health,
    History,
    HistoryTrouble,
    Kept,
    Moment,
    Reader,
    RoomKey,
    Seen,
    sample_of,
)
from probes.history.claim import Claim
from probes.history.sink import HistorySink
from probes.history.sqlite import SqliteHistory
from probes.history.sqlite_reader import SqliteReader
from probes.settings import HistorySettings

__all__ = [
    "HISTORIES",
    "Backend",
    "Claim",
    "Health",
    "History",
    "HistorySink",
    "HistoryTrouble",
    "Kept",
    "Moment",
    "Reader",
    "RoomKey",
    "Seen",
    "claim_history",
    "open_history",
    "open_reader",
    "sample_of",
]


class Backend(NamedTuple):
    """One kind of history: how it is opened for writing and for reading, and claimed for one writer."""

    write: Callable[[Path, Kept], History]
    read: Callable[[Path], Reader]
    claim: Callable[[Path], Claim]


HISTORIES: Final[dict[str, Backend]] = {"sqlite": Backend(SqliteHistory, SqliteReader, Claim)}


def claim_history(settings: HistorySettings, held: Claim | None = None) -> Claim:
    """The right to keep that history; `held` itself where it is the same one. Raises HistoryTrouble."""
    path = Path(settings.path)
    return held.moved_to(path) if held else HISTORIES[settings.kind].claim(path)


def open_history(settings: HistorySettings) -> HistorySink:
    """The sink that keeps what is seen, as `settings` say. Never fails: trouble is in its `health()`."""
    kept = Kept(settings.detail, settings.keep, settings.max_size)
    write = partial(HISTORIES[settings.kind].write, Path(settings.path), kept)
    return HistorySink(write, open_reader(settings))


def open_reader(settings: HistorySettings) -> Reader:
    """The reading side of the same file, for any process."""
    return HISTORIES[settings.kind].read(Path(settings.path))
