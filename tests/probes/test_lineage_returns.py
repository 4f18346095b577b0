"""Moves that nobody saw from their first to their last second: silences, restarts, several endpoints."""

from __future__ import annotations

import pytest

from probes.config.objectives import Objectives
from probes.model import Cause, Room, Status
from tests.probes.watching import Story, only, settings

A, B = "a", "b"


def rooms(people: int) -> list[Room]:
    return [Room(id="r", node="n1", participants=people)]


def ended_story() -> Story:
    """500 people on a until second 9, then nowhere."""
    story = Story(A, B)
    for at in range(1, 10):
        story.poll(A, at, {"r": 500})
        story.poll(B, at)
    for at in range(10, 15):
        story.poll(A, at)
        story.poll(B, at)
    return story


def moved_story(name: str = "r") -> Story:
    """500 people on a until second 9, on b from second 10."""
    story = Story(A, B)
    for at in range(1, 10):
        story.poll(A, at, {name: 500})
        story.poll(B, at)
    for at in range(10, 15):
        story.poll(A, at)
        story.poll(B, at, {name: 400})
    return story


def test_rooms_that_failed_over_from_a_node_dead_for_long_have_moved() -> None:
    story = Story(A, B)
    for at in range(1, 10):
        story.poll(A, at, {"r": 500})
        story.poll(B, at)
    for at in range(10, 760):
        story.fail(A, at)
        story.poll(B, at, {"r": 480} if at > 15 else {})
    for at in range(760, 830):
        story.poll(A, at)
        story.poll(B, at, {"r": 480})
    relocation = only(story, 830)
    assert (relocation.cause, relocation.dark_seconds) == (Cause.MOVED, 7)


# --- First answers ---


def test_a_room_that_goes_while_its_new_node_has_not_answered_yet_has_moved() -> None:
    story = Story(A, B)
    for at in range(1, 10):
        story.poll(A, at, {"r": 500})
        story.fail(B, at)
    for at in range(10, 15):
        story.poll(A, at)
        story.poll(B, at, {"r": 480})
    relocation = only(story, 14.5)
    assert (relocation.cause, relocation.participants_now) == (Cause.MOVED, 480)
    assert relocation.dark_seconds is None, "nobody saw it open"


def test_a_room_that_moved_during_a_restart_has_moved() -> None:
    kept = ended_story().see(14.5).relocations
    story = Story(A, B, restored=kept)
    for at in range(20, 23):
        story.poll(A, at)
        story.poll(B, at, {"r": 450})
    relocation = only(story, 22.5)
    assert (relocation.cause, relocation.id) == (Cause.MOVED, kept[0].id)


def test_a_room_that_came_back_during_a_restart_has_not_ended() -> None:
    story = Story(A, B, restored=ended_story().see(14.5).relocations)
    story.poll(A, 20, {"r": 450})
    assert only(story, 20.5).status is Status.REJECTED


def test_an_end_long_before_a_restart_is_not_continued_by_what_is_open_after_it() -> None:
    story = Story(A, B, restored=ended_story().see(14.5).relocations)
    story.poll(A, 700)
    story.poll(B, 700, {"r": 450})
    assert only(story, 700.5).cause is Cause.ENDED


def test_a_room_open_on_two_nodes_at_the_start_is_two_rooms() -> None:
    story = Story(A, B, "c")
    story.poll(A, 1, {"r": 30})
    story.poll(B, 1, {"r": 30})
    for at in range(2, 6):
        story.poll(A, at)
        story.poll(B, at, {"r": 30})
        story.poll("c", at, {"r": 30})
    assert only(story, 5.5).cause is Cause.ENDED


def test_a_room_kept_under_a_shortened_name_is_known_again() -> None:
    name = "x" * 200
    before = moved_story(name).see(14.5)
    story = Story(A, B, restored=before.relocations)
    story.poll(A, 20)
    story.poll(B, 20, {name: 250})
    assert only(story, 20.5).carried_over == 0.5
    assert story.see(20.5).rooms[0].lineage == before.relocations[0].lineage


