"""The values that follow from observations: what is known of the services at this tick."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from probes.metrics.labels import label
from probes.metrics.table import OTHER
from probes.model import (
    JOIN_OUTCOMES,
    Cause,
    Disputed,
    Headroom,
    NodeView,
    Observation,
    Observer,
    Relocation,
    RoomView,
    State,
)

Point = tuple[str, tuple[str, ...], float]
"""A metric's name, its label values in the table's order, and the value."""

NODE_SERIES, ROOM_SERIES, RELOCATION_SERIES = 5, 3, 7

SERVICE_SERIES = 23 + len(State) + len(JOIN_OUTCOMES) + len(Cause) + len(Disputed) + 1 + NODE_SERIES
"""The most series of one service with its nodes and rooms in one sum each, and no relocations."""


def points(observations: Sequence[Observation], budget: int) -> Iterator[Point]:
    """All values of `observations`, in at most `budget` series.

    Where the budget is short, nodes come before relocations and relocations
    before rooms, each shared evenly among the services; what is left out is
    summed up under `_other`.
    """
    shown = observations[: budget // SERVICE_SERIES]
    left = budget - len(shown) * SERVICE_SERIES
    nodes = _fair([max(0, len(o.nodes) - 1) for o in shown], left // NODE_SERIES)
    left -= sum(nodes) * NODE_SERIES
    current = [_current(o.relocations) for o in shown]
    relocations = _fair([len(each) for each in current], left // RELOCATION_SERIES)
    left -= sum(relocations) * RELOCATION_SERIES
    rooms = _fair([len(o.rooms) for o in shown], left // ROOM_SERIES)
    for i, observation in enumerate(shown):
        service = label(observation.name)
        yield from _service(service, observation)
        yield from _counts(service, observation)
        yield from _nodes(service, observation.nodes, nodes[i] + 1)
        yield from _relocations(service, current[i][: relocations[i]], observation.lost)
        yield from _rooms(service, observation, rooms[i])


def _fair(wants: Sequence[int], budget: int) -> list[int]:
    """Share `budget` among `wants`: nobody gets more than it wants, nobody less than an even share."""
    given = [0] * len(wants)
    order = sorted(range(len(wants)), key=lambda i: wants[i])
    for done, i in enumerate(order):
        given[i] = min(wants[i], budget // (len(wants) - done))
        budget -= given[i]
    return given


def _known(name: str, labels: tuple[str, ...], value: float | None) -> Iterator[Point]:
    if value is not None:
        yield name, labels, float(value)


def _service(service: str, seen: Observation) -> Iterator[Point]:
    one = (service,)
    for state in State:
        yield "rooms_state", (service, state.value), float(seen.state is state)
    yield "rooms_service_complete", one, float(seen.complete)
    yield "rooms_collapsed", one, float(seen.collapsed)
    yield from _known("rooms_open", one, seen.rooms_open)
    yield from _known("rooms_service_participants", one, seen.participants)
    yield from _known("rooms_service_timestamp_seconds", one, seen.service_time)
    yield from _known("rooms_service_pace_ratio", one, seen.pace)
    yield from _known("rooms_snapshot_timestamp_seconds", one, seen.observed_at)
    yield from _known("rooms_poll_interval_seconds", one, seen.poll_interval)
    yield from _headroom(service, seen.headroom)


def _headroom(service: str, free: Headroom) -> Iterator[Point]:
    one = (service,)
    yield from _known("rooms_capacity", one, free.capacity)
    if free.capacity is not None:
        yield "rooms_capacity_observed", one, float(free.source == "observed")
    yield from _known("rooms_headroom_ratio", one, free.ratio)
    yield from _known("rooms_seconds_to_full", (service, "", ""), free.seconds_to_full)
    yield from _known("rooms_soonest_seconds_to_full", one, free.soonest)
    yield from _known("rooms_latest_seconds_to_full", one, free.latest)
    yield from _known("rooms_growth_per_second", one, free.growth)
    yield from _known("rooms_growth_low_per_second", one, free.growth_low)
    yield from _known("rooms_growth_high_per_second", one, free.growth_high)


def _counts(service: str, seen: Observation) -> Iterator[Point]:
    door = seen.door
    if door is not None:
        yield from _known("rooms_door_waiting", (service,), door.waiting)
        yield from _known("rooms_door_tries_per_second", (service,), door.tries_per_second)
        yield from _known("rooms_door_tries_per_person", (service,), door.tries_per_person)
        if door.observer is Observer.SERVICE:
            yield "rooms_retry_storm", (service,), float(door.storm)
            for outcome in JOIN_OUTCOMES:
                yield (
                    "rooms_join_attempts_total",
                    (service, outcome.value),
                    float(door.totals.get(outcome, 0)),
                )
    disagree = {each.what for each in seen.disagreements}
    for subject in Disputed:
        yield "rooms_sources_disagree", (service, subject.value), float(subject.value in disagree)
    for cause in Cause:
        yield "rooms_relocations_total", (service, cause.value), float(seen.relocations_total.get(cause, 0))
    yield "rooms_relocations_retracted_total", (service,), float(seen.retractions_total)


def _nodes(service: str, nodes: Sequence[NodeView], limit: int) -> Iterator[Point]:
    own = limit if len(nodes) <= limit else limit - 1
    taken: set[str] = set()
    for node in nodes[:own]:
        name = label(node.id)
        if name not in taken:
            taken.add(name)
            yield from _node((service, name), [node])
    if len(nodes) > own:
        yield from _node((service, OTHER), nodes[own:])


def _node(labels: tuple[str, str], nodes: Sequence[NodeView]) -> Iterator[Point]:
    """One node, or several together: their sums, and the worst of them."""
    yield "rooms_node_up", labels, float(all(n.answering for n in nodes))
    yield from _known("rooms_node_participants", labels, _sum(n.participants for n in nodes))
    yield from _known("rooms_node_capacity", labels, _sum(n.capacity for n in nodes))
    yield from _known("rooms_seconds_to_full", (*labels, ""), _least(n.seconds_to_full for n in nodes))
    seen = [n.observed_at for n in nodes if n.observed_at is not None]
    yield from _known("rooms_node_snapshot_timestamp_seconds", labels, min(seen) if seen else None)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def _least(values: Iterable[float | None]) -> float | None:
    """Full is who is full first; None while nobody's time is known."""
    return min((v for v in values if v is not None), default=None)


