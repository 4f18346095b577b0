"""Headroom: whose capacity counts, and how much of it is free."""

from __future__ import annotations

import pytest

from probes.model import Headroom, NodeReport, Room
from tests.probes.watching import Story

A = "a"


def test_without_a_capacity_nothing_is_known() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 10})
    assert story.see(1.5).headroom == Headroom()


def test_the_configs_capacity_is_that_of_the_whole_service() -> None:
    story = Story(A, capacity=100)
    story.poll(A, 1, {"r": 10, "s": 15})
    assert story.see(1.5).headroom == Headroom(capacity=100, source="config", ratio=0.75)


def test_while_a_node_is_silent_the_free_share_is_unknown() -> None:
    story = Story(A, "b", capacity=100)
    story.poll(A, 1, {"r": 10})
    assert story.see(1.5).headroom == Headroom(capacity=100, source="config", ratio=None)


def test_the_biggest_room_with_a_capacity_fills_first() -> None:
    story = Story(A, capacity=1_000_000)
    rooms = [
        Room(id="main", node=A, participants=4000, capacity=5000),
        Room(id="x", node=A, participants=9, capacity=9),
    ]
    story.poll(A, 1, rooms)
    headroom = story.see(1.5).headroom
    assert (headroom.capacity, headroom.source, headroom.ratio) == (5000, "service", pytest.approx(0.2))


def test_a_full_room_among_many_small_ones_is_no_news() -> None:
    story = Story(A)
    story.poll(A, 1, [Room(id=f"r{n}", node=A, participants=50, capacity=50) for n in range(100)])
    assert story.see(1.5).headroom == Headroom()


def test_capacities_of_all_nodes_in_use_are_added() -> None:
    story = Story("api", capacity=7)
    rooms = [Room(id="r", node="n1", participants=30, capacity=31)]
    reports = [NodeReport(id="n1", capacity=60), NodeReport(id="n2", capacity=60)]
    story.poll("api", 1, rooms, nodes=reports)
    assert story.see(1.5).headroom == Headroom(capacity=120, source="service", ratio=0.75)


@pytest.mark.parametrize("people", [100, 101])
def test_full_is_full_and_never_less_than_empty(people: int) -> None:
    story = Story(A, capacity=100)
    story.poll(A, 1, {"r": people})
    headroom = story.see(1.5).headroom
    assert (headroom.ratio, headroom.seconds_to_full) == (0.0, 0.0)


def test_the_time_to_full_is_unknown_before_it_is_full() -> None:
    story = Story(A, capacity=100)
    story.poll(A, 1, {"r": 99})
    assert story.see(1.5).headroom.seconds_to_full is None
