"""How a service is doing, with the reasons in plain words, the worst first.

Each rule looks at one thing and gives its reasons. The worst state of all reasons is the service's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from probes.config.objectives import Objectives
from probes.model import Cause, Door, Headroom, Observer, Outcome, Relocation, State, Status, plain_text
from probes.watching.wording import clock, number, percent, span, stretch

FAILING_BELOW = 0.95
"""The share of joins below which a service is failing, whatever its objective."""

FEWEST_STRAINED = 2
FEWEST_FAILING = 3
"""How many failed tries it takes to call joins strained or failing: one bad try is no news."""

NEARLY_FULL = 0.05
SOON_FULL = 600.0
"""Seconds to full, in the service's time, from which it is worth a word."""
MOST_REASONS = 8
_FEW = 3
_LONGEST_WHY = 240

_SEVERITY = {State.OK: 0, State.STRAINED: 1, State.FAILING: 2, State.UNKNOWN: 3}


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint as the state's rules see it.

    `silent_for`: seconds since its last good answer; `detail`: what its last failed poll said;
    `pace`: in words, that it is polled less often than configured.
    """

    id: str
    answering: bool
    silent_for: float | None
    why: Outcome | None
    detail: str = ""
    complete: bool = True
    note: str = ""
    pace: str = ""


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
    worst = reasons[0].state if reasons else State.OK
    texts = [reason.text for reason in reasons] or [_all_is_well(facts)]
    return worst, (*texts[:MOST_REASONS], *_paces(facts.endpoints))


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
    for relocation in sorted(live, key=lambda r: (-(r.participants_before or 0), r.id))[:_FEW]:
        before = relocation.participants_before or 0
        share = before / (before + (facts.participants or 0)) if before else 0.0
        if relocation.cause is Cause.ENDED:
            if share >= 0.1:
                yield Reason(State.FAILING if share >= 0.5 else State.STRAINED, _ended(relocation, before))
        elif share >= 0.1 and relocation.carried_over is not None and relocation.carried_over < 0.5:
            yield Reason(State.STRAINED, _moved(relocation))


def _ended(relocation: Relocation, before: int) -> str:
    return (
        f"Room {_named(relocation)} ended at {clock(relocation.at)} with {number(before)} listening; "
        "no successor is known"
    )


def _moved(relocation: Relocation) -> str:
    to = relocation.to.node if relocation.to else ""
    dark = f" after {stretch(relocation.dark_seconds)} dark" if relocation.dark_seconds else ""
    return (
        f"Room {_named(relocation)} moved from {relocation.from_.node} to {to}{dark}; "
        f"{percent(relocation.carried_over or 0.0)} of its people have followed"
    )


def _named(relocation: Relocation) -> str:
    return f"“{plain_text(relocation.from_.title or relocation.from_.room, 80)}”"


def _slow_joins(facts: Facts, objectives: Objectives) -> Iterator[Reason]:
    if facts.join_p95 is not None and facts.join_p95 > objectives.join_within:
        yield Reason(
            State.STRAINED,
            f"Our joins take {stretch(facts.join_p95)} (p95); "
            f"the objective is {stretch(objectives.join_within)}",
        )


def _fullness(headroom: Headroom) -> Iterator[Reason]:
    yield from _soon_full(headroom)
    if headroom.ratio is None or headroom.ratio > NEARLY_FULL:
        return
    how_full = "Full" if headroom.ratio == 0.0 else f"{percent(1 - headroom.ratio)} full"
    yield Reason(State.STRAINED, f"{how_full}: the capacity is {number(headroom.capacity or 0)}")


def _soon_full(headroom: Headroom) -> Iterator[Reason]:
    left, soonest, latest = headroom.seconds_to_full, headroom.soonest, headroom.latest
    if left and left <= SOON_FULL and soonest is not None and latest is not None:
        yield Reason(State.STRAINED, f"Full {span(soonest, latest)} at this growth")


def _unread(endpoints: Iterable[EndpointStatus]) -> Iterator[Reason]:
    for endpoint in [e for e in endpoints if e.answering and not e.complete][:_FEW]:
        note = plain_text(endpoint.note) or "a part of it could not be read"
        yield Reason(State.STRAINED, f"The answer of {endpoint.id} is incomplete: {note}")


def _paces(endpoints: Iterable[EndpointStatus]) -> Iterator[str]:
    """Who is polled less often than configured. That is no state: the service says how often it may be."""
    for endpoint in [e for e in endpoints if e.answering and e.pace][:_FEW]:
        yield f"Node {endpoint.id} {plain_text(endpoint.pace, _LONGEST_WHY)}"


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
