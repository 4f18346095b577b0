"""The door: tries, admitted and turned away, from the service's counters or from our own joins."""

from __future__ import annotations

import pytest

from probes.config.objectives import Objectives
from probes.door import Counters, Tries, door_by_probe, door_by_service
from probes.joins.janus_signal import JanusSignalSettings
from probes.model import Door, Observer, Outcome
from tests.probes.watching import Story

JOINED, TIMEOUT, FULL = Outcome.JOINED, Outcome.TIMEOUT, Outcome.ROOM_FULL


def seen_door(story: Story, at: float) -> Door:
    door = story.see(at).door
    assert door is not None
    return door


def test_a_service_without_counters_and_without_joins_has_no_door() -> None:
    story = Story("a")
    story.poll("a", 1, {"r": 1})
    assert story.see(1.5).door is None


def test_the_first_counters_tell_totals_and_no_rate() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 900, TIMEOUT: 100})
    door = seen_door(story, 1.5)
    assert door.observer is Observer.SERVICE
    assert (door.tries_per_second, door.success_ratio, door.errors, door.waiting) == (None, None, {}, None)
    assert door.totals == {JOINED: 900, TIMEOUT: 100}


def test_shares_and_rate_come_from_the_last_half_minute_of_service_time() -> None:
    story = Story("a")
    story.poll("a", 0, joins={JOINED: 0, TIMEOUT: 10_000}, service_time=1000)
    for second in range(1, 61):
        counts = {JOINED: 60 * second, TIMEOUT: 10_000 + 30 * second, FULL: 10 * second}
        story.poll("a", second, joins=counts, service_time=1000 + second * 10)
    door = seen_door(story, 60.5)
    assert door.tries_per_second == pytest.approx(10)
    assert door.success_ratio == pytest.approx(0.6)
    assert door.errors == {TIMEOUT: pytest.approx(0.3), FULL: pytest.approx(0.1)}


def test_what_was_long_ago_no_longer_counts() -> None:
    counters = Counters()
    for second in range(100):
        counters.take({JOINED: second, TIMEOUT: min(second, 50)}, float(second))
    tries, stretch = counters.recent()
    assert (tries, stretch) == ({JOINED: 30}, 30)


def test_a_counter_that_starts_again_loses_and_invents_nothing() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 1000, TIMEOUT: 10})
    story.poll("a", 2, joins={JOINED: 1010, TIMEOUT: 10})
    story.poll("a", 3, joins={JOINED: 5, TIMEOUT: 0})
    door = seen_door(story, 3.5)
    assert door.totals == {JOINED: 1015, TIMEOUT: 10}
    assert door.tries_per_second == pytest.approx(7.5)


def test_a_replay_that_starts_again_keeps_the_totals_and_forgets_the_rate() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 1000}, service_time=5000)
    story.poll("a", 2, joins={JOINED: 1100}, service_time=5001)
    story.poll("a", 3, joins={JOINED: 7}, service_time=0)
    door = seen_door(story, 3.5)
    assert (door.totals, door.tries_per_second, door.success_ratio) == ({JOINED: 1107}, None, None)


def test_counters_of_all_endpoints_are_added_and_silent_ones_keep_their_totals() -> None:
    story = Story("a", "b")
    for second in range(1, 5):
        story.poll("a", second, joins={JOINED: 10 * second})
        story.poll("b", second, joins={JOINED: 0, TIMEOUT: 30 * second})
    door = seen_door(story, 4.5)
    assert (door.tries_per_second, door.success_ratio) == (pytest.approx(40), pytest.approx(0.25))
    for second in range(5, 9):
        story.poll("a", second, joins={JOINED: 10 * second})
        story.fail("b", second)
    door = seen_door(story, 8.5)
    assert (door.tries_per_second, door.success_ratio, door.errors) == (pytest.approx(10), 1.0, {})
    assert door.totals == {JOINED: 80, TIMEOUT: 120}
    door = seen_door(story, 20)
    assert (door.tries_per_second, door.success_ratio) == (None, None)