def test_an_end_kept_under_a_shortened_name_finds_its_successor() -> None:
    name = "x" * 200
    before = Story(A, B)
    for at in range(1, 5):
        before.poll(A, at, {name: 500} if at == 1 else {})
        before.poll(B, at)
    kept = before.see(4.5).relocations
    story = Story(A, B, restored=kept)
    story.poll(A, 20)
    story.poll(B, 20)
    story.poll(B, 21, {name: 250})
    relocation = only(story, 21.5)
    assert (relocation.cause, relocation.id) == (Cause.MOVED, kept[0].id)


# --- What is not known now ---


def test_who_followed_is_unknown_where_the_new_node_has_left_or_has_not_answered() -> None:
    story = moved_story()
    kept = story.see(14.5).relocations
    assert kept[0].participants_now == 400
    story.watch.follow(settings(A), Objectives())
    restarted = Story(A, B, restored=kept)
    for each in (story, restarted):
        each.poll(A, 20)
        relocation = only(each, 20.5)
        assert (relocation.participants_now, relocation.carried_over) == (None, None)
        each.poll(A, 2000)
        settled = only(each, 2000.5)
        assert (settled.settled, settled.participants_now) == (True, None)


def test_who_followed_is_unknown_while_an_incomplete_answer_leaves_the_room_out() -> None:
    story = moved_story()
    story.poll(B, 15, complete=False)
    assert only(story, 15.5).participants_now is None


def test_a_move_that_was_rolled_back_is_no_end() -> None:
    story = Story(A, B)
    for at in range(1, 10):
        story.poll(A, at, {"r": 500})
        story.poll(B, at)
    story.poll(A, 10)
    story.poll(B, 10, {"r": 500})
    for at in range(11, 20):
        story.poll(A, at, {"r": 500})
        story.poll(B, at)
    assert story.see(19.5).relocations == ()


# --- Several endpoints that tell of the same rooms ---


def two_that_tell_the_same() -> Story:
    story = Story(A, B)
    for at in range(1, 10):
        story.poll(A, at, rooms(500))
        story.poll(B, at, rooms(500))
    return story


def test_a_room_that_one_of_two_endpoints_has_again_has_not_ended() -> None:
    story = two_that_tell_the_same()
    for at in range(10, 200):
        story.fail(A, at)
        story.poll(B, at)
    assert only(story, 199.5).cause is Cause.ENDED
    story.poll(A, 200, rooms(500))
    assert only(story, 200.5).status is Status.REJECTED


def test_a_room_that_both_endpoints_have_again_has_not_ended() -> None:
    story = two_that_tell_the_same()
    for at in range(10, 15):
        story.poll(A, at)
        story.poll(B, at)
    assert only(story, 14.5).status is Status.STANDING
    story.poll(A, 15, rooms(500))
    story.poll(B, 15, rooms(500))
    assert only(story, 15.5).status is Status.REJECTED
    assert story.see(15.5).retractions_total == 1


@pytest.mark.parametrize("silence", [5, 50])
def test_an_end_that_one_endpoint_tells_waits_a_minute_for_a_silent_one(silence: int) -> None:
    story = two_that_tell_the_same()
    for at in range(10, 10 + silence):
        story.fail(A, at)
        story.poll(B, at)
    assert story.see(9.5 + silence).relocations == ()
    story.poll(A, 10 + silence, rooms(500))
    assert story.see(10.5 + silence).relocations == ()


def test_an_end_is_told_when_the_endpoint_that_did_not_confirm_it_stays_silent() -> None:
    story = two_that_tell_the_same()
    for at in range(10, 75):
        story.fail(A, at)
        story.poll(B, at)
    relocation = only(story, 75)
    assert (relocation.cause, relocation.at) == (Cause.ENDED, 9)


def test_an_end_is_told_when_the_endpoint_that_did_not_confirm_it_leaves() -> None:
    story = two_that_tell_the_same()
    story.poll(B, 10)
    story.poll(B, 11)
    story.watch.follow(settings(B), Objectives())
    story.poll(B, 12)
    assert only(story, 12.5).cause is Cause.ENDED


def test_an_end_that_an_endpoint_takes_back_before_the_other_falls_silent_is_none() -> None:
    story = two_that_tell_the_same()
    for at in range(10, 13):
        story.poll(A, at, rooms(500))
        story.poll(B, at)
    story.poll(A, 13, rooms(500))
    story.poll(B, 13, rooms(500))
    for at in range(14, 100):
        story.fail(A, at)
        story.poll(B, at, rooms(500))
    assert story.see(99.5).relocations == ()
