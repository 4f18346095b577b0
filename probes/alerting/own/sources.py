"""Conditions about what we know it from: nodes, answers, and our own probes."""

from __future__ import annotations

from collections.abc import Iterator

from probes.alerting.firing import Firing
from probes.model import Observation
from probes.state.disputes import in_words
from probes.watching.wording import number, stretch

JOIN = "join"
IN_A_ROW = 3
"""Failures of one probe in a row that are no chance."""


def sources(seen: Observation, at: float) -> Iterator[Firing]:
    """What is to be said of our sources at wall time `at`."""
    for node in seen.nodes:
        if not node.answering:
            for_ = "yet" if node.observed_at is None else f"for {stretch(at - node.observed_at)}"
            text = f"Node {node.id} has given no good answer {for_}"
            yield Firing(alert="RoomsNodeDown", since=at, service=seen.name, node=node.id, summary=text)
    for each in seen.disagreements:
        yield Firing(
            alert="RoomsSourcesDisagree", since=at, service=seen.name, what=each.what, summary=in_words(each)
        )
    yield from _probes(seen, at)


def _probes(seen: Observation, at: float) -> Iterator[Firing]:
    for run in seen.probes:
        if run.failures_in_a_row < IN_A_ROW:
            continue
        why = run.detail or run.outcome.replace("_", " ")
        text = f"The last {number(run.failures_in_a_row)} runs of {run.name} at {run.node} failed: {why}"
        yield Firing(
            alert="RoomsProbeFailing",
            since=at,
            service=seen.name,
            node=run.node,
            probe=run.name,
            summary=text,
        )
        if run.name == JOIN:
            text = f"The last {number(run.failures_in_a_row)} joins of our own at {run.node} failed: {why}"
            yield Firing(
                alert="RoomsOwnJoinsFailing", since=at, service=seen.name, node=run.node, summary=text
            )
