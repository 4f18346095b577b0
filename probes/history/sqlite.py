"""History in an SQLite file, writing side: one transaction a tick, tidied in small steps."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

import msgspec

from probes.history.base import THIN_SECONDS, HistoryTrouble, Kept, RoomKey, sample_of
from probes.history.sqlite_file import (
    PAGE,
    Body,
    explained,
    is_damage,
    open_to_write,
    pack,
    set_aside,
    transaction,
    wal_limit,
)
from probes.history.whole import Turns, pack_whole
from probes.model import Observation, Relocation, RoomView
from probes.pipeline import Tick
from probes.timeline.entries import Entry, Note, is_news

_SEEN_SECONDS = 600.0
"""How far behind the time may be that a room is said to have been seen."""

_REMEMBERED = 50_000
_STEP = 500
"""Ticks that one step of tidying looks at or deletes."""

_WHOLE_STRETCHES = 6
"""After `Kept.detail` a whole board is left of each so many stretches: one a minute, and those at a turn."""

_ROOMS_STEP = 10_000
_FILL = 0.95
"""How much of a file's size may be in use; the rest is for pages that are free but not given back yet."""

_RELOCATIONS = 1_000
"""Relocations kept of one service."""

_TIMELINE = 5_000
"""Alerts and notes kept, beside what still fires."""

# For each service by its index. The tick that was written first need not be it: clocks are set back.
_OLDEST_TICK = "SELECT min((SELECT min(at) FROM tick WHERE tick.service = service.id)) FROM service"

_encoder = msgspec.msgpack.Encoder()


class _Known(msgspec.Struct):
    """A room that is in the file already."""

    id: int
    title: str
    seen: float


class _Row(NamedTuple):
    """A tick as thinning sees it. `turn` is None where no whole board is kept with it."""

    id: int
    at: float
    turn: int | None


