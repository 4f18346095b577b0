"""The door: tries, admitted and turned away, from the service's counters or from our own joins."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.config.door import DoorSettings
from probes.config.objectives import Objectives
from probes.door import Counters, Tries, door_by_probe, door_by_service
from probes.door.counters import MEMORY, STEP
from probes.joins.janus_signal import JanusSignalSettings
from probes.model import Door, Observer, Outcome, State
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


def test_the_first_counters_tell_no_rate_and_are_where_totals_begin() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 900, TIMEOUT: 100})
    door = seen_door(story, 1.5)
    assert door.observer is Observer.SERVICE
    assert (door.tries_per_second, door.success_ratio, door.errors, door.waiting) == (None, None, {}, None)
    assert door.totals == {JOINED: 0, TIMEOUT: 0}


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
    assert counters.recent() == ({JOINED: 30, TIMEOUT: 0}, 30)


def test_a_counter_that_starts_again_loses_and_invents_nothing() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 1000, TIMEOUT: 10})
    story.poll("a", 2, joins={JOINED: 1010, TIMEOUT: 10})
    story.poll("a", 3, joins={JOINED: 5, TIMEOUT: 0})
    door = seen_door(story, 3.5)
    assert door.totals == {JOINED: 15, TIMEOUT: 0}
    assert door.tries_per_second == pytest.approx(7.5)


def test_a_replay_that_starts_again_keeps_the_totals_and_forgets_the_rate() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 1000}, service_time=5000)
    story.poll("a", 2, joins={JOINED: 1100}, service_time=5001)
    story.poll("a", 3, joins={JOINED: 7}, service_time=0)
    door = seen_door(story, 3.5)
    assert (door.totals, door.tries_per_second, door.success_ratio) == ({JOINED: 107}, None, None)


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
    assert door.totals == {JOINED: 70, TIMEOUT: 90}
    door = seen_door(story, 20)
    assert (door.tries_per_second, door.success_ratio) == (None, None)


def test_what_a_late_endpoint_counted_before_it_was_heard_is_no_leap_of_the_totals() -> None:
    """Alerts read their growth: the failures of last week, in the second in which a node comes back."""
    story = Story("a", "b")
    story.poll("a", 1, joins={JOINED: 10_000})
    before = seen_door(story, 1.5).totals
    story.poll("a", 2, joins={JOINED: 10_010})
    story.poll("b", 2, joins={JOINED: 10_000, TIMEOUT: 5_000})
    grown = seen_door(story, 2.5).totals
    assert (before, grown) == ({JOINED: 0}, {JOINED: 10, TIMEOUT: 0})
    story.poll("b", 3, joins={JOINED: 10_000, TIMEOUT: 5_001, FULL: 2})
    assert seen_door(story, 3.5).totals == {JOINED: 10, TIMEOUT: 1, FULL: 2}


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
    assert seen_door(story, 3.5).totals == {JOINED: 20}


def test_a_counter_that_one_answer_leaves_out_is_not_counted_again() -> None:
    story = Story("a")
    story.poll("a", 1, joins={JOINED: 1000, TIMEOUT: 10})
    story.poll("a", 2, joins={JOINED: 1001})
    story.poll("a", 3, joins={JOINED: 1002, TIMEOUT: 11})
    door = seen_door(story, 3.5)
    assert door.totals == {JOINED: 2, TIMEOUT: 1}
    assert door.errors == {TIMEOUT: pytest.approx(1 / 3)}


def test_counters_that_are_no_longer_told_leave_the_recent_tries_unknown() -> None:
    story = Story("a")
    for second in range(1, 31):
        story.poll("a", second, joins={JOINED: 100 * second, TIMEOUT: 10 * second})
    for second in range(31, 62):
        story.poll("a", second)
    door = seen_door(story, 61.5)
    assert (door.tries_per_second, door.success_ratio, door.errors) == (None, None, {})
    assert door.totals == {JOINED: 2900, TIMEOUT: 290}


def test_the_memory_of_counters_is_bounded() -> None:
    counters = Counters()
    for n in range(5000):
        counters.take({JOINED: n}, n / 10)
    assert len(counters._times) == len(counters._counts) <= MEMORY / STEP * 1.5
    for n in range(5000):
        counters.take({JOINED: n}, 500.0)
    assert len(counters._times) == len(counters._counts) <= MEMORY / STEP * 1.5


def test_our_own_joins_tell_shares_and_no_crowd() -> None:
    tries = Tries()
    for second in range(10):
        tries.take(TIMEOUT if second < 3 else JOINED, float(second), 0.1)
    own = tries.recent(10.0, every=1.0, pace=1.0)
    door = door_by_probe(own, tries.totals)
    assert (door.observer, door.tries_per_second, own.count) == (Observer.PROBE, None, 10)
    assert (door.waiting, door.tries_per_person, door.storm) == (None, None, False)
    assert door.waiting_basis.startswith("Not known: only our own joins are counted")
    assert (door.success_ratio, door.errors) == (0.7, {TIMEOUT: pytest.approx(0.3)})
    assert door.totals == {JOINED: 7, TIMEOUT: 3}


@pytest.mark.parametrize(("every", "expected"), [(1.0, 60), (10.0, 12), (60.0, 12)])
def test_rare_joins_reach_further_back(every: float, expected: int) -> None:
    tries = Tries()
    for n in range(200):
        tries.take(JOINED, n * every, 0.1)
    assert tries.recent(199.5 * every, every, pace=1.0).count == pytest.approx(expected, abs=1)


def test_in_a_replay_a_minute_of_joins_is_one_of_the_service() -> None:
    tries = Tries()
    for n in range(600):
        tries.take(JOINED, n * 0.1, 6.0 if n % 2 else 0.1)
    own = tries.recent(60.0, every=0.1, pace=20.0)
    assert (own.count, own.seconds, own.slow(5.0)) == (30, pytest.approx(60), 15)


def test_joins_that_stopped_are_no_longer_told() -> None:
    tries = Tries()
    tries.take(JOINED, 1.0, 0.1)
    own = tries.recent(1000.0, every=1.0, pace=1.0)
    door = door_by_probe(own, tries.totals)
    assert (own.count, door.success_ratio, door.totals) == (0, None, {JOINED: 1})


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
    door, count = door_by_service([], [], DoorSettings())
    assert (door.observer, door.tries_per_second, door.waiting, count) == (Observer.SERVICE, None, None, 0)


def test_totals_stop_before_those_of_many_endpoints_are_more_than_64_bits_hold() -> None:
    """A service may tell any count, and start again from 0 at any answer."""
    counters = Counters()
    for second in range(2_000):
        counters.take({JOINED: 2**53 * (second % 2)}, float(second))
    door, _ = door_by_service([counters] * 64, (), DoorSettings())
    assert 2**61 < door.totals[JOINED] < 2**63


def test_where_nobody_who_is_turned_away_is_counted_who_gets_in_is_no_share() -> None:
    story = Story("a")
    for second in range(60):
        story.poll("a", second, joins={JOINED: 10 * second})
    door = seen_door(story, 59.5)
    assert (door.success_ratio, door.waiting, door.tries_per_person) == (None, None, None)
    assert door.waiting_basis.startswith("Not known: the service counts who gets in")
    assert story.see(59.5).state is State.OK


def test_a_counter_that_was_corrected_a_little_invents_no_tries() -> None:
    """Counters that are summed over machines can fall a little: 1,000 people did not come in that second."""
    counters = Counters()
    for second, told in enumerate((1000, 1010, 1009, 1012)):
        counters.take({JOINED: told}, float(second))
    assert counters.totals == {JOINED: 1013}
    counters.take({JOINED: 700}, 4.0)
    counters.take({JOINED: 705}, 5.0)
    assert counters.totals == {JOINED: 1018}


def test_a_counter_that_wraps_goes_on_from_nothing() -> None:
    counters = Counters()
    counters.take({JOINED: 2**32 - 5}, 0.0)
    counters.take({JOINED: 7}, 1.0)
    assert counters.totals == {JOINED: 2**32 + 2}


def test_one_counter_that_starts_again_leaves_the_others_as_they_are() -> None:
    counters = Counters()
    counters.take({JOINED: 1000, TIMEOUT: 500}, 0.0)
    counters.take({JOINED: 3, TIMEOUT: 510}, 1.0)
    assert counters.totals == {JOINED: 1003, TIMEOUT: 510}


def test_a_clock_that_goes_back_a_little_does_not_lose_the_rate() -> None:
    counters = Counters()
    for second in range(30):
        counters.take({JOINED: 10 * second}, second - (1.5 if second == 20 else 0.0))
    tries, seconds = counters.recent()
    assert tries[JOINED] / seconds == pytest.approx(10)


def test_tries_between_two_answers_are_spread_evenly() -> None:
    counters = Counters()
    for second in range(0, 200, 20):
        counters.take({TIMEOUT: 5 * second}, float(second))
    assert counters.over(10.0) == ({TIMEOUT: 50}, 10)
    assert counters.over(10.0, until=15.0) == ({TIMEOUT: 50}, 10)
    assert counters.over(1000.0).seconds == 180


@given(
    st.lists(
        st.tuples(st.floats(0.1, 40), st.integers(0, 1000), st.integers(0, 1000)), min_size=2, max_size=40
    )
)
def test_stretches_side_by_side_add_up_to_the_whole(
    steps: list[tuple[float, int, int]],
) -> None:
    counters, now, told = Counters(), 0.0, Counter[Outcome]()
    for length, got_in, failed in steps:
        now += length
        told += Counter({JOINED: got_in, TIMEOUT: failed})
        counters.take({JOINED: told[JOINED], TIMEOUT: told[TIMEOUT]}, now)
    whole, last, before = counters.over(60.0), counters.over(25.0), counters.over(35.0, until=25.0)
    assert whole.seconds == pytest.approx(last.seconds + before.seconds)
    for outcome in (JOINED, TIMEOUT):
        parts = last.tries.get(outcome, 0) + before.tries.get(outcome, 0)
        assert whole.tries.get(outcome, 0) == pytest.approx(parts, abs=1e-6)
        assert min(last.tries.get(outcome, 0), before.tries.get(outcome, 0)) >= -1e-6
