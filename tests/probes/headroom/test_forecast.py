"""When it is full: what is foretold of crowds that grow, halt, jump and shrink."""

from __future__ import annotations

import math
import re

import msgspec
import pytest

from probes.config.objectives import Objectives
from probes.model import Headroom, NodeReport, Room, State
from tests.probes.watching import Story

A = "a"


def grow(story: Story, start: int, seconds: int, people: float, rate: float, every: int = 1) -> float:
    """Poll for `seconds` from second `start` on, with `people` at first and `rate` more a second."""
    for second in range(0, seconds, every):
        story.poll(A, start + second, {"r": max(0, round(people + rate * second))})
    return people + rate * (seconds - 1)


def steady(seconds: int = 300, capacity: int = 10_000, rate: float = 10.0, every: int = 1) -> Story:
    story = Story(A, capacity=capacity, every=float(every))
    grow(story, 0, seconds, 1_000, rate, every)
    return story


def test_a_steady_crowd_is_full_when_arithmetic_says_so() -> None:
    free = steady().see(299.5).headroom
    truth = (10_000 - 1_000 - 10 * 299) / 10
    assert free.seconds_to_full == pytest.approx(truth, rel=0.02)
    assert free.growth == pytest.approx(10, rel=0.02)
    assert free.growth_low is not None and free.growth_high is not None
    assert free.growth_low < 10 < free.growth_high
    assert free.soonest is not None and free.latest is not None
    assert free.soonest < truth < free.latest


def test_in_the_first_minute_nothing_is_foretold() -> None:
    story = steady(seconds=20)
    assert story.see(20).headroom == Headroom(capacity=10_000, source="config", ratio=pytest.approx(0.881))


def test_a_service_that_is_asked_rarely_is_foretold_too() -> None:
    free = steady(seconds=600, every=20).see(590).headroom
    assert free.seconds_to_full == pytest.approx((10_000 - 1_000 - 10 * 580) / 10, rel=0.1)


def test_seconds_are_those_of_the_service_in_a_replay() -> None:
    story = Story(A, capacity=10_000)
    for tick in range(300):
        story.poll(A, 1_000 + tick / 10, {"r": 1_000 + 10 * tick}, service_time=5_000.0 + tick)
    assert story.see(1_030).headroom.seconds_to_full == pytest.approx(601, rel=0.02)


def test_a_crowd_that_shrinks_or_stands_still_is_never_full_and_a_frame_says_so() -> None:
    for rate in (-2.0, 0.0):
        free = steady(rate=rate).see(299.5).headroom
        assert free.seconds_to_full == free.latest == math.inf
        assert free.growth == pytest.approx(rate, abs=0.01)
        told = msgspec.json.decode(msgspec.json.encode(free))
        assert told["seconds_to_full"] is None and told["growth"] is not None


def test_growth_that_ebbs_away_below_the_capacity_is_never_full() -> None:
    story = Story(A, capacity=10_000)
    for second in range(1_800):
        story.poll(A, second, {"r": round(8_000 * (1 - math.exp(-second / 200)))})
    assert story.see(1_800).headroom.seconds_to_full == math.inf


def test_a_crowd_that_halts_is_never_full_until_it_grows_again() -> None:
    story = Story(A, capacity=20_000)
    people = grow(story, 0, 300, 1_000, 10)
    grow(story, 300, 300, people, 0)
    assert story.see(600).headroom.seconds_to_full == math.inf
    people = grow(story, 600, 180, people, 10)
    left = story.see(780).headroom.seconds_to_full
    assert left == pytest.approx((20_000 - people) / 10, rel=0.25)


def test_a_jump_leaves_the_growth_as_it_was() -> None:
    story = Story(A, capacity=20_000)
    people = grow(story, 0, 600, 1_000, 10)
    people = grow(story, 600, 60, people + 3_000, 10)
    free = story.see(660).headroom
    assert free.seconds_to_full == pytest.approx((20_000 - people) / 10, rel=0.1)


def test_an_answer_that_tells_half_of_the_people_changes_little() -> None:
    story = Story(A, capacity=10_000, every=5.0)
    grow(story, 0, 300, 1_000, 10, every=5)
    before = story.see(299).headroom.seconds_to_full
    story.poll(A, 300, {"r": 2_000})
    after = story.see(301).headroom.seconds_to_full
    assert before is not None and after is not None
    assert after == pytest.approx(before, abs=30)


def test_a_minute_without_answers_changes_nothing_but_the_time() -> None:
    story = steady()
    for second in range(300, 360):
        story.fail(A, second)
    assert story.see(360).headroom.seconds_to_full is None
    people = grow(story, 360, 5, 1_000 + 10 * 360, 10)
    assert story.see(364.5).headroom.seconds_to_full == pytest.approx((10_000 - people) / 10, rel=0.05)


def test_after_the_services_clock_went_back_it_begins_anew() -> None:
    story = Story(A, capacity=10_000)
    for second in range(300):
        story.poll(A, second, {"r": 1_000 + 10 * second}, service_time=1_000.0 + second)
    story.poll(A, 301, {"r": 10}, service_time=0.0)
    free = story.see(301).headroom
    assert (free.growth, free.seconds_to_full) == (None, None)


def test_nodes_and_rooms_are_foretold_each_for_itself() -> None:
    story = Story("api")
    for second in range(300):
        slow = Room(id="slow", node="n1", participants=100 + second, capacity=1_000)
        quick = Room(id="quick", node="n1", participants=100 + 3 * second, capacity=2_000)
        endless = Room(id="endless", node="n2", participants=100 + 3 * second)
        nodes = [NodeReport(id="n1", capacity=5_000), NodeReport(id="n2")]
        story.poll("api", second, [slow, quick, endless], nodes=nodes)
    seen = story.see(299.5)
    rooms = {room.id: room.seconds_to_full for room in seen.rooms}
    assert rooms["slow"] == pytest.approx(1_000 - 399, rel=0.03)
    assert rooms["quick"] == pytest.approx((2_000 - 997) / 3, rel=0.03)
    assert rooms["endless"] is None
    nodes = {node.id: node.seconds_to_full for node in seen.nodes}
    assert nodes["n1"] == pytest.approx((5_000 - 399 - 997) / 4, rel=0.03)
    assert nodes["n2"] is None


def test_what_is_full_is_full_whatever_was_foretold() -> None:
    story = Story("api")
    for second in range(200):
        room = Room(id="r", node="n", participants=min(1_000, 900 + second), capacity=1_000)
        story.poll("api", second, [room])
    seen = story.see(199.5)
    assert seen.rooms[0].seconds_to_full == 0.0
    assert (seen.headroom.seconds_to_full, seen.headroom.soonest, seen.headroom.latest) == (0.0, 0.0, 0.0)


def test_a_service_that_is_soon_full_is_strained_and_says_when() -> None:
    story = steady(seconds=500)
    seen = story.see(499.5)
    assert seen.state is State.STRAINED
    (reason,) = seen.reasons
    soonest, latest = re.fullmatch(r"Full in (\d+) to (\d+) min at this growth", reason).groups()
    assert int(soonest) < (10_000 - 1_000 - 10 * 499) / 10 / 60 < int(latest)


def test_a_reload_keeps_what_is_known_and_another_question_forgets_it() -> None:
    story = steady()
    story.watch.follow(story.settings.model_copy(update={"capacity": 20_000}), Objectives())
    assert story.see(299.5).headroom.seconds_to_full == pytest.approx(1_601, rel=0.02)
    story.watch.follow(story.settings.model_copy(update={"headers": {"X": "y"}}), Objectives())
    assert story.see(299.5).headroom.growth is None
