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

from probes.history.base import HistoryTrouble, Moment, RoomKey, Seen
from probes.history.sqlite_file import Body, is_new, open_to_read, unpack, version_of
from probes.history.whole import RoomName, restored, unpack_whole
from probes.model import Relocation, Sample
from probes.timeline.entries import Entry, Note, Past

_TITLES = 5_000
_log = structlog.get_logger()
_entry: msgspec.msgpack.Decoder[Entry | Note] = msgspec.msgpack.Decoder(Entry | Note)
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

    def moment(self, at: float) -> Moment | None:
        return self._ask(lambda db: _moment(db, at) if _has_boards(db) else None, None)

    def span(self) -> tuple[float, float] | None:
        return self._ask(lambda db: _span(db) if _has_boards(db) else None, None)

    def timeline(self, start: float, end: float, limit: int) -> Past:
        def read(db: sqlite3.Connection) -> Past:
            if version_of(db) < 3:
                return Past()
            rows = db.execute(_TIMELINE, (end, start, limit)).fetchall()
            found = [_entry.decode(body) for (body,) in reversed(rows)]
            alerts = sorted((e for e in found if isinstance(e, Entry)), key=lambda e: e.view.since)
            notes = sorted((e for e in found if isinstance(e, Note)), key=lambda e: e.at)
            return Past(alerts=tuple(alerts), notes=tuple(notes))

        return self._ask(read, Past())

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


_TIMELINE = """
SELECT body FROM timeline WHERE at < ? AND (until IS NULL OR until >= ?)
ORDER BY until IS NULL DESC, at DESC LIMIT ?
"""
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
    return {number: (node, room) for number, (node, room, _) in _room_titles(db, numbers).items()}


def _room_titles(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, RoomName]:
    query = (
        "SELECT room.id, node, room, title FROM room JOIN json_each(?) AS wanted ON room.id = wanted.value"
    )
    wanted = "[" + ",".join(map(str, sorted(numbers))) + "]"
    return {number: (node, room, title) for number, node, room, title in db.execute(query, (wanted,))}


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


def _has_boards(db: sqlite3.Connection) -> bool:
    """A file of before they were kept is read until the prober has brought it up to date."""
    return version_of(db) > 1


# Ticks first, by their index: `whole` knows no times.
_NEAREST = """
SELECT (
  SELECT at FROM tick CROSS JOIN whole ON whole.tick = tick.id
  WHERE tick.service = service.id AND {where} ORDER BY at {order} LIMIT 1
) AS nearest FROM service WHERE nearest IS NOT NULL
"""
_UP_TO = _NEAREST.format(where="at <= ?", order="DESC")
_BEFORE = _NEAREST.format(where="at < ?", order="DESC")
_AFTER = _NEAREST.format(where="at > ?", order="ASC")
_BOARD = """
SELECT seq, tick.body, whole.body FROM tick CROSS JOIN whole ON whole.tick = tick.id
WHERE tick.service = ? AND at = ? ORDER BY seq DESC LIMIT 1
"""


def _moment(db: sqlite3.Connection, wanted: float) -> Moment | None:
    at = max(_times(db, _UP_TO, wanted), default=None)
    if at is None:
        return None
    services = [row[0] for row in db.execute("SELECT id FROM service ORDER BY id")]
    rows = [row for service in services if (row := db.execute(_BOARD, (service, at)).fetchone())]
    return Moment(
        seq=max(int(row[0]) for row in rows),
        at=at,
        services=tuple(seen for _, body, whole in rows if (seen := _seen(db, body, whole)) is not None),
        before=max(_times(db, _BEFORE, at), default=None),
        after=min(_times(db, _AFTER, at), default=None),
    )


def _span(db: sqlite3.Connection) -> tuple[float, float] | None:
    first = min(_times(db, _AFTER, float("-inf")), default=None)
    last = max(_times(db, _UP_TO, float("inf")), default=None)
    return None if first is None or last is None else (first, last)


def _times(db: sqlite3.Connection, query: str, at: float) -> list[float]:
    return [row[0] for row in db.execute(query, (at,))]


def _seen(db: sqlite3.Connection, data: bytes, whole_data: bytes) -> Seen | None:
    """None where its bytes are damaged, or of a Roomwatch whose observations held other things."""
    try:
        body, whole = unpack(data), unpack_whole(whole_data)
    except (zlib.error, msgspec.DecodeError):
        return None
    return Seen(restored(body, whole, _room_titles(db, body.rooms)), whole.left_out, whole.said)
