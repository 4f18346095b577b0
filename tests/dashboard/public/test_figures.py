"""Figures as the public reads them: short, and never more than is known."""

from __future__ import annotations

import pytest

from dashboard.public.figures import clocks, count, lasting, percent


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (999, "999"),
        (7_030, "7,030"),
        (9_994, "9,994"),
        (9_996, "10k"),
        (41_000, "41k"),
        (99_960, "100k"),
        (668_000, "668k"),
        (999_600, "1M"),
        (1_234_567, "1.23M"),
        (12_345_678, "12.3M"),
        (2_000_000_000, "2B"),
    ],
)
def test_counts_are_short(number: int | None, shown: str) -> None:
    assert count(number) == shown


def test_shares_are_percent() -> None:
    assert [percent(share) for share in (None, 0.0, 0.941, 0.99, 0.9995, 1.0)] == [
        "–",
        "0%",
        "94.1%",
        "99%",
        "99.95%",
        "100%",
    ]


def test_durations_are_words() -> None:
    told = [lasting(seconds) for seconds in (0.4, 59.6, 60, 118, 725, 3_600, 5_430)]
    assert told == ["1 s", "1 min", "1 min", "1 min 58 s", "12 min", "1 h", "1 h 30 min"]


def test_two_times_of_day_are_told_with_their_zone_once() -> None:
    assert clocks(1_684_967_400, 1_684_968_600) == "22:30 to 22:50 UTC"
