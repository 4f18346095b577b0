"""Where rooms went: times, bounds, and what a restart takes up."""

from __future__ import annotations

import pytest

from probes.model import Cause, Room
from tests.probes.watching import Story, both, moved_story, only

A, B, C = "a", "b", "c"


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


def test_a_window_that_a_reload_makes_longer_holds_from_then_on() -> None:
    story = Story(A, B, every=60)
    longer = story.settings.model_copy(
        update={"lineage": story.settings.lineage.model_copy(update={"window": 3600.0})}
    )
    story.watch.follow(longer, story.objectives)
    for at in range(0, 1500, 60):
        both(story, at, {"r": 30} if at < 120 else {}, {})
    both(story, 1500, {}, {"r": 20})
    assert only(story, 1501).cause is Cause.MOVED
