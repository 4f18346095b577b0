"""The components of the status page: what works and what does not, and how it was in each 20 minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from dashboard.conditional import digest
from dashboard.public.day import BAR, BARS, Bar, Component
from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.figures import rounded_share
from dashboard.public.panels.tones import joins_now
from dashboard.public.status.past import Bin, Past
from probes.config.embed import PublicPanel
from probes.model import Outcome, State
from probes.state.joining import FAILING_BELOW, FEWEST_FAILING, FEWEST_STRAINED

MOST_NODES = 20
WORST_FIRST = (State.FAILING, State.UNKNOWN, State.STRAINED, State.OK)
_FEWEST_FAILED = {State.STRAINED: FEWEST_STRAINED, State.FAILING: FEWEST_FAILING}
_HARDLY_AWAY = 0.99
_UNHEARD = (Outcome.NO_MEDIA, Outcome.SILENT)
_WORKS = (State.OK, State.STRAINED)

_Count = tuple[float, float]
"""How much was good, and how much there was."""


def components(
    service: ServiceFacts, past: Past, nodes: Sequence[str], facts: Facts, exact: bool
) -> tuple[Component, ...]:
    """What is shown of one service up to now. `nodes`: the ids of its public nodes, in their order."""
    last = int(facts.at // BAR)
    bins = [past.bins.get(index, Bin()) for index in range(last - BARS + 1, last + 1)]
    starts = [BAR * index for index in range(last - BARS + 1, last + 1)]

    def component(
        name: str, label: str, state: State, count: Callable[[Bin], _Count], bar: Callable[[Bin], Bar]
    ) -> Component:
        told = [count(each) for each in bins]
        good, all_ = sum(good for good, _ in told), sum(all_ for _, all_ in told)
        return Component(
            key=digest(f"{service.name}\0{name}".encode()),
            service=service.label,
            label=label,
            state=state,
            gone=name.startswith("node") and state is State.FAILING,
            share=public_share(good / all_, exact) if all_ else None,
            bars=tuple(_placed(bar(each), at) for each, at in zip(bins, starts, strict=True)),
        )

    made = [component("service", service.label, service.state, _worked, _by_state)]
    if PublicPanel.JOINS in facts.panels:
        goal = service.goal

        def joining(each: Bin) -> Bar:
            return _by_share(_joined(each), goal, exact)

        def hearing(each: Bin) -> Bar:
            return _by_share(_heard(each), goal, exact)

        if service.success is not None or any(_joined(each)[1] for each in bins):
            made.append(component("joins", "Joining a room", joins_now(service), _joined, joining))
        if any(each.tries[outcome] for each in bins for outcome in _UNHEARD):
            heard = [bar.state for each in bins if (bar := hearing(each)).success is not None]
            now = heard[-1] if heard else State.UNKNOWN
            made.append(component("sound", "Hearing the speakers", now, _heard, hearing))
    if PublicPanel.NODES in facts.panels:
        alike = Counter[str]()
        for node, public in zip(nodes[:MOST_NODES], service.nodes, strict=False):
            alike[public.label] += 1  # its key is made of what is public: an id could be guessed and tried
            made.append(
                component(
                    f"node\0{public.label}\0{alike[public.label]}",
                    public.label,
                    State.OK if public.answering else State.FAILING,
                    lambda each, node=node: _answered(each, node),  # type: ignore[misc]
                    lambda each, node=node: _by_answers(each, node),  # type: ignore[misc]
                )
            )
    return tuple(made)


def public_share(share: float, exact: bool) -> float | None:
    """`share` as round as the config says, or down to hundredths of a percent."""
    return int(share * 10_000 + 1e-6) / 10_000 if exact else rounded_share(share, False)


def _placed(bar: Bar, at: float) -> Bar:
    return Bar(at=at, state=bar.state, shares=bar.shares, success=bar.success)


# --- A service by its state ---


def _worked(each: Bin) -> _Count:
    known = sum(seconds for state, seconds in each.seconds.items() if state is not State.UNKNOWN)
    return sum(each.seconds.get(state, 0.0) for state in _WORKS), known


def _by_state(each: Bin) -> Bar:
    """The worst that was known counts: a bar is unknown only where nothing else was."""
    known = [state for state in WORST_FIRST if state is not State.UNKNOWN and state in each.seconds]
    shares = {state: round(min(1.0, seconds / BAR), 4) for state, seconds in each.seconds.items()}
    return Bar(at=0.0, state=known[0] if known else State.UNKNOWN, shares=shares)


# --- Joins, and what is heard, by the tries ---


def _joined(each: Bin) -> _Count:
    return each.tries[Outcome.JOINED], each.tries.total()


def _heard(each: Bin) -> _Count:
    """Of those who got in, sound or not."""
    heard = each.tries[Outcome.JOINED]
    return heard, heard + sum(each.tries[outcome] for outcome in _UNHEARD)


def _by_share(count: _Count, goal: float, exact: bool) -> Bar:
    good, all_ = count
    if not all_:
        return Bar(at=0.0)
    return Bar(at=0.0, state=state_of_share(good, all_, goal), success=public_share(good / all_, exact))


def state_of_share(good: float, all_: float, goal: float) -> State:
    """As a service's state is told of its joins: below the goal or clearly so, and not by chance."""
    share, failed = good / all_, all_ - good
    if share < FAILING_BELOW and failed >= _FEWEST_FAILED[State.FAILING]:
        return State.FAILING
    return State.STRAINED if share < goal and failed >= _FEWEST_FAILED[State.STRAINED] else State.OK


# --- Nodes ---


def _answered(each: Bin, node: str) -> _Count:
    answered = each.answered.get(node, 0.0)
    return answered, answered + each.silent.get(node, 0.0)


def _by_answers(each: Bin, node: str) -> Bar:
    answered, all_ = _answered(each, node)
    if not all_:
        return Bar(at=0.0)
    share = answered / all_
    state = State.OK if share >= _HARDLY_AWAY else State.STRAINED if share >= 0.5 else State.FAILING
    return Bar(at=0.0, state=state)
