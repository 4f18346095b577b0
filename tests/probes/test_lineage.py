"""Where rooms went: what is a relocation."""

from __future__ import annotations

import pytest

from probes.model import Cause, Room, RoomState, Status
from tests.probes.watching import Story, both, moved_story, only

A, B, C = "a", "b", "c"


def test_a_room_that_ends_here_and_opens_there_under_the_same_id_has_moved() -> None:
    story = moved_story()
    relocation = only(story, 10.5)
    assert relocation.cause is Cause.MOVED
    assert relocation.status is Status.STANDING
    assert (relocation.from_.node, relocation.to and relocation.to.node) == (A, B)
    assert relocation.participants_before == 668
    assert relocation.dark_seconds == pytest.approx(5.1)
    assert relocation.at == pytest.approx(10.1)
    assert relocation.confidence == 1.0
    assert "same room id" in relocation.evidence


def test_people_are_followed_until_it_settles() -> None:
    story = moved_story()
    both(story, 11, {}, {"r": 167})
    relocation = only(story, 11.5)
    assert (relocation.participants_now, relocation.carried_over) == (167, 0.25)
    both(story, 500, {}, {"r": 334})
    assert only(story, 500.5).carried_over == 0.5
    both(story, 1000, {}, {"r": 200})
    settled = only(story, 1000.5)
    assert settled.settled
    both(story, 1001, {}, {"r": 1})
    assert only(story, 1001.5) == settled


def test_carried_over_is_unknown_while_the_new_node_is_silent() -> None:
    story = moved_story()
    both(story, 11, {}, {"r": 167})
    for at in range(12, 16):
        story.poll(A, at)
        story.fail(B, at + 0.1)
    relocation = only(story, 15.5)
    assert (relocation.participants_now, relocation.carried_over) == (None, None)


def test_an_end_with_an_audience_is_told_at_the_second_answer_without_the_room() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    story.poll(A, 2, {})
    assert story.see(2.5).relocations == ()
    story.poll(A, 3, {})
    relocation = only(story, 3.5)
    assert (relocation.cause, relocation.to, relocation.at) == (Cause.ENDED, None, 1)
    assert relocation.participants_before == 30
    assert story.see(3.5).relocations_total[Cause.ENDED] == 1


def test_an_end_that_the_service_reports_is_told_at_once() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    story.poll(A, 2, [Room(id="r", node=A, participants=0, state=RoomState.ENDED)])
    assert only(story, 2.5).cause is Cause.ENDED


def test_an_end_without_an_audience_is_no_news() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 9})
    for at in range(2, 6):
        story.poll(A, at, {})
    assert story.see(6).relocations == ()


def test_an_end_becomes_a_move_under_the_same_id_when_the_room_turns_up() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {})
    for at in range(2, 5):
        both(story, at, {}, {})
    ended = only(story, 4.5)
    both(story, 5, {}, {"r": 3})
    moved = only(story, 5.5)
    assert (ended.cause, moved.cause) == (Cause.ENDED, Cause.MOVED)
    assert (ended.id, ended.lineage) == (moved.id, moved.lineage)
    seen = story.see(5.5)
    assert sum(seen.relocations_total.values()) - seen.retractions_total == 1
    assert seen.relocations_total[Cause.MOVED] == 1


@pytest.mark.parametrize("people", [0, 3])
def test_a_move_needs_no_audience(people: int) -> None:
    story = Story(A, B)
    both(story, 1, {"r": people}, {})
    both(story, 2, {}, {"r": 0})
    both(story, 3, {}, {"r": 1})
    relocation = only(story, 3.5)
    assert relocation.cause is Cause.MOVED
    assert relocation.participants_before == people
    assert relocation.carried_over == (round(1 / people, 4) if people else None)


def test_a_room_open_on_both_for_a_while_has_moved_without_a_dark_time() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {})
    for at in range(2, 12):
        both(story, at, {"r": 30}, {"r": 5})
    both(story, 12, {}, {"r": 20})
    both(story, 13, {}, {"r": 25})
    relocation = only(story, 13.5)
    assert relocation.cause is Cause.MOVED
    assert relocation.dark_seconds == 0


def test_rooms_side_by_side_for_longer_than_the_window_are_two_rooms() -> None:
    story = Story(A, B, every=60)
    both(story, 0, {"r": 30}, {})
    for minute in range(1, 14):
        both(story, minute * 60, {"r": 30}, {"r": 5})
    both(story, 840, {}, {"r": 5})
    both(story, 900, {}, {"r": 5})
    assert only(story, 905).cause is Cause.ENDED