def test_no_tries_is_a_rate_of_none_and_no_share() -> None:
    story = Story("a")
    for second in range(1, 5):
        story.poll("a", second, joins={JOINED: 500})
    door = seen_door(story, 4.5)
    assert (door.tries_per_second, door.success_ratio) == (0.0, None)


def test_an_answer_without_counters_leaves_them_as_they_were() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 500})
    story.poll("a", 2)
    story.poll("a", 3, joins={JOINED: 520})
    assert seen_door(story, 3.5).totals == {JOINED: 520}


def test_a_counter_that_one_answer_leaves_out_is_not_counted_again() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 1000, TIMEOUT: 10})
    story.poll("a", 2, joins={JOINED: 1001})
    story.poll("a", 3, joins={JOINED: 1002, TIMEOUT: 11})
    door = seen_door(story, 3.5)
    assert door.totals == {JOINED: 1002, TIMEOUT: 11}
    assert door.errors == {TIMEOUT: pytest.approx(1 / 3)}


def test_counters_that_are_no_longer_told_leave_the_recent_tries_unknown() -> None:
    story = Story("a")
    for second in range(1, 31):
        story.poll("a", second, joins={JOINED: 100 * second, TIMEOUT: 10 * second})
    for second in range(31, 62):
        story.poll("a", second)
    door = seen_door(story, 61.5)
    assert (door.tries_per_second, door.success_ratio, door.errors) == (None, None, {})
    assert door.totals == {JOINED: 3000, TIMEOUT: 300}


def test_the_memory_of_counters_is_bounded() -> None:
    counters = Counters()
    for n in range(5000):
        counters.take({JOINED: n}, n / 1000)
    assert counters.recent()[1] < 1.0


def test_our_own_joins_tell_shares_and_no_crowd() -> None:
    tries = Tries()
    for second in range(10):
        tries.take(TIMEOUT if second < 3 else JOINED, float(second))
    door, count = door_by_probe(tries, 10.0, every=1.0)
    assert (door.observer, door.tries_per_second, count) == (Observer.PROBE, None, 10)
    assert (door.success_ratio, door.errors) == (0.7, {TIMEOUT: pytest.approx(0.3)})
    assert door.totals == {JOINED: 7, TIMEOUT: 3}


@pytest.mark.parametrize(("every", "expected"), [(1.0, 60), (10.0, 12), (60.0, 12)])
def test_rare_joins_reach_further_back(every: float, expected: int) -> None:
    tries = Tries()
    for n in range(200):
        tries.take(JOINED, n * every)
    assert door_by_probe(tries, 199.5 * every, every)[1] == pytest.approx(expected, abs=1)


def test_joins_that_stopped_are_no_longer_told() -> None:
    tries = Tries()
    tries.take(JOINED, 1.0)
    door, count = door_by_probe(tries, 1000.0, every=1.0)
    assert (count, door.success_ratio, door.totals) == (0, None, {JOINED: 1})


def test_our_joins_are_the_door_of_a_service_without_counters() -> None:
    story = Story("a")
    join = JanusSignalSettings(via="janus-signal", room="1", every="1s")
    story.watch.follow(story.settings.model_copy(update={"join": join}), Objectives())
    story.poll("a", 1)
    assert story.see(1.5).door is None
    story.join("a", 1.2)
    assert seen_door(story, 1.5).observer is Observer.PROBE
    story.poll("a", 2, joins={JOINED: 3})
    assert seen_door(story, 2.5).observer is Observer.SERVICE


def test_no_endpoint_answers() -> None:
    assert door_by_service([], []) == (Door(observer=Observer.SERVICE), 0)


def test_totals_stop_before_those_of_many_endpoints_are_more_than_64_bits_hold() -> None:
    """A service may tell any count, and start again from 0 at any answer."""
    counters = Counters()
    for second in range(2_000):
        counters.take({JOINED: 2**53 * (second % 2)}, float(second))
    door, _ = door_by_service([counters] * 64, ())
    assert 2**61 < door.totals[JOINED] < 2**63
