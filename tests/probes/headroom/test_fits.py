"""The fits themselves: what they are sure of where the curve is one that they know."""

from __future__ import annotations

import math

import numpy as np
import pytest

from probes.headroom.fits import BENDS, Fits


def fitted(people: list[float], every: float = 5.0) -> Fits:
    fits = Fits(1)
    for i, count in enumerate(people):
        fits.take(i * every, np.array([count]))
    return fits


def test_growth_that_slackens_at_a_known_rate_is_followed_to_where_it_leads() -> None:
    rate = BENDS[-1]
    people = [9_000 * (1 - math.exp(rate * 5 * i)) for i in range(80)]
    fits = fitted(people)
    last = 5 * 79
    assert fits.growth[0] == pytest.approx(-9_000 * rate * math.exp(rate * last), rel=0.01)
    said = fits.ahead(np.array([0.0, 60.0, 180.0]))[0]
    truth = [9_000 * (1 - math.exp(rate * (last + h))) for h in (0, 60, 180)]
    assert said == pytest.approx(truth, rel=0.002)


def test_a_straight_line_is_found_from_uneven_times() -> None:
    fits, at = Fits(1), 0.0
    for i in range(60):
        at += 3.0 + 4.0 * (i % 3)
        fits.take(at, np.array([200 + 2.5 * at]))
    assert fits.growth[0] == pytest.approx(2.5, rel=1e-6)
    assert fits.ahead(np.array([100.0]))[0] == pytest.approx([200 + 2.5 * (at + 100)], rel=1e-6)
    assert np.nanmax(fits.misses) < 0.05


def test_after_a_turn_the_short_memories_lead() -> None:
    people = [5_000 + 50.0 * i for i in range(100)] + [10_000.0 - 100.0 * i for i in range(48)]
    assert fitted(people).growth[0] == pytest.approx(-20, rel=0.1)


def test_a_cleared_slot_is_as_new() -> None:
    fits, new = fitted([7.0 * i for i in range(50)]), Fits(1)
    fits.clear(0)
    for i in range(50, 90):
        for each in (fits, new):
            each.take(5.0 * i, np.array([100.0 + i * i]))
    assert fits.growth[0] == pytest.approx(new.growth[0], rel=0.02)
