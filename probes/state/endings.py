"""What the state says of rooms that ended, moved or spilled over."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from probes.model import Cause, Disputed, Place, Relocation, State, Status
from probes.state.steady import Reason
from probes.watching.wording import clock, named, number, percent, stretch

WITNESS = 30.0
"""A source that differed for longer than this before a room ended is no witness against its end."""

WITNESSES = (Disputed.PEOPLE, Disputed.ADMITTED, Disputed.ROOM)
MATTERS = 0.1
"""The share of all people from which a room's end is worth a word."""

_FEW = 3


def endings(
    relocations: Sequence[Relocation], participants: int | None, differing: Mapping[Disputed, float]
) -> Iterator[Reason]:
    """Rooms that ended or moved, as far as they matter to `participants` of all; the biggest first.

    `differing`: since when (service time) sources say different things.
    """
    live = [r for r in relocations if not r.settled and r.status is not Status.REJECTED]
    left = [r for r in live if r.cause is not Cause.OVERFLOWED]
    for relocation in sorted(left, key=lambda r: (-(r.participants_before or 0), r.id))[:_FEW]:
        share = _share(relocation, participants)
        text = _lost(relocation)
        if share < MATTERS or not text:
            continue
        ended = relocation.cause in (Cause.ENDED, Cause.SUCCEEDED)
        if ended and _doubted(relocation, differing):
            yield Reason(State.STRAINED, f"{text}; another source does not confirm the end")
        else:
            yield Reason(State.FAILING if ended and share >= 0.5 else State.STRAINED, text)
    yield from _overflows([r for r in live if r.cause is Cause.OVERFLOWED])


def lost(
    relocations: Iterable[Relocation], participants: int | None, differing: Mapping[Disputed, float]
) -> tuple[str, ...]:
    """The lineages whose newest room ended with an audience that matters to `participants` of all.

    No successor stands for it, and no other source speaks against the end.
    """
    newest: dict[str, Relocation] = {}
    for relocation in sorted((r for r in relocations if not r.settled), key=lambda r: r.at):
        newest[relocation.lineage] = relocation
    return tuple(
        lineage
        for lineage, relocation in newest.items()
        if relocation.cause is not Cause.OVERFLOWED
        and (relocation.to is None or relocation.status is Status.PROPOSED)
        and _share(relocation, participants) >= MATTERS
        and not _doubted(relocation, differing)
    )


def _share(relocation: Relocation, participants: int | None) -> float:
    """The share of the people before in all, with `participants` now."""
    before = relocation.participants_before or 0
    return before / (before + (participants or 0)) if before else 0.0


def _doubted(relocation: Relocation, differing: Mapping[Disputed, float]) -> bool:
    """Whether another source speaks against an end: then it is no proof that people are gone."""
    end = relocation.at - (relocation.dark_seconds or 0.0)
    return any(differing.get(what, -math.inf) > end - WITNESS for what in WITNESSES)


def _lost(relocation: Relocation) -> str:
    """The sentence on a room that was left; none once half of its people have followed."""
    to, share = relocation.to, relocation.carried_over
    if to is None:
        return f"{_end(relocation)}; no successor is known"
    if relocation.status is Status.PROPOSED:
        return f"{_end(relocation)}; {named(to)} may be its successor ({percent(relocation.confidence)})"
    if share is not None and share >= 0.5:
        return ""
    if relocation.cause is Cause.SUCCEEDED:
        return _succeeded(relocation, to)
    return _moved(relocation, to) if share is not None else ""


def _end(relocation: Relocation) -> str:
    """That a room ended; where it was never dark it may be open still, with few people in it."""
    dark = relocation.dark_seconds
    room, before = named(relocation.from_), number(relocation.participants_before or 0)
    if relocation.to is not None and not dark:
        return f"Room {room} was left by its {before} people at {clock(relocation.at)}"
    return f"Room {room} ended at {clock(relocation.at - (dark or 0.0))} with {before} listening"


def _succeeded(relocation: Relocation, to: Place) -> str:
    share, dark = relocation.carried_over, relocation.dark_seconds
    opened = f"opened {stretch(dark)} later" if dark else "takes them in"
    followed = f"; {percent(share)} have followed so far" if share is not None else ""
    known = any(word in told for told in relocation.evidence for word in ("host", "speaker"))
    room = "A room by the same people" if known else "Another room"
    return f"{_end(relocation)}. {room}, {named(to)}, {opened}{followed}"


def _moved(relocation: Relocation, to: Place) -> str:
    dark = f" after {stretch(relocation.dark_seconds)} dark" if relocation.dark_seconds else ""
    way = f"moved from {relocation.from_.node} to {to.node}"
    if relocation.from_.room != to.room:
        way = f"goes on as {named(to)}"
    share = percent(relocation.carried_over or 0.0)
    return f"Room {named(relocation.from_)} {way}{dark}; {share} of its people have followed"


def _overflows(relocations: Iterable[Relocation]) -> Iterator[Reason]:
    """Rooms that opened beside a full one: news, and nothing that fails."""
    beside: dict[tuple[str, str], list[Relocation]] = {}
    for relocation in sorted(relocations, key=lambda r: (r.at, r.id)):
        beside.setdefault((relocation.from_.node, relocation.from_.room), []).append(relocation)
    for found in list(beside.values())[:_FEW]:
        sure = any(r.status is not Status.PROPOSED for r in found)
        rooms = [named(r.to) for r in found if r.to is not None][:_FEW]
        take = ("takes" if len(rooms) == 1 else "take") if sure else "may take"
        yield Reason(
            State.OK,
            f"Room {named(found[0].from_)} is full; {' and '.join(rooms)} {take} those who do not fit",
        )
