"""Counters of several sources in one sum that never falls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.services.growing import Growing


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 100)), max_size=20), st.booleans())
def test_whatever_is_told_the_sum_never_falls(told: list[dict[str, int]], own_start: bool) -> None:
    growing: Growing[str] = Growing(own_start=own_start)
    sums = [growing.take(counts) for counts in told]
    assert sums == sorted(sums)


def test_a_source_heard_late_counts_in_full_or_from_then_on() -> None:
    for own_start, sums in ((False, [5, 105, 112]), (True, [0, 0, 7])):
        growing: Growing[str] = Growing(own_start=own_start)
        told = ({"a": 5}, {"a": 5, "b": 100}, {"a": 9, "b": 3})
        assert [growing.take(counts) for counts in told] == sums


def test_sources_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.services.growing.MOST_SOURCES", 2)
    growing: Growing[int] = Growing()
    assert growing.take({1: 10, 2: 10, 3: 10}) == 20
    assert growing.take({1: 11, 2: 10, 3: 99}) == 21