def _current(relocations: Sequence[Relocation]) -> list[Relocation]:
    """The newest unsettled relocation of each lineage, newest first."""
    newest: dict[str, Relocation] = {}
    for relocation in sorted(relocations, key=lambda r: r.at):
        if not relocation.settled:
            newest[label(relocation.lineage)] = relocation
    return sorted(newest.values(), key=lambda r: -r.at)


def _relocations(service: str, relocations: Iterable[Relocation], lost: Collection[str]) -> Iterator[Point]:
    for it in relocations:
        labels = (service, label(it.lineage))
        yield "rooms_relocation_timestamp_seconds", labels, it.at
        yield "rooms_relocation_lost", labels, float(it.lineage in lost)
        yield "rooms_relocation_confidence_ratio", labels, it.confidence
        yield from _known("rooms_relocation_participants_before", labels, it.participants_before)
        yield from _known("rooms_relocation_participants_now", labels, it.participants_now)
        yield from _known("rooms_relocation_carried_over_ratio", labels, it.carried_over)
        yield from _known("rooms_relocation_dark_seconds", labels, it.dark_seconds)


def _rooms(service: str, seen: Observation, own: int) -> Iterator[Point]:
    people: dict[tuple[str, str], int | None] = {}
    capacity: dict[tuple[str, str], int | None] = {}
    full: dict[tuple[str, str], float | None] = {}
    for room in seen.rooms[:own]:
        key = label(room.node), label(room.id)
        # Two names that become one label are one series: a doubled line would fail the whole scrape.
        people[key] = _sum((people.get(key), room.participants))
        capacity[key] = _sum((capacity.get(key), room.capacity))
        full[key] = _least((full.get(key), room.seconds_to_full))
    for (node, name), count in people.items():
        yield from _known("rooms_participants", (service, node, name), count)
    for (node, name), most in capacity.items():
        yield from _known("rooms_room_capacity", (service, node, name), most)
    for (node, name), left in full.items():
        yield from _known("rooms_seconds_to_full", (service, node, name), left)
    yield from _other(service, seen, seen.rooms[own:])


def _other(service: str, seen: Observation, left_out: Sequence[RoomView]) -> Iterator[Point]:
    yield "rooms_other", (service,), float(seen.other.rooms + len(left_out))
    rest = _sum((seen.other.participants if seen.other.rooms else None, *(r.participants for r in left_out)))
    yield from _known("rooms_participants", (service, OTHER, OTHER), rest)
