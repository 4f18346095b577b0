"""How a service is doing, with the reasons in plain words, the worst first.

Each rule looks at one thing and gives its reasons. The worst state of all reasons is the service's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from probes.config.objectives import Objectives
from probes.model import (
    Cause,
    Door,
    Headroom,
    Observer,
    Outcome,
    Place,
    Relocation,
    State,
    Status,
    plain_text,
)
from probes.watching.wording import clock, number, percent, stretch

FAILING_BELOW = 0.95
"""The share of joins below which a service is failing, whatever its objective."""

FEWEST_STRAINED = 2
FEWEST_FAILING = 3
"""How many failed tries it takes to call joins strained or failing: one bad try is no news."""

NEARLY_FULL = 0.05
MOST_REASONS = 8
_FEW = 3
_LONGEST_WHY = 240

_SEVERITY = {State.OK: 0, State.STRAINED: 1, State.FAILING: 2, State.UNKNOWN: 3}


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint as the state's rules see it.

    `silent_for`: seconds since its last good answer; `detail`: what its last failed poll said.
    """

    id: str
    answering: bool
    silent_for: float | None
    why: Outcome | None
    detail: str = ""
    complete: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules judge."""

    endpoints: tuple[EndpointStatus, ...]
    participants: int | None
    door: Door | None
    tries: int
    join_p95: float | None
    headroom: Headroom
    relocations: tuple[Relocation, ...]
    own: Counter[Outcome] = field(default_factory=Counter)
    """Our own recent joins by outcome."""
    left_out: bool = False
    """Whether rooms have lately gone that were too many to be followed one by one."""


@dataclass(frozen=True, slots=True)
class Reason:
    state: State
    text: str


def judge(facts: Facts, objectives: Objectives) -> tuple[State, tuple[str, ...]]:
    """The state and its reasons: the worst first, an end before what follows from it, never none."""
    silence = list(_silence(facts.endpoints))
    if silence and silence[0].state is State.UNKNOWN:
        return State.UNKNOWN, (silence[0].text,)
    reasons = [
        *_endings(facts),
        *_joins(facts, objectives),
        *_our_joins(facts, objectives),
        *silence,
        *_slow_joins(facts, objectives),
        *_fullness(facts.headroom),
        *_unread(facts.endpoints),
        *_left_out(facts),
    ]
    reasons.sort(key=lambda reason: -_SEVERITY[reason.state])
    if not reasons:
        return State.OK, (_all_is_well(facts),)
    return reasons[0].state, tuple(reason.text for reason in reasons[:MOST_REASONS])


def _silence(endpoints: tuple[EndpointStatus, ...]) -> Iterator[Reason]:
    silent = [endpoint for endpoint in endpoints if not endpoint.answering]
    if len(silent) == len(endpoints):
        yield Reason(State.UNKNOWN, _no_answer(silent))
        return
    for endpoint in silent[:_FEW]:
        yield Reason(State.STRAINED, f"Node {endpoint.id} {_silent_for(endpoint)}")
    if len(silent) > _FEW:
        yield Reason(State.STRAINED, f"{len(silent) - _FEW} more nodes do not answer")


def _no_answer(silent: list[EndpointStatus]) -> str:
    if len(silent) == 1:
        return f"Node {silent[0].id} {_silent_for(silent[0])}"
    why = ", ".join(sorted({endpoint.why.value for endpoint in silent if endpoint.why}))
    since = [endpoint.silent_for for endpoint in silent if endpoint.silent_for is not None]
    text = f"No answer from any node for {stretch(min(since))}" if since else "No answer from any node yet"
    return f"{text}: {why}" if why else text


def _silent_for(endpoint: EndpointStatus) -> str:
    text = "has given no good answer yet"
    if endpoint.silent_for is not None:
        text = f"has given no good answer for {stretch(endpoint.silent_for)}"
    why = plain_text(endpoint.detail, _LONGEST_WHY) or endpoint.why
    return f"{text}: {why}" if why else text


def _joins(facts: Facts, objectives: Objectives) -> Iterator[Reason]:
    door = facts.door
    if door is None or door.success_ratio is None or door.success_ratio >= objectives.join_success:
        return
    failed = round((1 - door.success_ratio) * facts.tries)
    if failed < FEWEST_STRAINED:
        return
    bad = door.success_ratio < min(FAILING_BELOW, objectives.join_success) and failed >= FEWEST_FAILING
    worst = sorted(door.errors.items(), key=lambda pair: (-pair[1], pair[0]))[:_FEW]
    why = ", ".join(f"{outcome.replace('_', ' ')} {percent(share)}" for outcome, share in worst)
    who = "our joins" if door.observer is Observer.PROBE else "joins"
    yield Reason(
        State.FAILING if bad else State.STRAINED,
        f"{percent(1 - door.success_ratio)} of {who} fail: {why}; "
        f"the objective is {percent(1 - objectives.join_success)}",
    )


def _our_joins(facts: Facts, objectives: Objectives) -> Iterator[Reason]:
    """Our own joins where the service counts for itself: who fails before its door it may not see."""
    door = facts.door
    tried = facts.own.total()
    failed = tried - facts.own[Outcome.JOINED]
    if door is None or door.observer is Observer.PROBE:
        return
    if failed < max(FEWEST_FAILING, (1 - FAILING_BELOW) * tried):
        return
    if door.success_ratio is not None and door.success_ratio < objectives.join_success:
        return  # the service says so itself
    worst = sorted((-count, outcome) for outcome, count in facts.own.items() if not outcome.success)[:_FEW]
    why = ", ".join(outcome.replace("_", " ") for _, outcome in worst)
    ours = f"our last {tried} joins"
    how_many = f"None of {ours} got in" if failed == tried else f"{failed} of {ours} fail"
    if door.success_ratio is None:
        yield Reason(State.FAILING, f"{how_many}: {why}; the service counts no tries")
    else:
        # One of two sources alone is no proof.
        share = percent(door.success_ratio)
        yield Reason(State.STRAINED, f"{how_many}: {why}; the service says that {share} get in")


def _endings(facts: Facts) -> Iterator[Reason]:
    """Rooms that ended or moved, as far as they matter to the whole service. The biggest first."""
    live = [r for r in facts.relocations if not r.settled and r.status is not Status.REJECTED]
    left = [r for r in live if r.cause is not Cause.OVERFLOWED]
    for relocation in sorted(left, key=lambda r: (-(r.participants_before or 0), r.id))[:_FEW]:
        before = relocation.participants_before or 0
        share = before / (before + (facts.participants or 0)) if before else 0.0
        text = _lost(relocation)
        if share < 0.1 or not text:
            continue
        ended = relocation.cause in (Cause.ENDED, Cause.SUCCEEDED)
        yield Reason(State.FAILING if ended and share >= 0.5 else State.STRAINED, text)
    yield from _overflows([r for r in live if r.cause is Cause.OVERFLOWED])


def _lost(relocation: Relocation) -> str:
    """The sentence on a room that was left; none once half of its people have followed."""
    to, share = relocation.to, relocation.carried_over
    if to is None:
        return f"{_end(relocation)}; no successor is known"
    if relocation.status is Status.PROPOSED:
        return f"{_end(relocation)}; {_quoted(to)} may be its successor ({percent(relocation.confidence)})"
    if share is not None and share >= 0.5:
        return ""
    if relocation.cause is Cause.SUCCEEDED:
        return _succeeded(relocation, to)
    return _moved(relocation, to) if share is not None else ""


def _end(relocation: Relocation) -> str:
    """That a room ended; where it was never dark it may be open still, with few people in it."""
    dark = relocation.dark_seconds
    room, before = _named(relocation), number(relocation.participants_before or 0)
    if relocation.to is not None and not dark:
        return f"Room {room} was left by its {before} people at {clock(relocation.at)}"
    return f"Room {room} ended at {clock(relocation.at - (dark or 0.0))} with {before} listening"


def _succeeded(relocation: Relocation, to: Place) -> str:
    share, dark = relocation.carried_over, relocation.dark_seconds
    opened = f"opened {stretch(dark)} later" if dark else "takes them in"
    followed = f"; {percent(share)} have followed so far" if share is not None else ""
    known = any(word in told for told in relocation.evidence for word in ("host", "speaker"))
    room = "A room by the same people" if known else "Another room"
    return f"{_end(relocation)}. {room}, {_quoted(to)}, {opened}{followed}"


def _moved(relocation: Relocation, to: Place) -> str:
    dark = f" after {stretch(relocation.dark_seconds)} dark" if relocation.dark_seconds else ""
    way = f"moved from {relocation.from_.node} to {to.node}"
    if relocation.from_.room != to.room:
        way = f"goes on as {_quoted(to)}"
    share = percent(relocation.carried_over or 0.0)
    return f"Room {_named(relocation)} {way}{dark}; {share} of its people have followed"


def _overflows(relocations: Iterable[Relocation]) -> Iterator[Reason]:
    """Rooms that opened beside a full one: news, and nothing that fails."""
    beside: dict[tuple[str, str], list[Relocation]] = {}
    for relocation in sorted(relocations, key=lambda r: (r.at, r.id)):
        beside.setdefault((relocation.from_.node, relocation.from_.room), []).append(relocation)
    for found in list(beside.values())[:_FEW]:
        sure = any(r.status is not Status.PROPOSED for r in found)
        rooms = [_quoted(r.to) for r in found if r.to is not None][:_FEW]
        take = ("takes" if len(rooms) == 1 else "take") if sure else "may take"
        yield Reason(
            State.OK, f"Room {_named(found[0])} is full; {' and '.join(rooms)} {take} those who do not fit"
        )


def _quoted(where: Place | None) -> str:
    return f"“{plain_text(where.title or where.room, 80)}”" if where else "no room"


def _named(relocation: Relocation) -> str:
    return _quoted(relocation.from_)


def _slow_joins(facts: Facts, objectives: Objectives) -> Iterator[Reason]:
    if facts.join_p95 is not None and facts.join_p95 > objectives.join_within:
        yield Reason(
            State.STRAINED,
            f"Our joins take {stretch(facts.join_p95)} (p95); "
            f"the objective is {stretch(objectives.join_within)}",
        )


def _fullness(headroom: Headroom) -> Iterator[Reason]:
    if headroom.ratio is None or headroom.ratio > NEARLY_FULL:
        return
    how_full = "Full" if headroom.ratio == 0.0 else f"{percent(1 - headroom.ratio)} full"
    yield Reason(State.STRAINED, f"{how_full}: the capacity is {number(headroom.capacity or 0)}")


def _unread(endpoints: Iterable[EndpointStatus]) -> Iterator[Reason]:
    for endpoint in [e for e in endpoints if e.answering and not e.complete][:_FEW]:
        note = plain_text(endpoint.note) or "a part of it could not be read"
        yield Reason(State.STRAINED, f"The answer of {endpoint.id} is incomplete: {note}")


def _left_out(facts: Facts) -> Iterator[Reason]:
    if facts.left_out:
        yield Reason(
            State.STRAINED,
            "More rooms opened and ended within 10 min than can be followed: some are not shown",
        )


def _all_is_well(facts: Facts) -> str:
    if facts.door is not None and facts.door.success_ratio is not None:
        return f"{percent(facts.door.success_ratio)} of joins get in"
    if len(facts.endpoints) == 1:
        return f"Node {facts.endpoints[0].id} answers"
    return f"All {len(facts.endpoints)} nodes answer"
