"""Tells a Watch what polls and joins found, in few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from probes.config.objectives import Objectives
from probes.joins import JoinSettings
from probes.joins.janus_signal import JanusSignalSettings
from probes.model import (
    JoinAttempt,
    NodeReport,
    Observation,
    Outcome,
    ProbeResult,
    Relocation,
    Room,
    SnapshotPart,
)
from probes.services.base import Endpoint, ServiceSettings
from probes.state.steady import Verdict
from probes.watch import Watch


def settings(
    *nodes: str,
    every: float = 1.0,
    audience: int = 10,
    capacity: int | None = None,
    join: JoinSettings | None = None,
) -> ServiceSettings:
    """A service with an endpoint for each of `nodes`."""
    endpoints = [Endpoint(url=f"http://10.0.0.1/{node}", id=node) for node in nodes]
    known = ServiceSettings(name="spaces", kind="http-json", nodes=endpoints, capacity=capacity)
    return known.model_copy(update={"every": every, "audience": audience, "join": join})


JOIN = JanusSignalSettings.model_validate({"via": "janus-signal", "room": "1", "every": "1s"})


class Story:
    """A service, and what its probes found."""

    def __init__(
        self,
        *nodes: str,
        every: float = 1.0,
        audience: int = 10,
        capacity: int | None = None,
        join: JoinSettings | None = None,
        restored: Iterable[Relocation] = (),
        was: Verdict | None = None,
    ) -> None:
        self.settings = settings(
            *(nodes or ("a",)), every=every, audience=audience, capacity=capacity, join=join
        )
        self.objectives = Objectives()
        self.watch = Watch(self.settings, self.objectives, restored, was)

    def poll(
        self,
        node: str,
        at: float,
        people: Mapping[str, int | None] | Iterable[Room] = (),
        *,
        service_time: float | None = None,
        complete: bool = True,
        tells_rooms: bool = True,
        joins: Mapping[Outcome, int] | None = None,
        successors: Mapping[str, str] | None = None,
        nodes: Iterable[NodeReport] = (),
        note: str = "",
        next_in: float | None = None,
        next_in_why: str = "",
    ) -> None:
        """A good answer: rooms as they are, or the people by room id on the node of the endpoint."""
        rooms = (
            [
                Room(id=name, node=node, participants=count, title=f"Room {name}")
                for name, count in people.items()
            ]
            if isinstance(people, Mapping)
            else list(people)
        )
        part = SnapshotPart(
            rooms=rooms,
            complete=complete,
            tells_rooms=tells_rooms,
            service_time=service_time,
            joins=joins or {},
            successors=successors or {},
            nodes=tuple(nodes),
            note=note,
            next_in=next_in,
            next_in_why=next_in_why,
        )
        self.watch.observe(_result(node, "rooms", Outcome.OK, at, part=part, next_in=next_in))

    def fail(
        self, node: str, at: float, outcome: Outcome = Outcome.TIMEOUT, next_in: float | None = None
    ) -> None:
        detail = f"{node} did not answer"
        self.watch.observe(_result(node, "rooms", outcome, at, detail=detail, next_in=next_in))

    def join(
        self, node: str, at: float, outcome: Outcome = Outcome.JOINED, seconds: float = 0.1, room: str = "r"
    ) -> None:
        attempt = JoinAttempt(room=room, outcome=outcome)
        self.watch.observe(_result(node, "join", outcome, at, seconds=seconds, attempt=attempt))

    def see(self, at: float) -> Observation:
        return self.watch.observation(at)


def both(story: Story, at: float, on_a: Mapping[str, int], on_b: Mapping[str, int]) -> None:
    """Good answers of nodes a and b."""
    story.poll("a", at, on_a)
    story.poll("b", at + 0.1, on_b)


def only(story: Story, at: float) -> Relocation:
    """The one relocation there is."""
    relocations = story.see(at).relocations
    assert len(relocations) == 1, relocations
    return relocations[0]


def moved_story() -> Story:
    """668 people on a until second 5, gone at 6, on b from second 10."""
    story = Story("a", "b")
    for at in range(1, 6):
        both(story, at, {"r": 668}, {})
    for at in range(6, 10):
        both(story, at, {}, {})
    both(story, 10, {}, {"r": 100})
    return story


def _result(
    node: str,
    probe: str,
    outcome: Outcome,
    at: float,
    *,
    seconds: float = 0.01,
    part: SnapshotPart | None = None,
    attempt: JoinAttempt | None = None,
    detail: str = "",
    next_in: float | None = None,
) -> ProbeResult:
    return ProbeResult(
        service="spaces",
        node=node,
        probe=probe,
        outcome=outcome,
        at=at,
        seconds=seconds,
        part=part,
        attempt=attempt,
        detail=detail,
        next_in=next_in,
    )