def test_an_opening_after_the_window_is_another_room() -> None:
    story = Story(A, B, every=30)
    both(story, 0, {"r": 30}, {})
    for at in range(30, 630, 30):
        both(story, at, {}, {})
    for at in range(630, 720, 30):
        both(story, at, {}, {"r": 30})
    assert only(story, 720).cause is Cause.ENDED


def test_a_room_that_opened_and_went_again_is_no_successor() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {})
    both(story, 2, {"r": 30}, {"r": 3})
    for at in range(3, 6):
        both(story, at, {"r": 30}, {})
    for at in range(6, 9):
        both(story, at, {}, {})
    assert only(story, 9).cause is Cause.ENDED


def test_rooms_side_by_side_from_the_start_are_two_rooms() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {"r": 30})
    for at in range(2, 5):
        both(story, at, {}, {"r": 30})
    assert only(story, 5).cause is Cause.ENDED


def test_a_room_moves_between_nodes_of_one_endpoint() -> None:
    story = Story("api")
    on = {node: [Room(id="r", node=node, participants=50)] for node in ("n1", "n2")}
    story.poll("api", 1, on["n1"])
    story.poll("api", 2, on["n2"])
    story.poll("api", 3, on["n2"])
    relocation = only(story, 3.5)
    assert relocation.cause is Cause.MOVED
    assert relocation.dark_seconds == 1
    assert story.see(3.5).rooms[0].lineage == relocation.lineage


def test_a_drained_room_still_shows_its_audience() -> None:
    """Ending a room empties it first; the largest count of the last minute is the audience."""
    story = Story(A)
    story.poll(A, 0, {"r": 5000})
    for second, people in enumerate((4000, 900, 3, 0), 1):
        story.poll(A, second, {"r": people})
    story.poll(A, 5, {})
    story.poll(A, 6, {})
    assert only(story, 6.5).participants_before == 5000


def test_an_audience_that_left_long_before_is_no_audience() -> None:
    story = Story(A, every=10)
    story.poll(A, 0, {"r": 5000})
    for at in range(10, 200, 10):
        story.poll(A, at, {"r": 4})
    story.poll(A, 200, {})
    story.poll(A, 210, {})
    assert story.see(211).relocations == ()


def test_an_audience_seen_before_a_long_pause_is_no_audience() -> None:
    story = Story(A, every=100)
    for at, rooms in ((0, {"r": 5000}), (100, {"r": 4}), (200, {}), (300, {})):
        story.poll(A, at, rooms)
    assert story.see(301).relocations == ()


def test_a_chain_is_one_lineage() -> None:
    story = Story(A, B, C)
    for at in range(1, 4):
        story.poll(A, at, {"r": 100})
        story.poll(B, at)
        story.poll(C, at)
    for at in range(4, 8):
        story.poll(A, at)
        story.poll(B, at, {"r": 90})
        story.poll(C, at)
    for at in range(8, 12):
        story.poll(A, at)
        story.poll(B, at)
        story.poll(C, at, {"r": 80})
    later, first = story.see(12).relocations
    assert (first.to and first.to.node, later.to and later.to.node) == (B, C)
    assert first.lineage == later.lineage
    assert first.settled, "who followed to b is known when b ends"
    assert story.see(12).rooms[0].lineage == first.lineage


def test_following_goes_on_when_the_new_room_restarts() -> None:
    story = moved_story()
    for at in range(11, 15):
        both(story, at, {}, {})
    assert [r.settled for r in story.see(14.5).relocations if r.cause is Cause.MOVED] == [True]
    both(story, 15, {}, {"r": 334})
    (relocation,) = (r for r in story.see(15.5).relocations if r.cause is Cause.MOVED)
    assert (relocation.settled, relocation.carried_over) == (False, 0.5)
    assert story.see(15.5).rooms[0].lineage == relocation.lineage


def test_a_room_that_goes_and_comes_back_by_another_node_is_one_lineage() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {})
    for at in range(2, 6):
        both(story, at, {}, {"r": 30})
    for at in range(6, 10):
        both(story, at, {"r": 30}, {})
    back, there = story.see(10).relocations
    assert (there.to and there.to.node, back.to and back.to.node) == (B, A)
    assert there.lineage == back.lineage


@pytest.mark.parametrize("started_at", [3.0, None])
def test_two_who_watch_the_same_name_a_lineage_alike(started_at: float | None) -> None:
    """Each sees the room last at a moment of its own; an alert about its end must be one alert."""
    names = set()
    for offset in (0.0, 0.4):
        story = Story(A)
        room = Room(id="r", node=A, participants=300, started_at=started_at)
        for second in range(61, 66):
            story.poll(A, second + offset, [room])
        for second in range(66, 69):
            story.poll(A, second + offset, {})
        names.add(only(story, 69.0).lineage)
    assert len(names) == 1
