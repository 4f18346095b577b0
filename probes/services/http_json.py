"""Any rooms service that answers JSON, by a mapping in the config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from probes.config.units import Settings, one_of, revealed
from probes.failure import ProbeFailed
from probes.http import Http
from probes.http.faults import bad_status
from probes.joins.base import JoinOutcome
from probes.listing import Listing
from probes.mapping import Columns, Document, NotInPieces, Reading, Table
from probes.mapping.paths import COUNT, ID, NAMES, TEXT, TOTAL, WHEN, WORD, FieldPath, Kind, ListPath
from probes.mapping.rows import STATES, read_nodes, read_rooms, read_time
from probes.mapping.shelf import Shelf
from probes.model import NodeReport, Outcome, Room, RoomState, SnapshotPart, plain_text
from probes.services.aside import Aside
from probes.services.base import Endpoint, ServiceSettings, one_note

StateWord = Annotated[RoomState, one_of(tuple(RoomState))]


class RoomsMapping(Settings):
    """Where the rooms are in an answer, and where in each room what is."""

    list: ListPath = "rooms"
    """`@` where the answer itself is the list."""
    id: FieldPath = "id"
    participants: FieldPath | None = "participants"
    """`null` where the service does not tell how many are in a room."""
    title: FieldPath | None = None
    node: FieldPath | None = None
    """Without it a room is on the endpoint that was asked."""
    capacity: FieldPath | None = None
    state: FieldPath | None = None
    """Without it every room is open."""
    states: dict[str, StateWord] = Field(default={}, max_length=64)
    """The service's own words for the states, beside the common ones."""
    started_at: FieldPath | None = None
    hosts: FieldPath | None = None
    speakers: FieldPath | None = None
    successor: FieldPath | None = None
    """The id of the room that it goes on in, where the service says so."""


class NodesMapping(Settings):
    """Where an answer tells of the service's nodes."""

    list: ListPath = "nodes"
    id: FieldPath = "id"
    label: FieldPath | None = None
    participants: FieldPath | None = None
    capacity: FieldPath | None = None


class HttpJsonSettings(ServiceSettings):
    """A service of kind `http-json`."""

    kind: Literal["http-json"]
    method: Literal["GET", "POST"] = "GET"
    body: JsonValue = None
    rooms: RoomsMapping = RoomsMapping()
    node_list: NodesMapping | None = None
    time: FieldPath | None = None
    """Where the service tells its own time."""
    joins: dict[JoinOutcome, FieldPath] = Field(default={})
    """Where the service's own counts of joins are, by outcome, each since its start."""

    @model_validator(mode="after")
    def _a_list_has_nothing_beside_it(self) -> HttpJsonSettings:
        if self.rooms.list in ("", "@") and (self.node_list or self.time or self.joins):
            raise PydanticCustomError(
                "beside_list",
                "`rooms.list` is the whole answer: nothing is beside it for `time`, `node_list` or `joins`",
            )
        return self


