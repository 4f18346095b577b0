"""Counts are compared over windows, with a bounded memory, whatever restarts behind them."""

from __future__ import annotations

import pytest

from probes.alerting.own.grown import PARTS, Counted, Grown


def told(grown: Grown, seconds: int, tries: int = 10, failed: int = 1, start: int = 0) -> None:
    """`tries` and `failed` more each second."""
    for n in range(seconds):
        grown.take(Counted(n * tries, n * failed), float(start + n))


@pytest.mark.parametrize("window", [30.0, 60.0, 3600.0])
def test_growth_is_that_of_the_window_to_within_one_of_its_parts(window: float) -> None:
    grown = Grown([30.0, 60.0, 3600.0])
    told(grown, 7200)
    tries, failed = grown.over(window)
    assert tries == pytest.approx(10 * window, rel=1.5 / PARTS, abs=10)
    assert failed == pytest.approx(window, rel=1.5 / PARTS, abs=1)


def test_what_began_lately_is_compared_with_its_beginning() -> None:
    grown = Grown([3600.0])
    told(grown, 11)
    assert grown.over(3600.0) == Counted(100, 10)
    assert grown.known(3600.0) == 10, "and it is told how little that is"
    told(grown, 7200)
    assert grown.known(3600.0) == 3600


def test_counts_that_fell_began_anew_and_make_no_growth_of_their_own() -> None:
    grown = Grown([60.0])
    told(grown, 100)
    grown.take(Counted(900, 5), 100.0)
    assert grown.over(60.0) == Counted(0, 0)
    grown.take(Counted(920, 9), 101.0)
    assert grown.over(60.0) == Counted(20, 4)


def test_growth_ends_when_the_counts_stand_still() -> None:
    grown = Grown([60.0])
    told(grown, 30)
    for at in range(30, 120):
        grown.take(Counted(290, 29), float(at))
    assert grown.over(60.0) == Counted(0, 0)


def test_before_the_first_nothing_has_grown() -> None:
    assert Grown([60.0]).over(60.0) == Counted(0, 0)
    assert Counted(0, 0).share == 0.0


def test_memory_is_bounded_by_the_parts_of_the_windows() -> None:
    grown = Grown([30.0, 21_600.0])
    for n in range(100_000):
        grown.take(Counted(n, n), n * 0.25)
    assert all(len(window) <= PARTS + 2 for window in grown.windows.values())
