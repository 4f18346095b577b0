"""The observed ceiling: known only once joins were seen to go well at one level and to fail at another."""

from __future__ import annotations

import pytest

from probes.headroom.ceiling import Ceiling
from probes.model import Door, Observer, Outcome
from tests.probes.watching import Story

GOOD = 1.0


class Night:
    """People at a service and how their joins go, a reading every five seconds."""

    def __init__(self) -> None:
        self.ceiling = Ceiling()
        self.now = 0.0

    def go(self, people: int, success: float, why: Outcome = Outcome.ROOM_FULL, seconds: float = 60) -> Night:
        errors = {why: 1 - success} if success < 1 else {}
        door = Door(observer=Observer.SERVICE, success_ratio=success, errors=errors)
        until = self.now + seconds
        while self.now < until:
            self.now += 5
            self.ceiling.take(self.now, people, door, tries=500, objective=0.99)
        return self

    @property
    def seen(self) -> int | None:
        return self.ceiling.value()


def test_a_quiet_night_tells_no_ceiling() -> None:
    assert Night().go(50, GOOD).go(900, GOOD).go(100, GOOD).seen is None


def test_where_joins_begin_to_fail_is_the_ceiling() -> None:
    night = Night().go(5_000, GOOD).go(9_000, GOOD).go(10_000, 0.7)
    assert night.seen == 9_000
    assert night.go(11_000, 0.5).seen == 9_000
    assert night.go(8_000, GOOD).seen == 9_000


@pytest.mark.parametrize("why", [Outcome.ROOM_FULL, Outcome.UNAVAILABLE, Outcome.TIMEOUT])
def test_joins_that_fail_at_a_lower_level_than_was_held_lower_it(why: Outcome) -> None:
    night = Night().go(9_000, GOOD).go(10_000, 0.7)
    assert night.go(7_000, 0.7, why).seen == 7_000


@pytest.mark.parametrize("why", [Outcome.UNAUTHORIZED, Outcome.RATE_LIMITED, Outcome.DNS, Outcome.NOT_FOUND])
def test_joins_that_fail_for_another_reason_say_nothing_of_capacity(why: Outcome) -> None:
    assert Night().go(9_000, GOOD).go(10_000, 0.1, why).seen is None


def test_an_outage_far_below_what_was_held_is_no_ceiling() -> None:
    assert Night().go(9_000, GOOD).go(400, 0.0, Outcome.UNAVAILABLE).seen is None
    assert Night().go(9_000, GOOD).go(10_000, 0.5).go(400, 0.0, Outcome.UNAVAILABLE).seen == 9_000


def test_a_few_bad_seconds_are_no_evidence() -> None:
    assert Night().go(9_000, GOOD).go(10_000, 0.5, seconds=20).go(10_000, GOOD).seen is None


def test_joins_that_go_well_where_they_failed_before_make_it_unknown_again() -> None:
    night = Night().go(9_000, GOOD).go(10_000, 0.7)
    assert night.seen == 9_000
    assert night.go(12_000, GOOD).seen is None
    assert night.go(14_000, 0.5).seen == 12_000


def test_where_joins_never_went_well_it_is_the_most_that_was_held_once_they_left() -> None:
    """So May 2023: half of all tries failed from the first minute on, and 668,000 were in when it died."""
    night = Night()
    for people in range(100_000, 668_001, 8_000):
        assert night.go(people, 0.5, Outcome.TIMEOUT, seconds=30).seen is None
    assert night.go(0, 0.5, Outcome.TIMEOUT).seen == 668_000
    assert night.go(168_000, 0.94, Outcome.TIMEOUT).seen == 668_000


def test_too_few_tries_and_unknown_doors_say_nothing() -> None:
    ceiling = Ceiling()
    door = Door(observer=Observer.PROBE, success_ratio=0.5, errors={Outcome.ROOM_FULL: 0.5})
    for now in range(200):
        ceiling.take(float(now), 1_000 + now, None if now % 2 else door, tries=4, objective=0.99)
    assert ceiling.value() is None


def test_a_service_without_a_capacity_of_its_own_gets_the_observed_one() -> None:
    story = Story("a")
    joined = failed = 0
    for at in range(1, 400):
        people = 10 * at
        joined, failed = (joined + 50, failed) if people < 2_000 else (joined + 20, failed + 30)
        joins = {Outcome.JOINED: joined, Outcome.UNAVAILABLE: failed}
        story.poll("a", at, {"r": people}, joins=joins)
    free = story.see(400).headroom
    assert free.source == "observed"
    assert free.capacity == pytest.approx(2_000, rel=0.1)
    assert free.ratio == 0.0