class HttpJson:
    """Polls one JSON service: one request, one decode."""

    def __init__(self, settings: HttpJsonSettings) -> None:
        self._settings = settings
        self._headers = revealed(settings.headers)
        self._limits = settings.limits
        self._document = _document(settings)
        self._aside = Aside("ask for less, or map with names instead of expressions")
        self._shelves: dict[str, Shelf] = {}
        self._odd: set[str] = set()
        self._states = {**STATES, **{word.lower(): state for word, state in settings.rooms.states.items()}}

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        """Ask `endpoint` for its rooms. Raises ProbeFailed when no usable answer came."""
        settings = self._settings
        self._aside.refuse_while_reading(endpoint)
        answer = await http.ask(
            settings.method, endpoint.url, headers=self._headers, json=settings.body, limits=self._limits
        )
        if not 200 <= answer.status < 300:
            raise bad_status(answer.status, answer.where, answer.headers)
        read = partial(self.read, answer.body, endpoint.id, answer.where)
        return await self._aside.read(endpoint, len(answer.body), read)

    def read(self, body: bytes, node: str, where: str) -> SnapshotPart:
        """What `body`, an answer from `where` for the node `node`, tells. Raises ProbeFailed (protocol)."""
        if node not in self._odd:
            try:
                return self._read_in_pieces(body, node, where)
            except NotInPieces:
                self._shelves.pop(node, None)
        return self._read_whole(body, node, where)

    def _read_in_pieces(self, body: bytes, node: str, where: str) -> SnapshotPart:
        """Raises NotInPieces where `_read_whole` has to be asked."""
        shelf = self._shelves.setdefault(node, Shelf(node, self._states))
        reading = Reading()

        def rooms() -> Iterator[Columns]:
            nonlocal reading
            for reading in self._document.pieces(body, "rooms", where):
                yield reading.tables["rooms"]

        listing = shelf.read(rooms())
        return self._part(listing, reading, [] if listing.counted else self._uncounted(listing))

    def _read_whole(self, body: bytes, node: str, where: str) -> SnapshotPart:
        reading = self._document.read(body, where)
        columns = reading.tables.get("rooms")
        if columns is None:
            raise self._no_rooms(reading, where)
        if not columns and "rooms" in reading.left_out:
            raise ProbeFailed(Outcome.PROTOCOL, f"{where}: {reading.notes[0]}; check the mapping in `rooms`")
        rooms, notes = read_rooms(columns, node, self._states)
        # Where something was said of a row, the next answer will hardly do without it.
        (self._odd.add if notes or reading.left_out else self._odd.discard)(node)
        return self._part(rooms, reading, [*reading.notes, *self._uncounted(rooms), *notes])

    def _part(self, rooms: Sequence[Room], reading: Reading, notes: list[str]) -> SnapshotPart:
        return SnapshotPart(
            rooms=rooms,
            complete="rooms" not in reading.left_out,
            service_time=_time(reading, notes),
            nodes=_nodes(reading),
            joins=self._joins(reading),
            successors=self._successors(rooms),
            note=one_note(notes),
        )

    def _successors(self, rooms: Sequence[Room]) -> dict[str, str]:
        if self._settings.rooms.successor is None:
            return {}
        told = [*rooms.cards, *rooms.closed] if isinstance(rooms, Listing) else rooms
        return {room.id: room.successor for room in told if room.successor}

    def _uncounted(self, rooms: Sequence[Room]) -> list[str]:
        """A note where a misspelt field looks like rooms that nobody counts."""
        if self._settings.rooms.participants is None:
            return []
        states = {room.state for room in rooms if room.participants is None}
        if RoomState.OPEN not in states or any(room.participants is not None for room in rooms):
            return []
        field = self._settings.rooms.participants
        return [f"none of {len(rooms)} rooms has a number of people at `{field}`; check `rooms.participants`"]

    def _no_rooms(self, reading: Reading, where: str) -> ProbeFailed:
        path = self._settings.rooms.list
        if why := reading.broken.get("rooms"):
            what = f"JSON in which `{path}` cannot be worked out ({why})"
        else:
            what = "JSON that has no list at " + ("the top" if path in ("", "@") else f"`{path}`")
        return ProbeFailed(Outcome.PROTOCOL, f"{where} answered with {what}; check `rooms.list`")

    def _joins(self, reading: Reading) -> dict[Outcome, int]:
        counts = ((outcome, reading.values.get(f"joins.{outcome}")) for outcome in self._settings.joins)
        return {outcome: count for outcome, count in counts if count is not None}


def _document(settings: HttpJsonSettings) -> Document:
    rooms = settings.rooms
    tables = {
        "rooms": _table(
            rooms.list,
            {
                "id": (rooms.id, ID),
                "participants": (rooms.participants, COUNT),
                "title": (rooms.title, TEXT),
                "node": (rooms.node, TEXT),
                "capacity": (rooms.capacity, COUNT),
                "state": (rooms.state, WORD),
                "started_at": (rooms.started_at, WHEN),
                "hosts": (rooms.hosts, NAMES),
                "speakers": (rooms.speakers, NAMES),
                "successor": (rooms.successor, TEXT),
            },
        )
    }
    if (nodes := settings.node_list) is not None:
        tables["nodes"] = _table(
            nodes.list,
            {
                "id": (nodes.id, ID),
                "label": (nodes.label, TEXT),
                "participants": (nodes.participants, COUNT),
                "capacity": (nodes.capacity, COUNT),
            },
        )
    values = {f"joins.{outcome}": (path, TOTAL) for outcome, path in settings.joins.items()}
    if settings.time is not None:
        values["time"] = (settings.time, WHEN)
    return Document(tables, values)


def _table(where: str, fields: dict[str, tuple[str | None, Kind]]) -> Table:
    return Table(where, {name: (path, kind) for name, (path, kind) in fields.items() if path is not None})


def _time(reading: Reading, notes: list[str]) -> float | None:
    given = reading.values.get("time")
    try:
        return read_time(given)
    except (ValueError, OverflowError):
        notes.append(f'the service\'s time is no time, as "{plain_text(str(given), 40)}"')
        return None


def _nodes(reading: Reading) -> list[NodeReport]:
    columns = reading.tables.get("nodes")
    return [] if columns is None else read_nodes(columns)
