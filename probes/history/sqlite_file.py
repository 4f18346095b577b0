"""The file of the SQLite history: its tables, how it is opened, and what its errors mean."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import structlog

from probes.history.base import HistoryTrouble, Unstorable
from probes.model import Observer, Outcome, State

APPLICATION_ID = 0x524D5748  # "RMWH"
_BUSY_SECONDS = 0.5
PAGE = 4096  # bytes

_TICKS = """
CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, thinned REAL NOT NULL DEFAULT 0);
CREATE TABLE tick (
  id INTEGER PRIMARY KEY, service INTEGER NOT NULL, at REAL NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX tick_by_time ON tick (service, at);
CREATE TABLE room (
  id INTEGER PRIMARY KEY, service INTEGER NOT NULL, node TEXT NOT NULL, room TEXT NOT NULL,
  title TEXT NOT NULL, seen REAL NOT NULL, UNIQUE (service, node, room)
);
CREATE INDEX room_by_seen ON room (seen);
CREATE TABLE relocation (
  service INTEGER NOT NULL, id TEXT NOT NULL, seen REAL NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (service, id)
);
"""
_WHOLE_BOARDS = "CREATE TABLE whole (tick INTEGER PRIMARY KEY, turn INTEGER NOT NULL, body BLOB NOT NULL)"
_TIMELINE = """
CREATE TABLE timeline (id TEXT PRIMARY KEY, at REAL NOT NULL, until REAL, body BLOB NOT NULL);
CREATE INDEX timeline_by_time ON timeline (at)
"""
"""Alerts and notes. `until` is NULL while an alert fires; a note has both times alike."""

_STEPS = (_TICKS, _WHOLE_BOARDS, _TIMELINE)
"""What makes a new file, step by step, and an older one like it: a file of version n has taken n steps."""

SCHEMA = len(_STEPS)


class Body(msgspec.Struct, array_like=True):
    """A sample as it is stored: rooms are numbers of the table `room`, and field names are left out."""

    service_time: float | None
    state: State
    complete: bool
    participants: int | None
    rooms_open: int | None
    nodes: tuple[tuple[str, int | None], ...]
    rooms: list[int]
    people: list[int | None]
    observer: Observer | None
    tries_per_second: float | None
    success_ratio: float | None
    errors: dict[Outcome, float]
    waiting: int | None
    totals: dict[Outcome, int]


_log = structlog.get_logger()
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Body)


def pack(body: Body) -> bytes:
    return zlib.compress(_encoder.encode(body), 1)


def unpack(data: bytes) -> Body:
    """Raises zlib.error or msgspec.DecodeError if the bytes are damaged."""
    return _decoder.decode(zlib.decompress(data))


def wal_limit(max_size: int) -> int:
    """Bytes that the write-ahead log may come to before it is taken into the file."""
    return min(4_000_000, max_size // 8)


def open_to_write(path: Path, max_size: int) -> sqlite3.Connection:
    """Open the file, or begin it. A damaged one is set aside first. Raises HistoryTrouble."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _open(path, max_size)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
        set_aside(path)
        return _open(path, max_size)


def _open(path: Path, max_size: int) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if not is_new(db):
            check_version(db, path)
        db.execute(f"PRAGMA page_size = {PAGE}")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # holds only if set before the first table
        db.execute("PRAGMA journal_mode = WAL")
        # In WAL mode NORMAL loses nothing when the process is killed; a power cut may cost the last ticks.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"PRAGMA journal_size_limit = {wal_limit(max_size)}")
        db.execute(f"PRAGMA wal_autocheckpoint = {max(1, wal_limit(max_size) // PAGE)}")
        with transaction(db):
            _bring_up_to_date(db)
    except BaseException:
        db.close()
        raise
    return db


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    for step in _STEPS[version_of(db) :]:
        for statement in step.split(";"):
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {SCHEMA}")


def version_of(db: sqlite3.Connection) -> int:
    """How many steps the file has taken; 0 before its tables are made."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def is_new(db: sqlite3.Connection) -> bool:
    """Whether the tables are still to be made."""
    return bool(db.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the file for reading. Raises HistoryTrouble, or sqlite3.Error."""
    try:
        return _open_to_read(path, "mode=ro")
    except sqlite3.OperationalError as error:
        # In a folder that nobody may write SQLite cannot make the index of its log; nor is there a log then.
        if _code(error) != sqlite3.SQLITE_CANTOPEN or path.with_name(path.name + "-wal").exists():
            raise
        return _open_to_read(path, "mode=ro&immutable=1")


def _open_to_read(path: Path, how: str) -> sqlite3.Connection:
    where = f"file:{quote(str(path))}?{how}"
    db = sqlite3.connect(
        where, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        if not is_new(db):
            check_version(db, path)
    except BaseException:
        db.close()
        raise
    return db


def check_version(db: sqlite3.Connection, path: Path) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = version_of(db)
    if application != APPLICATION_ID:
        raise HistoryTrouble(f"{path} is a database of something else; set history.path to another file.")
    if version > SCHEMA:
        raise HistoryTrouble(
            f"{path} was written by a newer Roomwatch (format {version}, this one knows {SCHEMA}); "
            "run the newer one, or set history.path to another file."
        )


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # a full disk has rolled it back already
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def is_damage(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside(path: Path) -> None:
    """Give a damaged file and what belongs to it a dated name."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    _log.warning("the history was damaged and is set aside; a new one is begun", file=str(aside))


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system raise into HistoryTrouble with a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryTrouble(_sentence(error, path)) from error
    except OSError as error:
        why = error.strerror or str(error)
        raise HistoryTrouble(
            f"The history {path} cannot be written: {why}. Check history.path and its folder."
        ) from error
    except (ValueError, OverflowError) as error:
        raise Unstorable(f"A tick cannot be kept in {path}: {error}.") from error


_SENTENCES = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space, or lower history.max_size",
    sqlite3.SQLITE_READONLY: "it is read-only; the user of Roomwatch must be able to write it and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; history.path must name a file in a writable folder",
    sqlite3.SQLITE_BUSY: "another program has locked it; end that one, or give each its own history.path",
}


def _sentence(error: sqlite3.Error, path: Path) -> str:
    return f"The history {path} cannot be written: {_SENTENCES.get(_code(error), error)}."


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; the rest says more than a sentence needs."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
