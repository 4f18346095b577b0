"""From the columns of a JSON list to rooms and node reports, a column at a time: 100,000 rooms are common."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

from probes.mapping import Columns
from probes.model import LABEL_BYTES, NodeReport, Room, RoomState, plain_text

ID_LENGTH = 256
MAX_NAMES = 32
"""How many hosts and how many speakers of a room are kept."""

MILLISECONDS_FROM = 1e11
"""Times from here on are Unix milliseconds: as seconds they would be after the year 5000."""

LATEST = 1e14

STATES: Mapping[str, RoomState] = {
    **dict.fromkeys(
        ("open", "opened", "live", "running", "active", "started", "ongoing", "in_progress", "true"),
        RoomState.OPEN,
    ),
    **dict.fromkeys(
        ("scheduled", "upcoming", "planned", "pending", "waiting", "created", "not_started"),
        RoomState.SCHEDULED,
    ),
    **dict.fromkeys(
        ("ended", "closed", "finished", "completed", "stopped", "canceled", "cancelled", "inactive", "false"),
        RoomState.ENDED,
    ),
}
"""What services call the states of a room; `states` in the config adds to it."""


def read_rooms(columns: Columns, node: str, states: Mapping[str, RoomState]) -> tuple[list[Room], list[str]]:
    """The rooms, each once, and notes on what was not as it should be.

    `node` is where a room is that does not say so itself; `states` is looked up in lower case.
    """
    notes: list[str] = []
    count = len(columns)
    ids = _ids(list(columns["id"]))
    nodes: Iterable[str] = repeat(node)
    if "node" in columns:
        nodes = _nodes(columns, node)
    rooms = list(
        map(
            Room,
            ids,
            nodes,
            columns["participants"],
            _titles(columns),
            _states(columns, states, notes),
            _capacities(columns),
            _times(columns, notes),
            _names(columns, "hosts"),
            _names(columns, "speakers"),
            _successors(columns),
        )
    )
    if len(set(ids)) < count and len(kept := _each_once(rooms)) < count:
        notes.append(f"{count - len(kept)} rooms were listed more than once; the larger count was kept")
        rooms = kept
    return rooms, notes


def _plain(texts: Sequence[Any], longest: int) -> bool:
    """Whether all are texts that can be taken as they are. Asked of all at once, it costs a hundredth."""
    return (
        set(map(type, texts)) <= {str}
        and max(map(len, texts), default=0) <= longest
        and "".join(texts).isprintable()
    )


def _ids(given: list[Any]) -> list[str]:
    return given if _plain(given, ID_LENGTH) else [clean_id(one) for one in given]


def _titles(columns: Columns) -> Iterable[str]:
    if "title" not in columns:
        return repeat("", len(columns))
    given = list(columns["title"])
    return given if _plain(given, LABEL_BYTES // 4) else [clean_title(title) for title in given]


def read_nodes(columns: Columns) -> list[NodeReport]:
    """What the service says of its nodes."""
    return [
        NodeReport(clean_id(node), clean_title(label), participants, capacity or None)
        for node, label, participants, capacity in zip(
            columns["id"], columns["label"], columns["participants"], columns["capacity"], strict=True
        )
    ]


def clean_title(text: str | int | None) -> str:
    """A title as `plain_text` makes it; nearly all are so already, and 100,000 of them are looked at."""
    if type(text) is not str:
        return "" if text is None else str(text)
    if text.isprintable() and (len(text) <= LABEL_BYTES // 4 or len(text.encode()) <= LABEL_BYTES):
        return text
    return plain_text(text)


def clean_id(given: str | int) -> str:
    """An id as text of a bounded length that a terminal and a log can show.

    Ids that differ stay different: what had to be cut or cleaned gets a mark of the whole id.
    """
    whole = given if type(given) is str else str(given)
    if len(whole) <= ID_LENGTH and whole.isprintable():
        return whole
    mark = hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{plain_text(whole, ID_LENGTH)}~{mark}"


def read_time(given: float | str | None) -> float | None:
    """Unix seconds from seconds, milliseconds or ISO 8601 (UTC without a zone); 0 and less are unknown.

    Raises ValueError where it is none of them.
    """
    if given is None:
        return None
    if type(given) is float and 0 < given < MILLISECONDS_FROM:
        return given
    try:
        number = float(given)
    except ValueError:
        moment = datetime.fromisoformat(str(given))
        number = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(number) or number >= LATEST:
        raise ValueError(given)
    if number <= 0:
        return None
    return number / 1000 if number >= MILLISECONDS_FROM else number


def _nodes(columns: Columns, node: str) -> list[str]:
    given = list(columns["node"])
    named = {n: clean_id(n) if n not in (None, "") else node for n in set(given)}
    return [named[n] for n in given]


def _states(columns: Columns, states: Mapping[str, RoomState], notes: list[str]) -> Iterable[RoomState]:
    if "state" not in columns:
        return repeat(RoomState.OPEN, len(columns))
    given = list(columns["state"])
    meant: dict[Any, RoomState | None] = {w: states.get(str(w).lower()) for w in set(given)}
    strange = [plain_text(str(w), 40) for w, state in meant.items() if state is None and w is not None]
    if strange:
        notes.append(f'the state "{min(strange)}" is not in `rooms.states`; such rooms are taken as open')
    known = {word: state or RoomState.OPEN for word, state in meant.items()}
    return [known[word] for word in given]


def _capacities(columns: Columns) -> Iterable[int | None]:
    if "capacity" not in columns:
        return repeat(None, len(columns))
    return [c or None for c in columns["capacity"]]  # 0 is how services write "no limit"


def _times(columns: Columns, notes: list[str]) -> Iterable[float | None]:
    if "started_at" not in columns:
        return repeat(None, len(columns))
    given = list(columns["started_at"])
    if set(map(type, given)) <= {float} and all(0 < at < MILLISECONDS_FROM for at in given):
        return given
    times: list[float | None] = []
    bad: list[Any] = []
    for told in given:
        try:
            times.append(read_time(told))
        except (ValueError, OverflowError):
            times.append(None)
            bad.append(told)
    if bad:
        notes.append(f'started_at of {len(bad)} rooms is no time, as "{plain_text(str(bad[0]), 40)}"')
    return times


def _names(columns: Columns, field: str) -> Iterable[tuple[str, ...]]:
    if field not in columns:
        return repeat((), len(columns))
    given = [names or () for names in columns[field]]
    if max(map(len, given), default=0) <= MAX_NAMES and _plain(list(chain.from_iterable(given)), ID_LENGTH):
        return given
    return [tuple(map(clean_id, names[:MAX_NAMES])) for names in given]


def _successors(columns: Columns) -> Iterable[str]:
    if "successor" not in columns:
        return repeat("", len(columns))
    return ["" if name in (None, "") else clean_id(name) for name in columns["successor"]]


def _each_once(rooms: Sequence[Room]) -> list[Room]:
    kept: dict[tuple[str, str], Room] = {}
    for room in rooms:
        key = (room.node, room.id)
        other = kept.get(key)
        if other is None or _size(room) > _size(other):
            kept[key] = room
    return list(kept.values())


def _size(room: Room) -> int:
    return -1 if room.participants is None else room.participants
