"""Makes public facts of a frame and of the ticks before it. Pure: the same in, the same out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from dashboard.conditional import digest
from dashboard.frames import Frame
from dashboard.public.facts import (
    Announcement,
    EventFacts,
    Facts,
    Move,
    PublicNode,
    PublicRoom,
    Series,
    ServiceFacts,
)
from dashboard.public.figures import rounded, rounded_share
from dashboard.public.words import OUTCOMES, sentence
from probes.config.embed import Public, PublicServiceSettings
from probes.history import RoomKey
from probes.model import Door, Observation, Place, Relocation, Sample, State, Status
from probes.timeline.entries import Note, NoteKind
from probes.watching.answers import BACKWARDS

WINDOW = 1800.0
_STEP = 15.0
_MOST_ROOMS = 20
_LINES = 4
_MOST_MOVES = 20
_MOST_ANNOUNCEMENTS = 20

_FEWEST_TRIES = 5
"""Tries since the start from which on a share is told to the public: the first of ours is all, or nobody."""

GLIMPSE = 30.0
"""Wall seconds: a shorter unknown is not told, and ends no state that is there again after it."""

TOLD = (Status.STANDING, Status.CONFIRMED)
"""What is only proposed, or rejected, is nothing for the public."""


def facts_of(
    frame: Frame,
    pasts: Mapping[str, Sequence[Sample]],
    public: Public,
    goal: float,
    events: tuple[EventFacts, ...] = (),
) -> Facts:
    """What the public may know of `frame`. `pasts`: ticks by service; `goal`: the share promised to joins."""
    observations = {observation.name: observation for observation in frame.services}
    return Facts(
        seq=frame.seq,
        at=frame.at,
        tick=frame.tick,
        alive=frame.prober.alive,
        title=public.title,
        panels=frozenset(public.panels),
        services=tuple(
            msgspec.structs.replace(
                _service(observations[each.name], each, pasts.get(each.name, ()), public, goal),
                way=next((event.link for event in events if event.service == each.name), ""),
            )
            for each in public.services
            if each.name in observations
        ),
        announcements=announcements_of(frame.notes, public)[:_MOST_ANNOUNCEMENTS],
        events=events,
        address=public.address or "",
        delay=public.delay or 0.0,
    )


def _service(
    seen: Observation, named: PublicServiceSettings, samples: Sequence[Sample], public: Public, goal: float
) -> ServiceFacts:
    exact = public.numbers == "exact"
    samples = _of_one_run(_of_one_clock(samples))
    success = rounded_share(known_success(seen.door), exact)
    kept = _kept(samples)
    told = tuple(sorted((r for r in seen.relocations if r.status in TOLD), key=lambda r: -r.at))
    errors: dict[str, float] = {}
    for outcome, part in (seen.door.errors if seen.door and success is not None else {}).items():
        word = OUTCOMES.get(outcome, "other")
        errors[word] = errors.get(word, 0.0) + part
    series = Series(
        at=tuple(_time(s) for s in kept),
        participants=tuple(rounded(s.participants, exact) for s in kept),
        success=tuple(rounded_share(known_success(s), exact) for s in kept),
        state=tuple(s.state for s in kept),
    )
    return ServiceFacts(
        name=named.name,
        label=named.label or named.name,
        state=seen.state,
        sentence=sentence(seen, told, success),
        since=_since(samples, seen.state),
        at=seen.service_time if seen.service_time is not None else seen.observed_at,
        observed_at=seen.observed_at,
        complete=seen.complete,
        participants=rounded(seen.participants, exact),
        peak=rounded(_peak(samples), exact),
        rooms_open=seen.rooms_open,
        success=success,
        errors={
            word: share
            for word, part in sorted(errors.items(), key=lambda item: -item[1])
            if (share := rounded_share(part, exact))
        },
        waiting=rounded(seen.door.waiting if seen.door else None, False),
        goal=goal,
        rooms=_rooms(seen, kept, public),
        nodes=_nodes(seen, public),
        moves=tuple(move_of(seen.name, r, public) for r in told[:_MOST_MOVES]),
        series=series,
    )


def known_success(seen: Door | Sample | None) -> float | None:
    """The share of joins that succeed, where it is one of more than a few tries."""
    if seen is None or sum(seen.totals.values()) < _FEWEST_TRIES:
        return None
    return seen.success_ratio


def _time(sample: Sample) -> float:
    return sample.at if sample.service_time is None else sample.service_time


def _of_one_clock(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Without those from before the first answer told the service's time, where it does."""
    if not samples or samples[-1].service_time is None:
        return samples
    return [sample for sample in samples if sample.service_time is not None]


