"""Reads a JSON document by a mapping: where its lists are, and which fields their rows have.

Plain and dotted names (`participants`, `stats.count`) become one msgspec decoder
for the whole document. Where a real JMESPath expression is written, or where
something in the document is not as mapped, it is read row by row: slower, and a
row that cannot be read loses nobody but itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec
from jmespath.exceptions import JMESPathError

from probes.failure import ProbeFailed
from probes.http.faults import not_json
from probes.mapping.paths import Kind, Path
from probes.mapping.pieces import PIECE, Cutter, NotInPieces
from probes.mapping.typed_json import NotPlainError, Tree
from probes.model import Outcome, plain_text

MAX_VALUES = 4_000_000
"""The most commas and brackets in a document: they bound what it becomes in memory, its bytes do not."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not as typed, or no JSON."""


class Table:
    """One list in a document. `fields` says where in a row each field is, and of what kind it is."""

    def __init__(self, where: str, fields: Mapping[str, tuple[str, Kind]]) -> None:
        self.where = Path(where)
        self.fields = {name: (Path(path), kind) for name, (path, kind) in fields.items()}
        self._row = msgspec.defstruct(
            "Row", [(name, kind.type) for name, (_, kind) in self.fields.items()], gc=False
        )

    def read(self, rows: Sequence[Any]) -> tuple[Columns, str]:
        """The rows that can be read, and what is wrong with the first that cannot."""
        read: list[Any] = []
        complaint = ""
        for row in rows:
            values: dict[str, Any] = {}
            try:
                for name, (path, _) in self.fields.items():
                    values[name] = path.find(row)
                read.append(msgspec.convert(values, self._row, strict=False))
            except (msgspec.ValidationError, JMESPathError):
                complaint = complaint or self._complaint(row)
        getters: dict[str, Callable[[Any], Any]] = {name: attrgetter(name) for name in self.fields}
        return Columns(read, getters), complaint

    def _complaint(self, row: Any) -> str:
        for name, (path, kind) in self.fields.items():
            try:
                value = path.find(row)
                msgspec.convert(value, kind.type, strict=False)
            except (msgspec.ValidationError, JMESPathError) as error:
                found = str(error) if isinstance(error, JMESPathError) else f"is {_shown(value)}"
                return f"{name} {found} where {kind.expected} was expected"
        return "it is not as mapped"


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of one list, field by field. `beside` finds in a row all fields but one, by the one."""

    rows: Sequence[Any]
    getters: Mapping[str, Callable[[Any], Any]]
    beside: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Iterable[Any]:
        """The field's value in each row; None in each where the field is not mapped."""
        getter = self.getters.get(name)
        return repeat(None, len(self.rows)) if getter is None else map(getter, self.rows)

    def all_but(self, name: str) -> Iterable[Any]:
        """What each row says in its other fields."""
        if (getter := self.beside.get(name)) is not None:
            return map(getter, self.rows)
        return zip(*(self[other] for other in self.getters if other != name), strict=True)

    def __contains__(self, name: str) -> bool:
        return name in self.getters


@dataclass(slots=True)
class Reading:
    """What a document told. A list that is not there has no table; `left_out` counts rows.

    `broken` says of each list why its expression could not be worked out.
    """

    tables: dict[str, Columns] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


class Document:
    """The mapping of one kind of document: its lists, and its single values."""

    def __init__(self, tables: Mapping[str, Table], values: Mapping[str, tuple[str, Kind]]) -> None:
        self.tables = tables
        self.values = {name: (Path(path), kind) for name, (path, kind) in values.items()}
        self._fast = _compile(tables, self.values)

    def read(self, body: bytes, where: str) -> Reading:
        """Raises ProbeFailed (protocol) where `body` is no JSON or holds too much of it."""
        _refuse_too_much(body, where)
        if self._fast is not None:
            try:
                return self._fast.read(body)
            except _UNREADABLE:
                pass  # row by row it can be said what is wrong, and the rest is kept
        return self._read_slowly(_any_json(body, where))

    def pieces(self, body: bytes, table: str, where: str) -> Iterator[Reading]:
        """The same in pieces of the rows of `table`, in their order; all else is in the last.

        Raises NotInPieces, also after the first pieces: then `read` tells all. Raises ProbeFailed, too.
        """
        if self._fast is None or len(body) < 2 * PIECE:
            raise NotInPieces
        most = MAX_VALUES // (2 + len(self.tables[table].fields))
        rows = 0
        for reading in self._fast.pieces(body, table, where):
            rows += len(reading.tables[table])
            if rows > most:
                raise _too_much(where)
            yield reading

    def _read_slowly(self, document: Any) -> Reading:
        reading = Reading()
        for name, table in self.tables.items():
            try:
                rows = table.where.find(document)
            except JMESPathError as error:
                reading.broken[name] = plain_text(str(error))
                reading.notes.append(f"{name} could not be looked for: {reading.broken[name]}")
                continue
            if not isinstance(rows, list):
                continue
            columns, complaint = table.read(rows)
            reading.tables[name] = columns
            if left_out := len(rows) - len(columns):
                reading.left_out[name] = left_out
                reading.notes.append(f"{left_out} of {len(rows)} {name} could not be read: {complaint}")
        for name, (path, kind) in self.values.items():
            value = _quietly(path, document)
            try:
                reading.values[name] = msgspec.convert(value, kind.type, strict=False)
            except msgspec.ValidationError:
                reading.notes.append(f"{name} is {_shown(value)} where {kind.expected} was expected")
        return reading