def _thinned(rows: list[_Row]) -> tuple[list[tuple[int]], list[tuple[int]]]:
    """The ticks to delete, and those that stay without their whole board."""
    left: dict[float, _Row] = {}
    for row in rows:
        best = left.get(row.at // THIN_SECONDS)
        if best is None or row.turn is not None or best.turn is None:
            left[row.at // THIN_SECONDS] = row
    kept = {row.id for row in left.values()} | {row.id for row in rows if row.turn}
    slimmer = [(row.id,) for stretch, row in left.items() if row.turn == 0 and stretch % _WHOLE_STRETCHES]
    return [(row.id,) for row in rows if row.id not in kept], slimmer


class SqliteHistory:
    """Writes one file; nobody else may write it. Raises HistoryTrouble from every method and from opening."""

    def __init__(self, path: Path, kept: Kept) -> None:
        self._path = path
        self._kept = kept
        self._db = open_to_write(path, kept.max_size)
        self._services: dict[str, int] = {}
        self._rooms: dict[tuple[int, RoomKey], _Known] = {}
        self._relocations: dict[tuple[int, str], bytes] = {}
        self._turns = Turns()
        self._timeline: dict[str, Entry | Note] = {}
        self._now = 0.0
        self._tidied = 0
        # The log may come to its limit, and once more while a step is written.
        self._most_in_use = (kept.max_size - 2 * wal_limit(kept.max_size)) * _FILL

    def append(self, tick: Tick) -> None:
        self._now = tick.at
        try:
            with explained(self._path), transaction(self._db):
                turn = self._turns.look(tick)
                for observation in tick.observations:
                    number = self._append(observation, tick)
                    if turn is not None:
                        self._append_whole(number, pack_whole(observation, tick.alerts), turn)
                for entry in tick.alerts:
                    self._note(entry.view.id, entry, entry.view.since, entry.view.ended_at)
                for note in tick.notes:
                    self._note(note.id, note, note.at, note.at)
        except HistoryTrouble as trouble:
            self._forget()
            self._replace_if_damaged(trouble)
            raise

    def tidy(self) -> None:
        """Thins and deletes for one service in turn, then deletes by size."""
        try:
            with explained(self._path):
                with transaction(self._db):
                    self._tidied = self._next_service()
                    self._thin(self._tidied)
                    self._delete_old(self._tidied)
                    self._delete_beyond_size()
                self._give_back_pages()
        except HistoryTrouble as trouble:
            self._replace_if_damaged(trouble)
            raise

    def size(self) -> int:
        wal = self._path.with_name(self._path.name + "-wal")
        with explained(self._path):
            return self._path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)

    def close(self) -> None:
        with explained(self._path):
            self._db.close()

    # --- writing a tick ---

    def _append(self, observation: Observation, tick: Tick) -> int:
        sample = sample_of(observation, tick.seq, tick.at)
        service = self._service(observation.name)
        body = Body(
            service_time=sample.service_time,
            state=sample.state,
            complete=sample.complete,
            participants=sample.participants,
            rooms_open=sample.rooms_open,
            nodes=sample.nodes,
            rooms=[self._room(service, room, tick.at) for room in observation.rooms],
            people=[room.participants for room in observation.rooms],
            observer=sample.observer,
            tries_per_second=sample.tries_per_second,
            success_ratio=sample.success_ratio,
            errors=dict(sample.errors),
            waiting=sample.waiting,
            totals=dict(sample.totals),
        )
        row = self._db.execute(
            "INSERT INTO tick (service, at, seq, body) VALUES (?, ?, ?, ?) RETURNING id",
            (service, tick.at, tick.seq, pack(body)),
        ).fetchone()
        for relocation in observation.relocations:
            self._relocation(service, relocation, tick.at)
        return int(row[0])

    def _append_whole(self, number: int, body: bytes, turn: bool) -> None:
        self._db.execute("INSERT INTO whole (tick, turn, body) VALUES (?, ?, ?)", (number, turn, body))

    def _service(self, name: str) -> int:
        known = self._services.get(name)
        if known is None:
            self._db.execute("INSERT OR IGNORE INTO service (name) VALUES (?)", (name,))
            known = int(self._db.execute("SELECT id FROM service WHERE name = ?", (name,)).fetchone()[0])
            self._services[name] = known
        return known

    def _room(self, service: int, room: RoomView, at: float) -> int:
        """The number of a room; its title and the time it was seen are kept nearly up to date."""
        known = self._rooms.get((service, (room.node, room.id)))
        if known is not None and known.title == room.title and abs(at - known.seen) < _SEEN_SECONDS:
            return known.id
        row = self._db.execute(
            "INSERT INTO room (service, node, room, title, seen) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET title = excluded.title, seen = excluded.seen RETURNING id",
            (service, room.node, room.id, room.title, at),
        ).fetchone()
        if len(self._rooms) >= _REMEMBERED:
            self._rooms.clear()
        self._rooms[service, (room.node, room.id)] = _Known(int(row[0]), room.title, at)
        return int(row[0])

    def _relocation(self, service: int, relocation: Relocation, at: float) -> None:
        body = _encoder.encode(relocation)
        if self._relocations.get((service, relocation.id)) == body:
            return
        self._db.execute(
            "INSERT OR REPLACE INTO relocation (service, id, seen, body) VALUES (?, ?, ?, ?)",
            (service, relocation.id, at, body),
        )
        if len(self._relocations) >= _REMEMBERED:
            self._relocations.clear()
        self._relocations[service, relocation.id] = body

    def _note(self, name: str, entry: Entry | Note, at: float, until: float | None) -> None:
        """Most ticks have nothing new on the timeline but the numbers in an alert's words."""
        if not is_news(self._timeline.get(name), entry):
            return
        self._db.execute(
            "INSERT OR REPLACE INTO timeline (id, at, until, body) VALUES (?, ?, ?, ?)",
            (name, at, until, _encoder.encode(entry)),
        )
        if len(self._timeline) >= _TIMELINE:
            self._timeline.clear()
        self._timeline[name] = entry

    def _forget(self) -> None:
        """What was remembered may have been rolled back."""
        self._turns = Turns()
        self._services.clear()
        self._rooms.clear()
        self._relocations.clear()
        self._timeline.clear()

    def _replace_if_damaged(self, trouble: HistoryTrouble) -> None:
        if not isinstance(trouble.__cause__, sqlite3.Error) or not is_damage(trouble.__cause__):
            return
        self._forget()
        self._db.close()
        with explained(self._path):
            set_aside(self._path)
        self._db = open_to_write(self._path, self._kept.max_size)

    # --- tidying ---

    def _next_service(self) -> int:
        query = (
            "SELECT coalesce((SELECT min(id) FROM service WHERE id > ?), (SELECT min(id) FROM service), 0)"
        )
        return int(self._db.execute(query, (self._tidied,)).fetchone()[0])

    def _thin(self, service: int) -> None:
        """Older than `detail`, of each stretch of `THIN_SECONDS` leave one tick, and those at a turn."""
        due = (self._now - self._kept.detail) // THIN_SECONDS * THIN_SECONDS
        row = self._db.execute("SELECT thinned FROM service WHERE id = ?", (service,)).fetchone()
        if row is None or row[0] >= due:
            return
        rows = self._db.execute(
            "SELECT id, at, turn FROM tick LEFT JOIN whole ON whole.tick = tick.id "
            "WHERE service = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?",
            (service, row[0], due, _STEP),
        ).fetchall()
        # A step that was cut short leaves its last stretch to the next, which then sees it whole.
        thinned = due if len(rows) < _STEP else rows[-1][1] // THIN_SECONDS * THIN_SECONDS
        gone, slimmer = _thinned([_Row(*row) for row in rows if row[1] < thinned])
        self._delete_ticks(gone)
        self._db.executemany("DELETE FROM whole WHERE tick = ?", slimmer)
        self._db.execute("UPDATE service SET thinned = ? WHERE id = ?", (thinned, service))

    def _delete_ticks(self, gone: list[tuple[int]]) -> None:
        self._db.executemany("DELETE FROM tick WHERE id = ?", gone)
        self._db.executemany("DELETE FROM whole WHERE tick = ?", gone)

    def _delete_old(self, service: int) -> None:
        oldest = self._now - self._kept.keep
        old = "SELECT id FROM tick WHERE service = ? AND at < ? ORDER BY at LIMIT ?"
        self._delete_ticks(self._db.execute(old, (service, oldest, _STEP)).fetchall())
        self._db.execute(
            "DELETE FROM relocation WHERE service = ? AND (seen < ? OR id NOT IN "
            "(SELECT id FROM relocation WHERE service = ? ORDER BY seen DESC LIMIT ?))",
            (service, oldest, service, _RELOCATIONS),
        )
        self._db.execute(
            "DELETE FROM timeline WHERE until < ? OR (until IS NOT NULL AND id NOT IN "
            "(SELECT id FROM timeline WHERE until IS NOT NULL ORDER BY at DESC LIMIT ?))",
            (oldest, _TIMELINE),
        )
        first = self._db.execute(_OLDEST_TICK).fetchone()
        if first[0] is not None:
            self._db.execute(
                "DELETE FROM room WHERE id IN (SELECT id FROM room WHERE seen < ? ORDER BY seen LIMIT ?)",
                (first[0] - _SEEN_SECONDS, _ROOMS_STEP),
            )

    def _delete_beyond_size(self) -> None:
        """Delete the oldest ticks while what is in use comes near `max_size`."""
        used = (self._number("page_count") - self._number("freelist_count")) * PAGE
        excess = used - self._most_in_use
        if excess <= 0:
            return
        gone: list[tuple[int]] = []
        oldest = (
            "SELECT id, length(tick.body) + coalesce(length(whole.body), 0) "
            "FROM tick LEFT JOIN whole ON whole.tick = tick.id WHERE at < ? ORDER BY id LIMIT ?"
        )
        for number, length in self._db.execute(oldest, (self._now, _STEP)):
            gone.append((number,))
            excess -= length
            if excess <= 0:
                break
        self._delete_ticks(gone)

    def _give_back_pages(self) -> None:
        """Shrink the file by a few pages where more are free than new ticks soon need."""
        if self._number("freelist_count") > self._number("page_count") * (1 - _FILL):
            pages = wal_limit(self._kept.max_size) // PAGE
            # A script, as `execute` takes the pragma's first step only: one page.
            self._db.executescript(f"PRAGMA incremental_vacuum({pages})")

    def _number(self, pragma: str) -> int:
        return int(self._db.execute(f"PRAGMA {pragma}").fetchone()[0])
