"""Where rooms went: what is no relocation, and no end."""

from __future__ import annotations

import pytest

from probes.model import Cause, Room, Status
from tests.probes.watching import Story, both, only

A, B, C = "a", "b", "c"


def test_a_failed_poll_invents_nothing() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {})
    for at in range(2, 200):
        story.fail(A, at)
        story.poll(B, at + 0.1, {"r": 4})
    assert story.see(200).relocations == ()


def test_an_incomplete_answer_ends_nothing() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30, "s": 20})
    for at in range(2, 30):
        story.poll(A, at, {"s": 20}, complete=False)
    story.poll(A, 30, {"r": 30, "s": 20})
    for at in range(31, 34):
        story.poll(A, at, {"r": 30, "s": 20})
    assert story.see(34).relocations == ()


def test_a_room_that_incomplete_answers_leave_out_and_bring_back_has_not_opened() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {"r": 30})
    for at in range(2, 5):
        story.poll(A, at, {"r": 30})
        story.poll(B, at, {}, complete=False)
    story.poll(B, 5, {"r": 30})
    for at in range(5, 9):
        both(story, at, {}, {"r": 30})
    assert only(story, 9).cause is Cause.ENDED


def test_an_end_needs_two_complete_answers() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    story.poll(A, 2, {}, complete=False)
    story.poll(A, 3, {})
    assert story.see(3.5).relocations == ()
    story.poll(A, 4, {})
    assert only(story, 4.5).cause is Cause.ENDED


def test_a_flapping_node_invents_nothing() -> None:
    """It answers, fails, answers with an empty list, and has its rooms again before the patience ends."""
    story = Story(A, B)
    for turn in range(10):
        at = turn * 40.0
        for second in range(10):
            both(story, at + second, {"r": 30}, {})
        for second in range(10, 15):
            story.fail(A, at + second)
            story.poll(B, at + second)
        for second in range(15, 40):
            both(story, at + second, {}, {})
    both(story, 400, {"r": 30}, {})
    assert story.see(400.5).relocations == ()


def test_a_gap_between_answers_counts_as_silence() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    for at in range(10, 40):
        story.poll(A, at, {})
    story.poll(A, 40, {"r": 30})
    assert story.see(40.5).relocations == ()


@pytest.mark.parametrize(("gap", "ends"), [(1.9, 1), (2.1, 0)])
def test_quick_polls_that_are_late_by_our_own_machine_are_no_silence(gap: float, ends: int) -> None:
    """A service that starts again in less than two seconds fails one of five polls a second."""
    story = Story(A, every=0.2)
    for at in (1.0, 1.2):
        story.poll(A, at, {"r": 30})
    for at in (1.2 + gap, 1.4 + gap):
        story.poll(A, at, {})
    assert len(story.see(1.5 + gap).relocations) == ends


def test_one_failed_poll_between_quick_answers_counts_as_silence() -> None:
    story = Story(A)
    story.poll(A, 1.0, {"r": 30})
    story.fail(A, 2.0)
    for at in range(3, 20):
        story.poll(A, at - 0.1, {})
    story.poll(A, 20, {"r": 30})
    assert story.see(20.5).relocations == ()


def test_a_room_missing_before_a_silence_is_waited_for_as_well() -> None:
    """A server that shuts down lists no rooms, dies, and lists none when it is back."""
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    story.poll(A, 2, {})
    story.fail(A, 3)
    for at in range(4, 40):
        story.poll(A, at, {})
    assert story.see(40).relocations == ()


def test_a_server_that_came_back_empty_has_ended_its_rooms_after_a_minute() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    story.fail(A, 2)
    for at in range(3, 70):
        story.poll(A, at, {})
    relocation = only(story, 70)
    assert (relocation.cause, relocation.at) == (Cause.ENDED, 1)


def test_frequent_failures_do_not_hide_an_end_for_ever() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    for at in range(2, 100):
        if at % 5:
            story.poll(A, at, {})
        else:
            story.fail(A, at)
    assert only(story, 100).cause is Cause.ENDED


