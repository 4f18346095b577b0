"""What holds of every forecast, whatever the counts."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from probes.headroom.forecast import Forecast
from probes.headroom.growing import MOST_SERIES, SERVICE, Growing, Series, of_room

STEPS = st.sampled_from([1.0, 1.3, 5.0, 7.0, 30.0])
COUNTS = st.lists(
    st.tuples(STEPS, st.one_of(st.none(), st.integers(min_value=0, max_value=5_000))),
    min_size=30,
    max_size=120,
)
QUICK = settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])


def told(
    moments: Sequence[tuple[float, Mapping[Series, int]]], capacities: Mapping[Series, int]
) -> list[dict[Series, Forecast]]:
    """What is foretold of each series after each moment: seconds since the one before, and the counts."""
    growing, now, seen = Growing(), 0.0, []
    for passed, counts in moments:
        now += passed
        growing.take(now, counts)
        seen.append({series: growing.forecast(series, most) for series, most in capacities.items()})
    return seen


def one(counts: Sequence[tuple[float, int | None]], capacity: int) -> list[Forecast]:
    moments = [(passed, {} if n is None else {SERVICE: n}) for passed, n in counts]
    return [each[SERVICE] for each in told(moments, {SERVICE: capacity})]


@QUICK
@given(COUNTS, COUNTS)
def test_nothing_is_foretold_from_the_future(first: list, second: list) -> None:
    assert one(first + second, 6_000)[: len(first)] == one(first, 6_000)


@QUICK
@given(COUNTS)
def test_a_range_holds_what_is_most_likely_and_never_a_negative_time(counts: list) -> None:
    for seen in one(counts, 6_000):
        if seen.seconds is not None:
            assert 0 <= seen.soonest <= seen.seconds <= seen.latest
            assert seen.growth_low <= seen.growth <= seen.growth_high
            assert math.isfinite(seen.growth_low) and math.isfinite(seen.growth_high)


@QUICK
@given(st.lists(STEPS, min_size=30, max_size=200), st.integers(min_value=0, max_value=4_999))
def test_a_constant_crowd_is_never_foretold_to_fill(steps: list[float], people: int) -> None:
    assert {seen.seconds for seen in one([(s, people) for s in steps], 5_000)} <= {None, math.inf}


@QUICK
@given(COUNTS, st.sampled_from([2, 7, 1_000]))
def test_a_crowd_and_a_capacity_k_times_as_large_are_full_at_the_same_time(counts: list, k: int) -> None:
    small = one(counts, 6_000)
    large = one([(s, None if n is None else k * n) for s, n in counts], 6_000 * k)
    for a, b in zip(small, large, strict=True):
        assert (a.seconds is None) == (b.seconds is None)
        if a.seconds is not None:
            assert b.seconds == pytest.approx(a.seconds, rel=1e-6, abs=1e-6)
            assert b.growth == pytest.approx(k * a.growth, rel=1e-6, abs=1e-6)


@QUICK
@example(number=71, rooms=7)  # a room begins in a slot that was there, or in one that came with it
@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=2, max_value=12))
def test_the_order_of_rooms_does_not_matter(number: int, rooms: int) -> None:
    dice = random.Random(number)
    names = [of_room("n", str(i)) for i in range(rooms)]
    often = dice.choice([0.05, 0.5, 1.0])
    straight, mixed = [], []
    for _ in range(80):
        passed = dice.choice([1.0, 5.0, 30.0])
        known = [(name, dice.randrange(5_000)) for name in names if dice.random() < often]
        straight.append((passed, dict(known)))
        mixed.append((passed, dict(dice.sample(known, len(known)))))
    capacities = dict.fromkeys(names, 6_000)
    assert told(straight, capacities) == told(mixed, capacities)


def test_rooms_that_come_and_go_leave_no_trace_in_one_another() -> None:
    """A room that takes the place of one that is gone is foretold as if it had been alone."""
    growing, alone = Growing(), Growing()
    for second in range(2_000):
        growing.take(second, {of_room("n", f"{second // 400}"): 7 * second % 4_000, SERVICE: 50})
        if second >= 1_600:
            alone.take(second, {of_room("n", "4"): 7 * second % 4_000, SERVICE: 50})
    last = of_room("n", "4")
    assert growing.forecast(last, 9_000).seconds == pytest.approx(
        alone.forecast(last, 9_000).seconds, rel=0.01
    )
    assert growing.forecast(of_room("n", "0"), 9_000) == Forecast()


def test_memory_is_bounded_however_many_rooms_pass_by() -> None:
    growing = Growing()
    for second in range(60):
        growing.take(second, {of_room("n", f"{second}-{i}"): i for i in range(500)})
    followed = sum(1 for s in range(60) for i in range(500) if of_room("n", f"{s}-{i}") in growing)
    assert followed <= MOST_SERIES
    assert of_room("n", "59-0") in growing


def test_many_series_are_foretold_as_each_would_be_alone() -> None:
    dice = np.random.default_rng(5)
    steps = dice.poisson(dice.uniform(1, 9, 40), (400, 40)).cumsum(0)
    together = Growing()
    apart = [Growing() for _ in range(40)]
    names = [of_room("n", str(i)) for i in range(40)]
    for second, row in enumerate(steps):
        together.take(second, {name: int(n) for name, n in zip(names, row, strict=True)})
        for growing, name, n in zip(apart, names, row, strict=True):
            growing.take(second, {name: int(n)})
    for growing, name in zip(apart, names, strict=True):
        mine, theirs = together.forecast(name, 9_000), growing.forecast(name, 9_000)
        assert mine.seconds == pytest.approx(theirs.seconds, rel=1e-9)
