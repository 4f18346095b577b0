"""One service's observation: what is known, what is unknown, and what never changes it."""

from __future__ import annotations

from probes.config.objectives import Objectives
from probes.model import (
    TOP_ROOMS,
    NodeReport,
    Observation,
    OtherRooms,
    Outcome,
    Room,
    RoomState,
    State,
)
from tests.probes.watching import JOIN, Story, settings

A, B = "a", "b"


def people_by_node(seen: Observation) -> dict[str, int | None]:
    return {node.id: node.participants for node in seen.nodes}


# --- Known and unknown ---


def test_before_the_first_answer_all_is_unknown() -> None:
    seen = Story(A, B).see(100)
    assert seen.state is State.UNKNOWN
    assert (seen.participants, seen.rooms_open, seen.observed_at, seen.service_time) == (None,) * 4
    assert not seen.complete
    assert [(n.id, n.answering, n.participants, n.observed_at) for n in seen.nodes] == [
        (A, False, None, None),
        (B, False, None, None),
    ]


def test_the_newest_answers_of_all_nodes_are_joined() -> None:
    story = Story(A, B)
    story.poll(A, 1.0, {"r": 10, "s": 3})
    story.poll(B, 1.5, {"t": 7})
    story.poll(A, 2.0, {"r": 11})
    seen = story.see(2.4)
    assert (seen.participants, seen.rooms_open, seen.complete) == (18, 2, True)
    assert people_by_node(seen) == {A: 11, B: 7}
    assert [(room.id, room.node, room.participants) for room in seen.rooms] == [("r", A, 11), ("t", B, 7)]


def test_the_age_to_worry_about_is_that_of_the_oldest_number_in_the_sums() -> None:
    story = Story(A, B)
    story.poll(A, 1.0)
    story.poll(B, 1.5)
    story.poll(A, 2.0)
    assert story.see(2.4).observed_at == 1.5
    assert story.see(3.8).observed_at == 2.0, "b is silent: its age is no longer in the sums"
    assert story.see(9.0).observed_at == 2.0, "nobody answers: the newest answer there was"


def test_a_node_is_unknown_after_two_intervals_whatever_is_in_flight() -> None:
    story = Story(A, B, every=2.0)
    story.poll(A, 10, {"r": 10})
    story.poll(B, 10, {"s": 5})
    story.poll(B, 12, {"s": 5})
    story.poll(B, 14, {"s": 6})
    known = story.see(14.0)
    assert (known.participants, known.complete) == (16, True)
    silent = story.see(14.01)
    assert (silent.participants, silent.rooms_open, silent.complete) == (6, 1, False)
    assert people_by_node(silent) == {A: None, B: 6}
    assert [(room.id, room.participants) for room in silent.rooms] == [("r", None), ("s", 6)]
    assert {node.id: node.observed_at for node in silent.nodes} == {A: 10, B: 14}


def test_a_silent_node_is_well_again_with_its_first_good_answer() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 10})
    for at in range(2, 9):
        story.fail(A, at)
    assert story.see(8.5).participants is None
    story.poll(A, 9, {"r": 12})
    assert (story.see(9.1).participants, story.see(9.1).state) == (12, State.OK)


def test_an_incomplete_answer_makes_the_sum_incomplete() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 10}, complete=False, note="2 rooms have no id")
    seen = story.see(1.5)
    assert (seen.participants, seen.complete) == (10, False)
    assert any("2 rooms have no id" in reason for reason in seen.reasons)


def test_an_empty_answer_is_nobody_and_not_unknown() -> None:
    story = Story(A)
    story.poll(A, 1)
    seen = story.see(1.5)
    assert (seen.participants, seen.rooms_open, seen.complete) == (0, 0, True)


def test_rooms_without_counts_leave_the_people_unknown() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": None, "s": None})
    seen = story.see(1.5)
    assert (seen.participants, seen.rooms_open, seen.complete) == (None, 2, False)
    assert people_by_node(seen) == {A: None}
    story.poll(A, 2, {"r": None, "s": 4})
    seen = story.see(2.5)
    assert (seen.participants, seen.complete) == (4, False)


