"""The state's rules about people who try to join: those who fail, those who wait long, those who storm."""

from __future__ import annotations

from collections.abc import Iterator

from probes.config.objectives import Objectives
from probes.model import Disputed, Door, Observer, Outcome, State
from probes.state.facts import Facts
from probes.state.steady import Reason
from probes.watching.odds import bounds
from probes.watching.wording import number, percent, spoken, stretch

FAILING_BELOW = 0.95
"""The share of joins below which a service is failing, whatever its objective."""

FEWEST_STRAINED = 2
FEWEST_FAILING = 3
"""How many failed tries it takes to call joins strained or failing: one bad try is no news."""

EASED = 0.8
"""Joins are held against the service until fewer fail than this share of what it takes to begin."""

_FEW = 3
_JOINS = "joins"


def failing_joins(facts: Facts, objectives: Objectives) -> Iterator[Reason]:
    """Joins that get in, in time where we see how long they take, against the objective."""
    door = facts.door
    if door is None or door.success_ratio is None:
        return
    slow = facts.slow / facts.tries if door.observer is Observer.PROBE and facts.tries else 0.0
    good = door.success_ratio - slow
    held = facts.held.get(_JOINS, State.OK)
    state = _how_bad(good, facts.tries, objectives.join_success, held)
    if state is State.OK:
        return
    shares = {spoken(outcome): share for outcome, share in door.errors.items()}
    if slow:
        shares[f"longer than {stretch(objectives.join_within)}"] = slow
    worst = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))[:_FEW]
    who = "our joins" if door.observer is Observer.PROBE else "joins"
    fail = "fail or are slow" if slow else "fail"
    objective = f"the objective is {percent(1 - objectives.join_success)}"
    if good >= objectives.join_success:
        objective += ", only just met"
    text = f"{percent(1 - good)} of {who} {fail}: {_listed(worst)}; {objective}"
    if state is State.FAILING and Disputed.JOINS in facts.differing and _ours_are_good(facts):
        # One of two sources alone is no proof.
        yield Reason(State.STRAINED, f"{text}; of our own joins {_share_of_ours(facts)} get in", _JOINS)
    else:
        yield Reason(state, text, _JOINS)


def _how_bad(good: float, tries: int, objective: float, held: State) -> State:
    """What a share of good joins comes to. Failing needs a share that so few tries do not show by chance."""
    failed = round((1 - good) * tries)
    lowest = min(FAILING_BELOW, objective)
    clear = failed >= FEWEST_FAILING and bounds(good * tries, tries)[1] < lowest
    if (good < lowest and clear) or (held is State.FAILING and 1 - good > EASED * (1 - lowest)):
        return State.FAILING
    limit = 1 - objective if held is State.OK else EASED * (1 - objective)
    return State.STRAINED if failed >= FEWEST_STRAINED and 1 - good > limit else State.OK


def _listed(shares: list[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in shares)


def _ours_are_good(facts: Facts) -> bool:
    return facts.own[Outcome.JOINED] >= FAILING_BELOW * facts.own.total()


def _share_of_ours(facts: Facts) -> str:
    return percent(facts.own[Outcome.JOINED] / facts.own.total())


def our_failing_joins(facts: Facts, objectives: Objectives) -> Iterator[Reason]:
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
    why = ", ".join(spoken(outcome) for _, outcome in worst)
    ours = f"our last {tried} joins"
    how_many = f"None of {ours} got in" if failed == tried else f"{failed} of {ours} fail"
    if door.success_ratio is None:
        yield Reason(State.FAILING, f"{how_many}: {why}; the service counts no tries")
    else:
        # One of two sources alone is no proof.
        share = percent(door.success_ratio)
        yield Reason(State.STRAINED, f"{how_many}: {why}; the service says that {share} get in")


def storm(door: Door | None) -> Iterator[Reason]:
    if door is not None and door.storm and door.tries_per_second is not None:
        each = f"{door.tries_per_person:.0f} tries each" if door.tries_per_person else "many tries each"
        yield Reason(
            State.STRAINED,
            f"Retry storm: {number(round(door.tries_per_second))} tries a second, {each}, "
            "and no more people get in than before",
        )


def slow_joins(facts: Facts, objectives: Objectives) -> Iterator[Reason]:
    """Slow joins of ours where the service counts for itself: its counters do not tell how long one takes."""
    if facts.door is None or facts.door.observer is Observer.PROBE or not facts.slow:
        return
    got_in = facts.own[Outcome.JOINED]
    if facts.slow >= FEWEST_STRAINED and facts.slow > (1 - objectives.join_success) * got_in:
        yield Reason(
            State.STRAINED,
            f"{facts.slow} of our last {got_in} joins that got in took longer than "
            f"{stretch(objectives.join_within)}; the objective is {percent(1 - objectives.join_success)}",
        )
