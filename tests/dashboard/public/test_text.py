"""Text that fits, and figures as the public reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.public.text import clean, count, fitted, lasting, percent, width


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
    assert [percent(share) for share in (None, 0.0, 0.941, 0.99, 1.0)] == ["–", "0%", "94.1%", "99%", "100%"]


def test_durations_are_words() -> None:
    told = [lasting(seconds) for seconds in (0.4, 59.4, 60, 118, 3_600, 5_430)]
    assert told == ["0 s", "59 s", "1 min", "1 min 58 s", "1 h 0 min", "1 h 30 min"]


@given(st.text(), st.floats(20, 400), st.booleans())
def test_a_text_fits_its_room_on_one_line(text: str, room: float, bold: bool) -> None:
    shown = fitted(text, 13, room, bold)
    assert width(shown, 13, bold) <= room
    assert "\n" not in shown
    assert shown == clean(text) or shown.endswith("…")


def test_what_turns_or_breaks_is_taken_out() -> None:
    assert clean("a\u202eb\x00c\n d\ud800") == "a b c d"