def test_rooms_that_are_not_open_are_not_counted() -> None:
    story = Story(A)
    story.poll(
        A,
        1,
        [
            Room(id="r", node=A, participants=5),
            Room(id="later", node=A, participants=1, state=RoomState.SCHEDULED),
            Room(id="over", node=A, participants=900, state=RoomState.ENDED),
        ],
    )
    seen = story.see(1.5)
    assert (seen.participants, seen.rooms_open) == (5, 1)
    assert [room.id for room in seen.rooms] == ["r"]


def test_results_of_a_node_that_has_left_are_ignored() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 1})
    story.poll("gone", 1, {"s": 100})
    assert story.see(1.5).participants == 1


def test_a_reload_adds_and_takes_nodes_and_loses_nothing_else() -> None:
    story = Story(A, B)
    story.poll(A, 1, {"r": 10})
    story.poll(B, 1, {"s": 5})
    story.watch.follow(settings(B, "c"), Objectives())
    seen = story.see(1.5)
    assert people_by_node(seen) == {B: 5, "c": None}
    assert (seen.participants, seen.complete) == (5, False)
    assert [probe.node for probe in seen.probes] == [B]


# --- Nodes ---


def test_rooms_name_the_nodes_and_an_endpoint_that_only_speaks_for_others_is_none() -> None:
    story = Story("api")
    story.poll("api", 1, [Room(id="r", node="n1", participants=4), Room(id="s", node="n2", participants=5)])
    assert people_by_node(story.see(1.5)) == {"n1": 4, "n2": 5}


def test_a_node_whose_rooms_are_gone_stays_with_nobody_on_it() -> None:
    story = Story("api")
    story.poll("api", 1, [Room(id="r", node="n1", participants=4)])
    story.poll("api", 2)
    assert people_by_node(story.see(2.5)) == {"n1": 0}
    story.poll("api", 3, [Room(id="s", node="n2", participants=5)])
    assert people_by_node(story.see(3.5)) == {"n1": 0, "n2": 5}
    story.poll("api", 2000, [Room(id="s", node="n2", participants=5)])
    assert people_by_node(story.see(2000.5)) == {"n2": 5}
    story.poll("api", 4000)
    assert people_by_node(story.see(4000.5)) == {"n2": 0}, "the nodes named last stay"


def test_the_nodes_that_a_silent_endpoint_speaks_for_are_silent() -> None:
    story = Story("api")
    story.poll("api", 1, [Room(id="r", node="n1", participants=4)])
    seen = story.see(10)
    assert [(n.id, n.answering, n.participants) for n in seen.nodes] == [("n1", False, None)]


def test_reports_name_nodes_and_tell_people_where_rooms_do_not() -> None:
    story = Story("api")
    reports = [
        NodeReport(id="n1", label="EU 1", participants=40, capacity=100),
        NodeReport(id="n2", participants=2),
    ]
    story.poll("api", 1, [Room(id="r", node="n1", participants=None)], nodes=reports)
    seen = story.see(1.5)
    assert [(n.id, n.label, n.participants, n.capacity) for n in seen.nodes] == [
        ("n1", "EU 1", 40, 100),
        ("n2", "", 2, None),
    ]
    assert seen.participants == 42


def test_people_of_a_room_on_two_nodes_are_shown_where_they_are_and_counted_once() -> None:
    """The room is listed under one of its nodes; the nodes know how many are on each."""
    story = Story("api")
    reports = [
        NodeReport(id="n1", participants=51, in_rooms=True),
        NodeReport(id="n2", participants=49, in_rooms=True),
    ]
    story.poll("api", 1, [Room(id="r", node="n1", participants=100)], nodes=reports)
    seen = story.see(1.5)
    assert people_by_node(seen) == {"n1": 51, "n2": 49}
    assert (seen.participants, seen.rooms_open) == (100, 1)


def test_a_service_that_tells_of_nodes_alone_has_people_and_an_unknown_number_of_rooms() -> None:
    story = Story("api")
    story.poll("api", 1, nodes=[NodeReport(id="n1", participants=7)], tells_rooms=False)
    seen = story.see(1.5)
    assert (seen.participants, seen.rooms_open, seen.complete) == (7, None, True)
    story.poll("api", 2, nodes=[NodeReport(id="n1")], tells_rooms=False)
    seen = story.see(2.5)
    assert (seen.participants, people_by_node(seen)) == (None, {"n1": None})


