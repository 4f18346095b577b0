"""Numbers as people read them in a sentence."""

from __future__ import annotations

import math

import pytest

from probes.watching.wording import clock, number, percent, span, stretch

# --- Wording ---

SHARES = {
    0: "0%",
    0.0001: "0.1%",
    0.004: "0.4%",
    0.0104: "1%",
    1 - 0.99: "1%",
    0.42: "42%",
    0.95: "95%",
    0.97: "97%",
    0.998: "99.8%",
    0.99999: "99.9%",
    1.0: "100%",
}
TIMES = {
    0: "0 s",
    0.0002: "1 ms",
    0.041: "41 ms",
    0.095: "0.1 s",
    0.41: "0.4 s",
    3.0: "3 s",
    9.97: "10 s",
    118.2: "118 s",
    120: "2 min",
    125: "2 min 5 s",
    7200: "2 h",
    12_000: "3 h 20 min",
}


SPANS = {
    (12.9, 39.1): "in 12 to 40 s",
    (0.4, 39.1): "within 40 s",
    (40, 500): "within 9 min",
    (370, 520): "in 6 to 9 min",
    (360, 360): "in 6 min",
    (370, math.inf): "in 6 min or more",
    (6000, 20_000): "in 1 to 6 h",
    (20_000, math.inf): "in 5 h or more",
}


@pytest.mark.parametrize(("seconds", "text"), SPANS.items())
def test_ranges_as_people_read_them(seconds: tuple[float, float], text: str) -> None:
    assert span(*seconds) == text


@pytest.mark.parametrize(("share", "text"), SHARES.items())
def test_shares_as_people_read_them(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("seconds", "text"), TIMES.items())
def test_times_as_people_read_them(seconds: float, text: str) -> None:
    assert stretch(seconds) == text


def test_numbers_and_hours_as_people_read_them() -> None:
    assert number(668000) == "668,000"
    assert clock(1684966862.4) == "22:21:02 UTC"
    assert clock(1e20) == "100000000000000000000 s"
