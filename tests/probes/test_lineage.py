"""Where rooms went: what is a relocation, and what never is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from probes.model import Cause, Relocation, Room, RoomState, Status
from tests.probes.watching import Story

A, B, C = "a", "b", "c"


def both(story: Story, at: float, on_a: Mapping[str, int], on_b: Mapping[str, int]) -> None:
    story.poll(A, at, on_a)
    story.poll(B, at + 0.1, on_b)


def only(story: Story, at: float) -> Relocation:
    relocations = story.see(at).relocations
    assert len(relocations) == 1, relocations
    return relocations[0]


def moved_story() -> Story:
    """668 people on a until second 5, gone at 6, on b from second 10."""
    story = Story(A, B)
    for at in range(1, 6):
        both(story, at, {"r": 668}, {})
    for at in range(6, 10):
        both(story, at, {}, {})
    both(story, 10, {}, {"r": 100})
    return story


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


# --- Never a relocation ---


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
    story = Story(A, B)
    both(story, 1, {"r": 300}, {})
    both(story, 2, {}, {"s": 300})
    both(story, 3, {}, {"s": 300})
    assert only(story, 3.5).cause is Cause.ENDED


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


# --- Time, bounds, memory ---


def test_times_are_the_services_own() -> None:
    """A replay at 60 times the speed tells the same story."""
    story = Story(A, B, every=0.1)
    for tick in range(20):
        wall, service = tick * 0.1, 1000.0 + tick * 6.0
        on_a = tick < 10
        story.poll(A, wall, {"r": 50} if on_a else {}, service_time=service)
        story.poll(B, wall, {"r": 20} if tick >= 13 else {}, service_time=service)
    relocation = only(story, 2.0)
    assert (relocation.at, relocation.dark_seconds) == (1078.0, 24.0)


def test_ids_follow_from_what_happened() -> None:
    assert only(moved_story(), 10.5) == only(moved_story(), 10.5)


def test_of_too_many_the_biggest_that_go_on_are_kept_and_all_are_counted() -> None:
    story = Story(A)
    story.poll(A, 1, {f"r{n:04}": 10 + n for n in range(1000)})
    story.poll(A, 2, {})
    story.poll(A, 3, {})
    seen = story.see(3.5)
    assert len(seen.relocations) == 100
    assert min(r.participants_before or 0 for r in seen.relocations) == 10 + 900
    assert seen.relocations_total[Cause.ENDED] == 1000


def test_a_restart_shows_what_was_known_and_follows_on() -> None:
    before = moved_story()
    kept = before.see(10.5).relocations
    after = Story(A, B, restored=kept)
    both(after, 20, {}, {"r": 334})
    relocation = only(after, 20.5)
    assert (relocation.id, relocation.carried_over) == (kept[0].id, 0.5)
    assert after.see(20.5).rooms[0].lineage == kept[0].lineage


def test_an_end_known_before_a_restart_finds_its_successor_after_it() -> None:
    before = Story(A, B)
    both(before, 1, {"r": 30}, {})
    for at in range(2, 5):
        both(before, at, {}, {})
    kept = before.see(5).relocations
    after = Story(A, B, restored=kept)
    both(after, 20, {}, {})
    both(after, 21, {}, {"r": 15})
    relocation = only(after, 21.5)
    assert (relocation.id, relocation.cause) == (kept[0].id, Cause.MOVED)
    assert relocation.dark_seconds == pytest.approx(20.1)


def test_a_lineage_known_before_a_restart_does_not_take_in_a_later_use_of_the_id() -> None:
    after = Story(A, B, every=60, restored=moved_story().see(10.5).relocations)
    for minute in range(1, 100):
        both(after, minute * 60, {}, {})
    both(after, 6000, {}, {"r": 20})
    assert after.see(6001).rooms[0].lineage is None


def test_a_room_that_one_endpoint_comes_to_know_later_has_not_opened() -> None:
    story = Story("api1", "api2")
    here, there = (Room(id="r", node=node, participants=40) for node in ("n1", "n2"))
    for at in range(1, 4):
        story.poll("api1", at, [here, there])
        story.poll("api2", at)
    for at in range(4, 8):
        story.poll("api2", at, [there])
        story.poll("api1", at + 0.1, [there])
    assert only(story, 8).cause is Cause.ENDED


def test_two_endpoints_that_tell_of_the_same_rooms_end_them_once() -> None:
    story = Story("api1", "api2")
    room = Room(id="r", node="n1", participants=40)
    for at in range(1, 4):
        story.poll("api1", at, [room])
        story.poll("api2", at, [room])
    for at in range(4, 8):
        story.poll("api1", at)
        story.poll("api2", at)
    assert only(story, 8).cause is Cause.ENDED
    assert story.see(8).relocations_total[Cause.ENDED] == 1


def test_hostile_names_leave_as_plain_text() -> None:
    story = Story(A)
    name = "r\x1b[31m" + "x" * 500
    story.poll(A, 1, [Room(id=name, node=A, participants=40, title="<b>\n\u202e")])
    story.poll(A, 2)
    story.poll(A, 3)
    place = only(story, 3.5).from_
    assert place.room.isprintable()
    assert len(place.room.encode()) <= 128
    assert place.title == "<b>"
