"""History in an SQLite file, reading side: from any process and thread, while the prober writes."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from probes.history.base import HistoryTrouble, RoomKey
from probes.history.sqlite_file import Body, is_new, open_to_read, unpack
from probes.model import Relocation, Sample

_TITLES = 5_000
_log = structlog.get_logger()
_relocation = msgspec.msgpack.Decoder(Relocation)

T = TypeVar("T")


class SqliteReader:
    """Reads one file. Each question has a connection of its own, so a file that was replaced is noticed.

    A file that is not there, damaged or newer than this program answers nothing;
    `trouble` then says why, and the log says it once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.trouble = ""

    def window(self, service: str, start: float, end: float, limit: int) -> list[Sample]:
        return self._ask(lambda db: _window(db, service, start, end, limit), [])

    def newest(self, service: str, count: int) -> list[Sample]:
        query = "SELECT at, seq, body FROM tick WHERE service = ? ORDER BY at DESC LIMIT ?"

        def read(db: sqlite3.Connection) -> list[Sample]:
            rows = db.execute(query, (_id(db, service), count)).fetchall()
            return _samples(db, service, reversed(rows))

        return self._ask(read, [])

    def titles(self, service: str) -> dict[RoomKey, str]:
        query = "SELECT node, room, title FROM room WHERE service = ? ORDER BY seen DESC LIMIT ?"

        def read(db: sqlite3.Connection) -> dict[RoomKey, str]:
            return {(row[0], row[1]): row[2] for row in db.execute(query, (_id(db, service), _TITLES))}

        return self._ask(read, {})

    def relocations(self, service: str) -> list[Relocation]:
        def read(db: sqlite3.Connection) -> list[Relocation]:
            rows = db.execute("SELECT body FROM relocation WHERE service = ?", (_id(db, service),))
            return sorted((_relocation.decode(row[0]) for row in rows), key=lambda r: (r.at, r.id))

        return self._ask(read, [])

    def _ask(self, read: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        try:
            if not self._path.exists():
                return nothing
            with closing(open_to_read(self._path)) as db:
                db.execute("BEGIN")  # one state of the file for all queries of a question
                answer = nothing if is_new(db) else read(db)
        except (sqlite3.Error, OSError, HistoryTrouble, msgspec.DecodeError) as error:
            if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY_ROLLBACK:
                self._note(f"The history {self._path} cannot be read: {error}")
            return nothing  # after a kill while the file was begun, which the writer puts in order
        self._note("")
        return answer

    def _note(self, trouble: str) -> None:
        with self._lock:
            changed, self.trouble = trouble != self.trouble, trouble
        if changed and trouble:
            _log.warning(trouble)


def _id(db: sqlite3.Connection, service: str) -> int:
    row = db.execute("SELECT id FROM service WHERE name = ?", (service,)).fetchone()
    return int(row[0]) if row else 0


_SPAN = "SELECT count(*), min(at), max(at) FROM tick WHERE service = ? AND at >= ? AND at < ?"
_ALL = "SELECT at, seq, body FROM tick WHERE service = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?"
_SPREAD = """
SELECT tick.at, seq, body FROM tick JOIN (
  SELECT id, max(at) FROM tick WHERE service = ? AND at >= ? AND at < ?
  GROUP BY min(CAST((at - ?) / ? AS INTEGER), ?)
) AS last USING (id) ORDER BY tick.at
"""


def _window(db: sqlite3.Connection, service: str, start: float, end: float, limit: int) -> list[Sample]:
    bounds = (_id(db, service), start, end)
    count, first, last = db.execute(_SPAN, bounds).fetchone()
    if count <= limit or last <= first:
        return _samples(db, service, db.execute(_ALL, (*bounds, limit)))
    stretch = (last - first) / limit
    return _samples(db, service, db.execute(_SPREAD, (*bounds, first, stretch, limit - 1)))


def _samples(db: sqlite3.Connection, service: str, rows: Iterable[tuple[float, int, bytes]]) -> list[Sample]:
    bodies = [(at, seq, body) for at, seq, data in rows if (body := _readable(data)) is not None]
    names = _room_names(db, {number for _, _, body in bodies for number in body.rooms})
    return [_sample(service, at, seq, body, names) for at, seq, body in bodies]


def _readable(data: bytes) -> Body | None:
    """A tick whose bytes are damaged is a gap; the others are still worth showing."""
    try:
        return unpack(data)
    except (zlib.error, msgspec.DecodeError):
        return None


def _room_names(db: sqlite3.Connection, numbers: set[int]) -> dict[int, RoomKey]:
    query = "SELECT room.id, node, room FROM room JOIN json_each(?) AS wanted ON room.id = wanted.value"
    wanted = "[" + ",".join(map(str, sorted(numbers))) + "]"
    return {number: (node, room) for number, node, room in db.execute(query, (wanted,))}


def _sample(service: str, at: float, seq: int, body: Body, names: dict[int, RoomKey]) -> Sample:
    return Sample(
        service=service,
        seq=seq,
        at=at,
        service_time=body.service_time,
        state=body.state,
        complete=body.complete,
        participants=body.participants,
        rooms_open=body.rooms_open,
        nodes=body.nodes,
        rooms=tuple(
            (*names[number], people)
            for number, people in zip(body.rooms, body.people, strict=True)
            if number in names
        ),
        tries_per_second=body.tries_per_second,
        success_ratio=body.success_ratio,
        errors=body.errors,
        observer=body.observer,
        waiting=body.waiting,
        totals=body.totals,
    )
