"""Text that fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.public.text import clean, fitted, width


@given(st.text(), st.floats(20, 400), st.booleans())
def test_a_text_fits_its_room_on_one_line(text: str, room: float, bold: bool) -> None:
    shown = fitted(text, 13, room, bold)
    assert width(shown, 13, bold) <= room
    assert "\n" not in shown
    assert shown == clean(text) or shown.endswith("…")


def test_what_turns_or_breaks_is_taken_out() -> None:
    assert clean("a\u202eb\x00c\n d\ud800") == "a b c d"