def _refuse_too_much(body: bytes, where: str) -> None:
    """Raises ProbeFailed."""
    if len(body) > MAX_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise _too_much(where)


def _too_much(where: str) -> ProbeFailed:
    return ProbeFailed(
        Outcome.PROTOCOL,
        f"{where} answered with more than {MAX_VALUES / 1e6:g} million values; ask for less",
    )


def _quietly(path: Path, document: Any) -> Any:
    try:
        return path.find(document)
    except JMESPathError:
        return None


def _shown(value: Any) -> str:
    """A value of the document for a sentence, on one line and short."""
    if value is None:
        return "missing"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return plain_text(json.dumps(value[:100] if isinstance(value, str) else value), 40)


def _any_json(body: bytes, where: str) -> Any:
    """Any JSON, also with what some services write against its rules: NaN, a byte order mark, bad UTF-8."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise ProbeFailed(Outcome.PROTOCOL, f"{where} answered with JSON that is nested too deeply") from None
    except _UNREADABLE:
        pass
    try:
        return json.loads(body.decode("utf-8-sig", "surrogateescape"))
    except (ValueError, RecursionError):
        raise not_json(body, where) from None


# --- The fast way: one msgspec decoder for the whole document ---


class _Fast:
    """Decodes a document whose mapping is of plain names only, in one go."""

    def __init__(self, tables: Mapping[str, Table], values: Mapping[str, tuple[Path, Kind]]) -> None:
        tree = Tree()
        self._rows: dict[str, Mapping[str, Callable[[Any], Any]]] = {}
        self._beside: dict[str, Mapping[str, Callable[[Any], Any]]] = {}
        for name, table in tables.items():
            row = Tree()
            for path, kind in table.fields.values():
                row.add(_names(path), kind)
            row_type = row.build()
            self._rows[name] = {field: row.getter(_names(path)) for field, (path, _) in table.fields.items()}
            self._beside[name] = _beside(row, table)
            tree.add(_names(table.where), Kind(list[row_type] | None, "a list"))  # type: ignore[valid-type]
        for path, kind in values.values():
            tree.add(_names(path), kind)
        self._decode = msgspec.json.Decoder(tree.build(), strict=False).decode
        self._tables = {name: tree.getter(_names(table.where)) for name, table in tables.items()}
        self._where = {name: _names(table.where) for name, table in tables.items()}
        self._values = {name: tree.getter(_names(path)) for name, (path, _) in values.items()}

    def read(self, body: bytes) -> Reading:
        return self._reading(self._decode(body))

    def pieces(self, body: bytes, table: str, where: str) -> Iterator[Reading]:
        """Raises NotInPieces, and ProbeFailed for a piece that is too much in itself."""

        def decode(piece: bytes) -> Any:
            _refuse_too_much(piece, where)
            return self._decode(piece)

        cutter = Cutter(self._where[table], decode, self._tables[table], _UNREADABLE)
        return map(self._reading, cutter.decoded(body))

    def _reading(self, document: Any) -> Reading:
        reading = Reading(values={name: get(document) for name, get in self._values.items()})
        for name, get in self._tables.items():
            rows = get(document)
            if rows is not None:
                reading.tables[name] = Columns(rows, self._rows[name], self._beside[name])
        return reading


def _beside(row: Tree, table: Table) -> dict[str, Callable[[Any], Any]]:
    """For each field what finds all the others at once: at 100,000 rows that saves 27 of 51 ms."""
    attributes = {name: row.attributes(_names(path)) for name, (path, _) in table.fields.items()}
    if len(attributes) < 3 or any(len(way) != 1 for way in attributes.values()):
        return {}
    return {
        name: attrgetter(*(way[0] for other, way in attributes.items() if other != name))
        for name in attributes
    }


def _compile(tables: Mapping[str, Table], values: Mapping[str, tuple[Path, Kind]]) -> _Fast | None:
    try:
        return _Fast(tables, values)
    except NotPlainError:
        return None


def _names(path: Path) -> tuple[str, ...]:
    if path.names is None:
        raise NotPlainError
    return path.names
