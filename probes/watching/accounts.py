"""What is told of a relocation: the values and the words, by what was found."""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from probes.model import Cause, Place, Relocation, Room, Status, plain_text
from probes.watching.answers import Departure
from probes.watching.finders import Match
from probes.watching.losses import Loss
from probes.watching.roll import Key, key_of
from probes.watching.summary import shown
from probes.watching.weighing import Choice
from probes.watching.wording import named, number, percent

SESSION = 600.0
"""Seconds of service time in which the ends of one room belong to one lineage, where none tells its start."""


def moved(name: str, lineage: str, match: Match) -> Relocation:
    """The same room on another node."""
    departure, arrival = match.departure, match.arrival
    return Relocation(
        id=name,
        lineage=lineage,
        cause=match.cause,
        status=Status.STANDING,
        from_=place(departure.room),
        to=place(arrival.room),
        at=max(arrival.at, departure.last_seen),
        participants_before=departure.before,
        dark_seconds=match.dark_seconds,
        confidence=match.confidence,
        evidence=match.evidence,
    )


def ended(name: str, lineage: str, departure: Departure) -> Relocation:
    """A room that ended with an audience, and went nowhere known."""
    return Relocation(
        id=name,
        lineage=lineage,
        cause=Cause.ENDED,
        status=Status.STANDING,
        from_=place(departure.room),
        to=None,
        at=departure.last_seen,
        participants_before=departure.before,
        confidence=1.0,
        evidence=(
            departure.how,
            f"{number(departure.before or 0)} were in it",
            "no room with its id opened",
        ),
    )


def succeeded(loss: Loss, choice: Choice, status: Status, held: Relocation | None) -> Relocation:
    """A room of another id that continues one that was lost. `held`: what was told of the loss before."""
    return Relocation(
        id=loss.case,
        lineage=loss.lineage,
        cause=Cause.SUCCEEDED,
        status=status,
        from_=place(loss.room),
        to=place(choice.room),
        at=loss.at if choice.opened is None else max(choice.opened, loss.at),
        participants_before=loss.before,
        dark_seconds=choice.dark,
        confidence=choice.confidence,
        evidence=choice.evidence,
        revisions=held.revisions if held else (),
        ruled_out=held.ruled_out if held else (),
    )


def overflowed(name: str, lineage: str, loss: Loss, choice: Choice, status: Status, now: float) -> Relocation:
    """A room that opened beside a full one of the same people."""
    return Relocation(
        id=name,
        lineage=lineage,
        cause=Cause.OVERFLOWED,
        status=status,
        from_=place(loss.room),
        to=place(choice.room),
        at=now if choice.opened is None else choice.opened,
        participants_before=loss.before,
        dark_seconds=0.0,
        confidence=choice.confidence,
        evidence=choice.evidence,
    )


def reported(
    service: str, source: Room, target: Room, departure: Departure | None, by: str, now: float
) -> Relocation:
    """A room of which somebody who knows says where it goes on: `by` are the words for who."""
    if departure is None:
        name = digest(service, *key_of(source), "reported")
        lineage, left = lineage_from(name), now
    else:
        name, left = id_of(service, departure), departure.last_seen
        lineage = departure.lineage or new_lineage(service, departure.room, left)
    started = target.started_at
    opened = started if started is not None and left <= started <= now else None
    return Relocation(
        id=name,
        lineage=lineage,
        cause=Cause.REPORTED,
        status=Status.STANDING,
        from_=place(source),
        to=place(target),
        at=opened or left,
        participants_before=departure.before if departure else source.participants,
        dark_seconds=(None if opened is None else opened - left) if departure else 0.0,
        confidence=1.0,
        evidence=(by,),
    )


def without_successor(held: Relocation) -> Relocation:
    """The same relocation as an end, of which no successor is known."""
    return replace(
        held,
        cause=Cause.ENDED,
        status=Status.STANDING,
        to=None,
        at=held.at - (held.dark_seconds or 0.0),
        participants_now=None,
        carried_over=None,
        lost=None,
        dark_seconds=None,
        confidence=1.0,
        evidence=(f"{number(held.participants_before or 0)} were in it",),
    )


def in_words(choice: Choice, stands: bool) -> str:
    """A judgement on a successor, as a sentence for the list of revisions."""
    room = named(place(choice.room))
    if stands:
        return f"{room} succeeded it: {percent(choice.confidence)} sure"
    return f"{room} may be its successor: {percent(choice.confidence)} sure"


def overflow_in_words(choice: Choice, stands: bool) -> str:
    """A judgement on a room that opened beside a full one, as a sentence for the list of revisions."""
    room = named(place(choice.room))
    return f"{room} {'takes' if stands else 'may take'} its overflow: {percent(choice.confidence)} sure"


def place(room: Room) -> Place:
    return Place(room=shown(room.id), node=shown(room.node), title=plain_text(room.title))


def id_of(service: str, departure: Departure) -> str:
    """The id of what is told of a room that ended; the one from before a restart, if it was told then."""
    return departure.relocation or id_at(service, departure.key, departure.last_seen)


def id_at(service: str, key: Key, left: float) -> str:
    """The id of what is told of a room that its people left at service time `left`."""
    return digest(service, *key, f"{left:.3f}")


def lineage_from(name: str) -> str:
    """The lineage that begins with the relocation of this id."""
    return "l" + name


def new_lineage(service: str, room: Room, last_seen: float) -> str:
    """The name of the lineage that begins with a room.

    Roomwatches that watch the same see it last at different moments, and must name one lineage
    alike. So it hangs on when the room opened, or where that is not told on the stretch of `SESSION`
    seconds in which it was last seen: two that part there, one time in hundreds, name it differently.
    """
    session = last_seen // SESSION if room.started_at is None else room.started_at
    return "l" + digest(service, *key_of(room), f"{session:.3f}")


def digest(*parts: str) -> str:
    """A short name for what is told apart by `parts`; the same on every machine."""
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=8).hexdigest()
