"""Where rooms went, as it is told: the end, the successor, and how many had followed when it had settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dashboard.conditional import digest
from dashboard.public.day import Happening, Kind
from dashboard.public.facts import Move
from dashboard.public.figures import count, lasting, percent
from probes.model import Cause, State


class Manner(NamedTuple):
    """How one service is told of: its public label where there are several, and what may be said."""

    service: str
    label: str = ""
    joins: bool = True
    causes: bool = True
    exact: bool = False


class Moved(NamedTuple):
    """A move with the wall times of its begin, of the successor and of when it settled, None before it did.

    `followed`: for how many service seconds after its begin people were followed.
    """

    move: Move
    at: float
    found_at: float | None
    settled_at: float | None
    followed: float


def of_moves(moves: Sequence[Moved], manner: Manner) -> list[Happening]:
    """Where rooms went: the end, the successor, and how many had followed when that had settled."""
    told: list[Happening] = []
    for moved in moves:
        told += _ended(moved, manner) + _found(moved, manner) + _settled(moved, manner)
    return told


def _ended(moved: Moved, manner: Manner) -> list[Happening]:
    move = moved.move
    if move.cause is Cause.OVERFLOWED:
        words = f"{_room(move)} is full; {_next(move)} opened beside it."
        return [_happening(moved, manner, "overflow", moved.at, 0.0, "Another room opened", words, State.OK)]
    if move.cause is Cause.MOVED:
        return [
            _happening(
                moved, manner, "moved", moved.at, 0.0, "The room moved to another server", "", State.OK
            )
        ]
    audience = f" with {count(move.before)} people" if move.before else ""
    words = f"{_room(move)} ended{audience}."
    live = "" if move.to_title is not None else "Where it goes on is not known yet."
    return [
        _happening(moved, manner, "ended", moved.at, 0.0, "The room has ended", words, State.FAILING, live)
    ]


def _found(moved: Moved, manner: Manner) -> list[Happening]:
    move = moved.move
    if move.to_title is None or moved.found_at is None or move.cause in (Cause.OVERFLOWED, Cause.MOVED):
        return []
    dark = move.dark_seconds or 0.0
    after = f" after {lasting(dark)}" if dark >= 1 else ""
    words = f"{_room(move)} opened again as {_next(move)}{after}."
    live = ""
    if move.carried_over is not None and not move.settled:
        live = f"{percent(move.carried_over)} have followed so far."
    return [
        _happening(
            moved, manner, "found", moved.found_at, dark, "The room moved", words, State.STRAINED, live
        )
    ]


def _settled(moved: Moved, manner: Manner) -> list[Happening]:
    move = moved.move
    if not move.settled or moved.settled_at is None or move.carried_over is None:
        return []
    title = f"{percent(move.carried_over)} of the people followed"
    words = (
        f"{_next(move, begins=True)} has {count(move.now)} people; there were {count(move.before)} before."
    )
    return [_happening(moved, manner, "settled", moved.settled_at, moved.followed, title, words, None)]


def _happening(
    moved: Moved,
    manner: Manner,
    what: str,
    at: float,
    after: float,
    title: str,
    text: str,
    state: State | None,
    live: str = "",
) -> Happening:
    return Happening(
        key=digest(f"{moved.move.key}\0{what}".encode()),
        kind=Kind.MOVE,
        at=at,
        time=moved.move.at + after,
        title=title,
        text=text,
        live=live,
        service=manner.label,
        state=state,
    )


def _room(move: Move) -> str:
    return move.from_title or "The room"


def _next(move: Move, begins: bool = False) -> str:
    return move.to_title or ("Another room" if begins else "another room")