def _of_one_run(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Without those from before the service's clock was set back: a replay that began anew."""
    for index in range(len(samples) - 1, 0, -1):
        if _time(samples[index - 1]) > _time(samples[index]) + BACKWARDS:
            return samples[index:]
    return samples


def _kept(samples: Sequence[Sample]) -> list[Sample]:
    """The last tick of each stretch of 15 s in the last half hour of the service's time."""
    if not samples:
        return []
    end = _time(samples[-1])
    last: dict[int, Sample] = {}
    for sample in reversed(samples):
        age = end - _time(sample)
        if age > WINDOW:
            break
        last.setdefault(int(age / _STEP), sample)
    return [last[age] for age in sorted(last, reverse=True)]


def _peak(samples: Sequence[Sample]) -> int | None:
    """The most people in the last half hour: it must not fall between two points of the series."""
    if not samples:
        return None
    start = _time(samples[-1]) - WINDOW
    known = (s.participants for s in samples if _time(s) >= start and s.participants is not None)
    return max(known, default=None)


def _since(samples: Sequence[Sample], state: State) -> float | None:
    since = wall = None
    for sample in reversed(samples):
        if sample.state is state:
            since, wall = _time(sample), sample.at
        elif sample.state is not State.UNKNOWN or wall is None or wall - sample.at > GLIMPSE:
            return since
    return None


def told_title(room: str, title: str, public: Public) -> str:
    """The title where the config makes it public, else nothing."""
    return title if any(means(pattern, room) for pattern in public.rooms) else ""


def means(pattern: str, room: str) -> bool:
    """Whether a pattern, in which only `*` is special, means a room's id."""
    return fnmatchcase(room, pattern.replace("[", "[[]").replace("?", "[?]"))


def _rooms(seen: Observation, kept: Sequence[Sample], public: Public) -> tuple[PublicRoom, ...]:
    exact = public.numbers == "exact"
    named = [(room, title) for room in seen.rooms if (title := told_title(room.id, room.title, public))]
    shown = named[:_MOST_ROOMS]
    counts = [{(node, room): people for node, room, people in sample.rooms} for sample in kept]

    def line(key: RoomKey) -> tuple[int | None, ...]:
        return tuple(rounded(count.get(key), exact) for count in counts)

    return tuple(
        PublicRoom(
            title=title,
            participants=rounded(room.participants, exact),
            line=line((room.node, room.id)) if index < _LINES else (),
        )
        for index, (room, title) in enumerate(shown)
    )


def _nodes(seen: Observation, public: Public) -> tuple[PublicNode, ...]:
    exact = public.numbers == "exact"
    return tuple(
        PublicNode(
            label=public.nodes.get(node.id, f"Server {number}"),
            participants=rounded(node.participants, exact),
            answering=node.answering,
        )
        for number, node in enumerate(seen.nodes, 1)
    )


def move_of(service: str, relocation: Relocation, public: Public) -> Move:
    """What the public may know of a relocation."""
    exact = public.numbers == "exact"

    def named(place: Place) -> str:
        return told_title(place.room, place.title, public)

    return Move(
        key=digest(f"{service}\0{relocation.id}".encode()),
        cause=relocation.cause,
        at=relocation.at,
        from_title=named(relocation.from_),
        to_title=named(relocation.to) if relocation.to else None,
        dark_seconds=relocation.dark_seconds,
        before=rounded(relocation.participants_before, exact),
        now=rounded(relocation.participants_now, exact),
        carried_over=rounded_share(relocation.carried_over, exact),
        settled=relocation.settled,
    )


def announcements_of(notes: Sequence[Note], public: Public) -> tuple[Announcement, ...]:
    """The announcements among `notes` that are about a public service, or about all."""
    services = {"", *(each.name for each in public.services)}
    return tuple(
        Announcement(key=digest(note.id.encode()), at=note.at, text=note.text, service=note.service)
        for note in notes
        if note.kind is NoteKind.ANNOUNCEMENT and note.service in services
    )
