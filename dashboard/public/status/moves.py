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
    """A move with the wall times of the room's end, of when it went on and of when that settled.

    A time is None where it is not in the day, or still to come. `followed`: for how many service seconds
    people were followed.
    """

    move: Move
    ended_at: float | None
    went_on_at: float | None
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
        return _told(
            moved, manner, "overflow", moved.went_on_at, move.at, "Another room opened", words, State.OK
        )
    if move.cause is Cause.MOVED:
        title = "The room moved to another server"
        return _told(moved, manner, "moved", moved.went_on_at, move.at, title, "", State.OK)
    audience = f" with {count(move.before)} people" if move.before else ""
    words = f"{_room(move)} ended{audience}."
    live = "" if move.to_title is not None else "Where it goes on is not known yet."
    title = "The room has ended"
    return _told(moved, manner, "ended", moved.ended_at, move.ended, title, words, State.FAILING, live)


def _found(moved: Moved, manner: Manner) -> list[Happening]:
    move = moved.move
    if move.to_title is None or move.cause in (Cause.OVERFLOWED, Cause.MOVED):
        return []
    dark = move.dark_seconds or 0.0
    after = f" after {lasting(dark)}" if dark >= 1 else ""
    words = f"{_room(move)} opened again as {_next(move)}{after}."
    live = ""
    if move.carried_over is not None and not move.settled:
        live = f"{percent(move.carried_over)} have followed so far."
    title = "The room moved"
    return _told(moved, manner, "found", moved.went_on_at, move.at, title, words, State.STRAINED, live)


def _settled(moved: Moved, manner: Manner) -> list[Happening]:
    move = moved.move
    if not move.settled or move.carried_over is None:
        return []
    title = f"{percent(move.carried_over)} of the people followed"
    words = (
        f"{_next(move, begins=True)} has {count(move.now)} people; there were {count(move.before)} before."
    )
    time = move.at + moved.followed
    return _told(moved, manner, "settled", moved.settled_at, time, title, words, None)


def _told(
    moved: Moved,
    manner: Manner,
    what: str,
    at: float | None,
    time: float,
    title: str,
    text: str,
    state: State | None,
    live: str = "",
) -> list[Happening]:
    """It as something that happened, at wall time `at` and service time `time`; nothing out of the day."""
    if at is None:
        return []
    told = Happening(
        key=digest(f"{moved.move.key}\0{what}".encode()),
        kind=Kind.MOVE,
        at=at,
        time=time,
        title=title,
        text=text,
        live=live,
        service=manner.label,
        state=state,
    )
    return [told]


def _room(move: Move) -> str:
    return move.from_title or "The room"


def _next(move: Move, begins: bool = False) -> str:
    return move.to_title or ("Another room" if begins else "another room")
