"""What no service can make of the metrics: hostile names, and more rooms, nodes and probes than fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from probes.metrics import SERIES_LIMIT, Metrics
from probes.model import LABEL_BYTES, TOP_ROOMS, JoinAttempt, OtherRooms, Outcome
from tests.probes.exposed import series, shown, value
from tests.probes.seen import node, observation, relocation, result, room, rooms, tick

HOSTILE = [
    'say "hello"',
    "two\nlines",
    "back\\slash \\n",
    "\x00\x07\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "x" * 10_000,
    "é" * 64,
    "日本" * 100,
    "<!channel> %{x} ${jndi}",
    "",
    " ",
    "_other",
    "}\nrooms_open 1e99\n#",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_room_id_is_one_short_valid_label(name: str) -> None:
    metrics = shown(observation(rooms=(room(name, participants=5),), other=OtherRooms()))
    found = [labels for n, labels, v in series(metrics) if n == "rooms_participants" and v == 5]
    assert len(found) == 1
    label = found[0]["room"]
    assert 0 < len(label.encode()) <= LABEL_BYTES
    assert label.isprintable()
    assert label != "_other"
    assert value(metrics, "rooms_open") == 1


def test_ids_that_are_cut_to_the_same_beginning_stay_two_rooms() -> None:
    long = "x" * 500
    metrics = shown(observation(rooms=(room(long + "a", participants=1), room(long + "b", participants=2))))
    assert sorted(
        v
        for n, labels, v in series(metrics)
        if labels.get("room", "").startswith("xx") and n == "rooms_participants"
    ) == [1, 2]


def test_rooms_that_still_come_to_one_label_are_summed_into_one_series() -> None:
    """A doubled line would make Prometheus refuse the whole page."""
    same = (room("r1", participants=1), room("r1", participants=2))
    assert value(shown(observation(rooms=same)), "rooms_participants", room="r1") == 3


@given(st.lists(st.text(max_size=300), max_size=30))
def test_whatever_rooms_are_called_the_page_reads_back_with_every_person_on_it(ids: list[str]) -> None:
    many = tuple(room(name, node=name[:3], participants=1) for name in ids)
    metrics = shown(observation(rooms=many, other=OtherRooms()))
    people = [
        (tuple(sorted(labels.items())), v) for n, labels, v in series(metrics) if n == "rooms_participants"
    ]
    assert sum(v for _, v in people) == len(ids)
    assert len({key for key, _ in people}) == len(people)


def test_the_largest_rooms_have_series_and_the_rest_is_one_sum() -> None:
    metrics = shown(observation(rooms=rooms(TOP_ROOMS), other=OtherRooms(rooms=99_800, participants=123_456)))
    own = [
        labels for n, labels, _ in series(metrics) if n == "rooms_participants" and labels["room"] != "_other"
    ]
    assert len(own) == TOP_ROOMS
    assert value(metrics, "rooms_participants", room="_other") == 123_456
    assert value(metrics, "rooms_other") == 99_800


@pytest.mark.parametrize(
    ("services", "nodes", "joins"),
    [(1, 1, 1), (1, 64, 1), (1, 64, 64), (4, 16, 16), (32, 1, 1), (32, 64, 64)],
)
def test_the_number_of_series_is_bounded_whatever_is_watched(services: int, nodes: int, joins: int) -> None:
    """32 services of 64 nodes that all join is the most that a config can name."""
    every = [f"service-{i}" for i in range(services)]
    probes = [(s, f"n{i}", "rooms", False) for s in every for i in range(nodes)]
    probes += [(s, f"n{i}", "join", True) for s in every for i in range(joins)]
    metrics = Metrics()
    metrics.watch(probes)
    stages = {f"stage-{i}": 0.1 for i in range(30)}
    attempt = JoinAttempt(room="r", outcome=Outcome.JOINED, stages=stages)
    for service, node_id, probe, is_join in probes:
        outcome = Outcome.JOINED if is_join else Outcome.OK
        metrics.record(
            result(probe, outcome, service=service, node=node_id, attempt=attempt if is_join else None)
        )
    seen = [
        observation(
            s,
            rooms=tuple(replace(room, seconds_to_full=60.0) for room in rooms(300)),
            nodes=tuple(replace(node(f"n{i}"), seconds_to_full=60.0) for i in range(max(nodes, 100))),
            relocations=tuple(relocation(f"x{i}", lineage=f"l{i}") for i in range(50)),
        )
        for s in every
    ]
    metrics.write(tick(*seen))
    found = list(series(metrics))
    assert len(found) <= SERIES_LIMIT - 50
    assert sum(v for n, _, v in found if n == "roomwatch_probe_runs_total") == len(probes)
    assert sum(v for n, _, v in found if n == "rooms_service_participants") == 40 * services
    people = sum(v for n, _, v in found if n == "rooms_participants")
    assert people == services * (21 + sum(r.participants or 0 for r in rooms(300)))
    assert sum(v for n, _, v in found if n == "rooms_node_participants") == services * 40 * max(nodes, 100)


def test_more_services_than_a_config_can_name_are_left_out_and_stay_within_the_bound() -> None:
    metrics = shown(*(observation(f"service-{i}", rooms=rooms(9)) for i in range(200)))
    assert len(list(series(metrics))) <= SERIES_LIMIT - 50


def test_probes_without_series_of_their_own_show_the_worst_of_them() -> None:
    probes = [("spaces", f"n{i}", "rooms", False) for i in range(200)]
    metrics = Metrics()
    metrics.watch(probes)
    for i in range(200):
        bad = i == 150
        metrics.record(
            result(node=f"n{i}", outcome=Outcome.TIMEOUT if bad else Outcome.OK, seconds=5.0 if bad else 0.01)
        )
    metrics.write(tick(observation()))
    assert value(metrics, "roomwatch_probe_success", rooms_node="n0") == 1
    assert value(metrics, "roomwatch_probe_success", rooms_node="_other") == 0
    assert value(metrics, "roomwatch_probe_last_duration_seconds", rooms_node="_other") == 5


def test_a_silent_node_among_those_without_series_of_their_own_shows() -> None:
    nodes = (*(node(f"n{i}") for i in range(2_000)), node("last", participants=None, answering=False))
    metrics = shown(observation(nodes=nodes))
    assert value(metrics, "rooms_node_up", rooms_node="n0") == 1
    assert value(metrics, "rooms_node_up", rooms_node="_other") == 0