def test_endpoints_that_tell_of_the_same_room_count_it_once_and_the_newest_counts() -> None:
    story = Story("api1", "api2")
    story.poll(
        "api1", 1.0, [Room(id="r", node="n1", participants=40), Room(id="s", node="n1", participants=1)]
    )
    story.poll("api2", 1.5, [Room(id="r", node="n1", participants=50)])
    seen = story.see(1.6)
    assert (seen.participants, seen.rooms_open) == (51, 2)
    assert people_by_node(seen) == {"n1": 51}
    story.poll("api2", 3.0, [Room(id="r", node="n1", participants=60)])
    seen = story.see(3.5)
    assert [(room.id, room.participants) for room in seen.rooms] == [("r", 60), ("s", None)]
    assert seen.participants == 60


def test_nodes_are_bounded_to_the_biggest() -> None:
    story = Story("api")
    story.poll("api", 1, [Room(id="r", node=f"n{n:03}", participants=n) for n in range(500)])
    seen = story.see(1.5)
    assert len(seen.nodes) == 64
    assert min(node.participants or 0 for node in seen.nodes) == 500 - 64


# --- Rooms ---


def test_the_biggest_rooms_are_shown_and_the_others_summed() -> None:
    story = Story(A)
    rooms = [Room(id=f"r{n:03}", node=A, participants=n // 7, title=f"{999 - n}") for n in range(500)]
    story.poll(A, 1, rooms)
    seen = story.see(1.5)
    assert len(seen.rooms) == TOP_ROOMS
    shown = [(-(room.participants or 0), room.id) for room in seen.rooms]
    assert shown == sorted(shown)
    assert seen.rooms[-1].id == "r294", "of equal rooms the first by id"
    assert seen.other == OtherRooms(
        rooms=300, participants=sum(n // 7 for n in range(500)) - sum(-s for s, _ in shown)
    )
    assert seen.rooms_open == 500


def test_a_small_room_of_a_lineage_is_shown_beyond_the_biggest() -> None:
    story = Story(A, B)
    crowd = {f"r{n:03}": 50 for n in range(300)}
    story.poll(A, 1, {"small": 3})
    story.poll(B, 1, crowd)
    for at in range(2, 5):
        story.poll(A, at)
        story.poll(B, at, {**crowd, "small": 1})
    seen = story.see(4.5)
    assert (seen.rooms[-1].id, seen.rooms[-1].lineage) == ("small", seen.relocations[0].lineage)
    assert (len(seen.rooms), seen.other.rooms) == (TOP_ROOMS + 1, 100)


# --- The service's own time ---


def test_service_time_and_pace_follow_a_replay() -> None:
    story = Story(A, every=0.1)
    for tick in range(21):
        story.poll(A, tick * 0.1, {"r": 1}, service_time=5000 + tick * 1.0)
    seen = story.see(2.05)
    assert (seen.service_time, seen.pace) == (5020, 10)


def test_the_pace_of_a_service_that_keeps_no_time_is_that_of_the_wall() -> None:
    story = Story(A)
    story.poll(A, 1)
    assert story.see(1.5).pace is None
    story.poll(A, 2.03)
    assert (story.see(2.5).pace, story.see(2.5).service_time) == (1.0, 2.03)


def test_a_pace_near_one_is_one() -> None:
    story = Story(A)
    story.poll(A, 1, service_time=100)
    story.poll(A, 3, service_time=102.06)
    assert story.see(3.5).pace == 1.0


# --- Probes ---


def test_the_last_run_of_each_probe_is_shown_with_how_the_recent_ones_went() -> None:
    story = Story(A, join=JOIN)
    for n in range(1, 151):
        story.join(A, float(n), Outcome.JOINED if n > 60 else Outcome.TIMEOUT, seconds=n / 100)
    story.poll(A, 150)
    join, rooms = story.see(150.5).probes
    assert (join.name, join.outcome, join.seconds, join.observed_at) == ("join", Outcome.JOINED, 1.5, 150)
    assert join.p95 == 1.45, "of the last 100"
    assert join.success_ratio == 0.9
    assert (rooms.name, rooms.success, rooms.p95) == ("rooms", True, 0.01)


def test_a_failed_run_says_what_happened() -> None:
    story = Story(A)
    story.fail(A, 1, Outcome.REFUSED)
    (probe,) = story.see(1.5).probes
    assert (probe.outcome, probe.success, probe.detail) == (Outcome.REFUSED, False, "a did not answer")