def test_a_restart_of_the_room_on_its_node_withdraws_the_end() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 30})
    for at in range(2, 30):
        story.poll(A, at, {})
    assert only(story, 29.5).status is Status.STANDING
    story.poll(A, 30, {"r": 2})
    story.poll(A, 31, {"r": 20})
    seen = story.see(31.5)
    assert [relocation.status for relocation in seen.relocations] == [Status.REJECTED]
    assert seen.retractions_total == 1
    assert seen.rooms[0].lineage is None


def test_a_room_restarted_on_its_node_is_no_successor_of_the_same_id_elsewhere() -> None:
    """Room r is on both nodes; b's restarts, then a's ends."""
    story = Story(A, B)
    both(story, 1, {"r": 30}, {"r": 30})
    for at in range(2, 6):
        both(story, at, {"r": 30}, {})
    for at in range(6, 10):
        both(story, at, {"r": 30}, {"r": 30})
    for at in range(10, 14):
        both(story, at, {}, {"r": 30})
    causes = {(r.from_.node, r.cause, r.status) for r in story.see(14).relocations}
    assert causes == {(B, Cause.ENDED, Status.REJECTED), (A, Cause.ENDED, Status.STANDING)}


def test_an_id_used_again_hours_later_is_another_room() -> None:
    story = Story(A, B, every=60)
    both(story, 0, {"r": 30}, {})
    for minute in range(1, 180):
        both(story, minute * 60, {}, {})
    for minute in range(180, 184):
        both(story, minute * 60, {}, {"r": 30})
    relocation = only(story, 184 * 60)
    assert relocation.cause is Cause.ENDED
    assert story.see(184 * 60).rooms[0].lineage is None


def test_a_new_use_of_an_id_is_a_new_lineage() -> None:
    story = Story(A, B, C, every=60)
    places = [(A, 3), (B, 3), (None, 180), (B, 3), (C, 3)]
    minute = 0
    for place, minutes in places:
        for _ in range(minutes):
            minute += 1
            for node in (A, B, C):
                story.poll(node, minute * 60, {"r": 5} if node == place else {})
    later, first = story.see(minute * 60).relocations
    assert (first.to and first.to.node, later.to and later.to.node) == (B, C)
    assert first.lineage != later.lineage


def test_two_unrelated_rooms_are_two_rooms() -> None:
    story = Story(A)
    show = Room(id="r", node=A, participants=300, title="Gardening", hosts=("ana",))
    other = Room(id="s", node=A, participants=300, title="Product launch", hosts=("ben",))
    story.poll(A, 1, [show])
    for at in range(2, 60):
        story.poll(A, at, [other])
    assert only(story, 60).cause is Cause.ENDED


def test_rooms_of_a_node_taken_out_of_the_config_have_not_ended() -> None:
    story = Story(A, B)
    both(story, 1, {"r": 30}, {})
    story.watch.follow(Story(B).settings, story.watch._objectives)
    for at in range(2, 6):
        story.poll(A, at)
        story.poll(B, at)
    assert story.see(6).relocations == ()


def test_a_service_clock_that_goes_back_starts_over() -> None:
    """A replay that begins again: what was open then has neither ended nor moved."""
    story = Story(A, B)
    for node, people in ((A, {"r": 30}), (B, {})):
        story.poll(node, 1, people, service_time=5000)
        story.poll(node, 2, people, service_time=5001)
    for at in range(3, 6):
        for node, people in ((A, {}), (B, {"r": 1})):
            story.poll(node, at, people, service_time=at)
    assert story.see(6).relocations == ()


def test_an_end_before_the_clock_went_back_has_no_successor_after_it() -> None:
    story = Story(A, B)
    for second in range(4):
        story.poll(A, second, {"r": 5} if second == 0 else {}, service_time=5000.0 + second)
        story.poll(B, second, {}, service_time=5000.0 + second)
    for second in range(4, 8):
        story.poll(A, second, {}, service_time=4900.0 + second)
        story.poll(B, second, {"r": 5} if second > 5 else {}, service_time=4900.0 + second)
    assert story.see(8).relocations == ()


def test_what_was_claimed_before_the_clock_went_back_is_not_of_the_future() -> None:
    story = Story(A)
    for second in range(3):
        story.poll(A, second, {"r": 30} if second == 0 else {}, service_time=5000.0 + second)
    assert len(story.see(3).relocations) == 1
    story.poll(A, 3, {}, service_time=0)
    assert story.see(3.5).relocations == ()
