"""How a service is doing, with the reasons in plain words, the worst first.

Each rule looks at one thing and gives its reasons. The worst state of all reasons is the service's
at that moment; `steady.py` keeps it from flapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from probes.config.objectives import Objectives
from probes.model import Disputed, Headroom, State, plain_text
from probes.state.disputes import in_words
from probes.state.endings import endings
from probes.state.facts import EndpointStatus, Facts
from probes.state.joining import failing_joins, our_failing_joins, slow_joins, storm
from probes.state.steady import MOST_REASONS, SEVERITY, Reason, Verdict
from probes.watching.wording import number, percent, span, stretch

NEARLY_FULL = 0.05
SOON_FULL = 600.0
"""Seconds to full, in the service's time, from which it is worth a word."""
NO_LONGER_FULL = 0.07

_FEW = 3
_LONGEST_WHY = 240
_FULL = "full"


def judge(facts: Facts, objectives: Objectives) -> Verdict:
    """The state and its reasons: the worst first, an end before what follows from it, never none."""
    silence = list(_silence(facts.endpoints))
    if silence and silence[0].state is State.UNKNOWN:
        return Verdict(State.UNKNOWN, (silence[0].text,), facts.held)
    reasons = [
        *endings(facts.relocations, facts.participants, facts.differing),
        *failing_joins(facts, objectives),
        *our_failing_joins(facts, objectives),
        *silence,
        *storm(facts.door),
        *slow_joins(facts, objectives),
        *_fullness(facts),
        *_disagreements(facts),
        *_unread(facts.endpoints),
        *_left_out(facts),
    ]
    reasons.sort(key=lambda reason: -SEVERITY[reason.state])
    worst = reasons[0].state if reasons else State.OK
    texts = [reason.text for reason in reasons] or [_all_is_well(facts)]
    held = {reason.rule: reason.state for reason in reasons if reason.rule}
    return Verdict(worst, (*texts[:MOST_REASONS], *_paces(facts.endpoints)), held)


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


def _fullness(facts: Facts) -> Iterator[Reason]:
    """How full it is as a whole, and else which parts of it are full."""
    headroom = facts.headroom
    yield from _soon_full(headroom)
    if headroom.seconds_to_full != 0:
        yield from (Reason(State.STRAINED, text) for text in facts.full)
    limit = NO_LONGER_FULL if _FULL in facts.held else NEARLY_FULL
    if headroom.ratio is None or headroom.ratio > limit:
        return
    how_full = "Full" if headroom.ratio == 0.0 else f"{percent(1 - headroom.ratio)} full"
    yield Reason(State.STRAINED, f"{how_full}: the capacity is {number(headroom.capacity or 0)}", _FULL)


def _disagreements(facts: Facts) -> Iterator[Reason]:
    """What is not said already: that our joins fail and the service's do not has a rule of its own."""
    for each in facts.disagreements:
        said = each.what == Disputed.JOINS and each.sources[0][1] > each.sources[1][1]
        if not said:
            yield Reason(State.STRAINED, f"Sources disagree: {in_words(each)}")


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
