"""Conditions about what we know it from: nodes, answers, and our own probes."""

from __future__ import annotations

from collections.abc import Iterator

from probes.alerting import conditions as c
from probes.alerting.firing import Firing, Subject
from probes.alerting.own.grown import Counted, Grown
from probes.model import NodeView, Observation, ProbeView
from probes.state.disputes import in_words
from probes.watching.wording import number, spoken, stretch


class Sources:
    """The sources of one service over time."""

    def __init__(self) -> None:
        self._late: dict[tuple[str, str], Grown] = {}

    def look(self, seen: Observation, at: float, now: float) -> Iterator[Firing]:
        """What is to be said of our sources at wall time `at`, `now` in seconds of the service."""
        yield from _nodes(seen, at)
        yield from _stale(seen, at)
        yield from _disagreements(seen, at)
        yield from _failing(seen, at)
        yield from self._overruns(seen, at, now)

    def _overruns(self, seen: Observation, at: float, now: float) -> Iterator[Firing]:
        """Runs that did not happen, among all that should have."""
        before = self._late
        self._late = {}
        for run in seen.probes:
            key, late = (run.node, run.name), run.overruns + run.missed
            grown = self._late[key] = before.get(key) or Grown([c.OVERRUN_OVER])
            grown.take(Counted(run.runs + late, late), now)
            lately = grown.over(c.OVERRUN_OVER)
            if lately.failed >= c.FEWEST_LATE and lately.share >= c.LATE_SHARE:
                text = (
                    f"{number(round(lately.failed))} runs of {run.name} at {run.node} were left out or late "
                    f"in {stretch(c.OVERRUN_OVER)}; the last took {stretch(run.seconds)}"
                )
                yield _of_probe("RoomsProbeOverrun", seen, run, at, text)


def _nodes(seen: Observation, at: float) -> Iterator[Firing]:
    for node in seen.nodes:
        if not node.answering:
            text = f"Node {node.id} has given no good answer {_since(node, at)}"
            yield Firing(
                Subject(alert="RoomsNodeDown", service=seen.name, node=node.id), since=at, summary=text
            )


def _since(node: NodeView, at: float) -> str:
    return "yet" if node.observed_at is None else f"for {stretch(max(0.0, at - node.observed_at))}"


def _stale(seen: Observation, at: float) -> Iterator[Firing]:
    if seen.observed_at is None:
        return
    age = at - seen.observed_at
    if age > c.STALE_INTERVALS * (seen.poll_interval or 0.0) + c.STALE_BEYOND:
        text = f"No good answer of {seen.name} has come for {stretch(age)}"
        yield Firing(Subject(alert="RoomsDataStale", service=seen.name), since=at, summary=text)


def _disagreements(seen: Observation, at: float) -> Iterator[Firing]:
    for each in seen.disagreements:
        yield Firing(
            Subject(alert="RoomsSourcesDisagree", service=seen.name, what=each.what),
            since=at,
            summary=in_words(each),
        )


def _failing(seen: Observation, at: float) -> Iterator[Firing]:
    for run in seen.probes:
        if run.failures_in_a_row >= c.PROBE_RUN:
            why = run.detail or spoken(run.outcome)
            text = f"The last {number(run.failures_in_a_row)} runs of {run.name} at {run.node} failed: {why}"
            yield _of_probe("RoomsProbeFailing", seen, run, at, text)


def _of_probe(alert: str, seen: Observation, run: ProbeView, at: float, text: str) -> Firing:
    return Firing(
        Subject(alert=alert, service=seen.name, node=run.node, probe=run.name), since=at, summary=text
    )
