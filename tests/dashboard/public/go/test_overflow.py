"""A launch with overflow rooms: who is led where, by the places that are left."""

from __future__ import annotations

import pytest

from dashboard.public.facts import EventState
from dashboard.public.go.leading import turn
from probes.model import Status
from tests.dashboard.public.go.scenes import Story, overflow, room, seats, way, where
from tests.probes.seen import AT

STANDS = (Status.STANDING, Status.CONFIRMED)


def test_people_are_spread_over_the_main_room_and_its_overflow_by_places_left() -> None:
    rooms = (
        room("launch-1", 2_000, capacity=5_000),
        room("o1", 4_000, capacity=5_000),
        room("o2", 3_000, capacity=5_000),
    )
    ways = (overflow("launch-1", "o1"), overflow("o1", "o2"))
    found = Story().tell(*rooms, ways=ways)
    assert seats(found) == ["launch-1", "o1", "o2"]
    for step in (1, 2, 5, 8, 10, 60):
        led = [turn(found.taking, 1_684_000_000 + second * step) for second in range(600)]
        shares = [sum(each is not None and each.id == name for each in led) / 600 for name in seats(found)]
        assert shares == pytest.approx([3 / 6, 1 / 6, 2 / 6], abs=0.01), step
    runs = [turn(found.taking, second) for second in range(30)]
    assert len({each.id for each in runs[:6] if each}) == 3, "they take turns, and nobody waits for long"


def test_full_rooms_get_nobody_and_one_room_alone_gets_all() -> None:
    main, spare = room("launch-1", 4_980, capacity=5_000), room("o1", 100, capacity=5_000)
    ways = (overflow("launch-1", "o1"), overflow("launch-1", "o2"))
    found = Story().tell(main, spare, room("o2", 5_000, capacity=5_000), ways=ways)
    assert seats(found) == ["o1"]
    assert {turn(found.taking, second).id for second in range(50)} == {"o1"}
    assert where(found) == "launch-1"


def test_where_all_is_full_it_says_so_and_leads_nobody() -> None:
    found = Story().tell(room("launch-1", 5_000, capacity=5_000))
    assert (found.state, found.taking, where(found)) == (EventState.FULL, (), "launch-1")
    assert turn((), 5) is None


def test_a_room_that_was_full_takes_people_again_when_some_have_left_and_not_for_one() -> None:
    story = Story()
    seen = [4_940, 4_960, 4_940, 4_900, 4_840, 4_900, 4_951]
    states = [story.tell(room("launch-1", people, capacity=5_000)).state for people in seen]
    is_open, full = EventState.OPEN, EventState.FULL
    assert states == [is_open, full, full, full, is_open, is_open, full]


def test_the_room_of_ten_has_its_last_place() -> None:
    story = Story()
    assert story.tell(room("launch-1", 9, capacity=10)).state is EventState.OPEN
    assert story.tell(room("launch-1", 10, capacity=10)).state is EventState.FULL


def test_overflow_goes_along_when_the_main_room_moves_and_takes_over_when_it_ends() -> None:
    ways = (overflow("launch-1", "o1"), way("launch-1", "b", at=AT + 60))
    story = Story()
    rooms = (room("o1", 4_000, capacity=5_000), room("b", 100, capacity=5_000))
    story.tell(room("launch-1", 5_000, capacity=5_000), rooms[0], ways=ways[:1])
    assert seats(story.tell(*rooms, ways=ways)) == ["b", "o1"]
    assert where(story.tell(rooms[0], ways=ways)) == "o1"


def test_an_overflow_room_is_never_the_main_one_for_its_size_alone() -> None:
    story = Story()
    rooms = (room("launch-1", 1_000, capacity=5_000), room("launch-o1", 4_000, capacity=5_000))
    for _ in range(3):
        assert where(story.tell(*rooms, ways=(overflow("launch-1", "launch-o1"),), seconds=30)) == "launch-1"


def test_a_room_of_unknown_capacity_gets_as_much_as_the_emptiest_other() -> None:
    rooms = (room("launch-1", 900), room("o1", 1_000, capacity=5_000))
    found = Story().tell(*rooms, ways=(overflow("launch-1", "o1"),))
    led = [turn(found.taking, second) for second in range(500)]
    assert sum(each is not None and each.id == "o1" for each in led) / 500 == pytest.approx(0.5, abs=0.01)
