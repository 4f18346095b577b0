"""What is full stays full while people only come and go, and is said where it matters."""

from __future__ import annotations

from msgspec.structs import replace

from probes.model import NodeReport, Observation, Room
from probes.state.full import full_places
from tests.probes.seen import node, room
from tests.probes.watching import Story


def filling(*people: int, capacity: int = 1000) -> list[Observation]:
    """A room and a node of this capacity with so many people, second by second."""
    story = Story("a")
    said = []
    for at, count in enumerate(people):
        rooms = [Room(id="r", node="a", participants=count, capacity=capacity)]
        story.poll("a", at, rooms, nodes=[NodeReport(id="a", participants=count, capacity=capacity)])
        said.append(story.see(at + 0.5))
    return said


def full(seen: Observation) -> tuple[bool, bool, bool]:
    """Whether the service, the node and the room are full."""
    return (
        seen.headroom.seconds_to_full == 0,
        seen.nodes[0].seconds_to_full == 0,
        seen.rooms[0].seconds_to_full == 0,
    )


def test_it_is_full_until_a_little_is_free_again() -> None:
    said = filling(990, 1000, 995, 981, 1000, 979, 995, 1000)
    assert [full(seen) for seen in said] == [
        (now, now, now) for now in (False, True, True, True, True, False, False, True)
    ]


def test_the_free_share_is_told_as_it_is() -> None:
    assert round(filling(1000, 990)[-1].headroom.ratio or 0, 6) == 0.01


def test_what_begins_anew_is_not_full_from_before() -> None:
    story = Story("a")
    for at, (people, now) in enumerate(((1000, 500.0), (990, 100.0))):
        rooms = [Room(id="r", node="a", participants=people, capacity=1000)]
        story.poll("a", at, rooms, service_time=now)
        seen = story.see(at + 0.5)
    assert seen.rooms[0].seconds_to_full != 0


def test_small_rooms_that_are_full_are_no_news() -> None:
    rooms = [
        replace(room(name, participants=people), seconds_to_full=0.0)
        for name, people in (("a", 60), ("b", 9))
    ]
    nodes = [replace(node("n1"), seconds_to_full=0.0), node("n2")]
    assert full_places(nodes, rooms, 100, 10) == (
        "Node n1 is full: it holds 1,000",
        "Room “A room” is full: it holds 100",
    )
    assert full_places(nodes[1:], rooms, 100, 70) == ()
    assert full_places([], rooms, 1_000, 10) == ()
    assert full_places([], rooms, None, 10) == ()
