"""What a few tries prove of a share."""

from __future__ import annotations

import math

SURE = 1.96
"""Standard deviations of 95 % certainty."""

VERY_SURE = 3.0
"""Standard deviations of 99.7 % certainty: for what is asked every second."""


def bounds(good: float, tries: float, sure: float = SURE) -> tuple[float, float]:
    """The lowest and the highest share that `good` out of `tries` may well come from (Wilson's score)."""
    if tries <= 0:
        return 0.0, 1.0
    share, weight = good / tries, sure * sure / tries
    middle = (share + weight / 2) / (1 + weight)
    reach = sure * math.sqrt(max(0.0, share * (1 - share)) / tries + weight / (4 * tries)) / (1 + weight)
    return max(0.0, middle - reach), min(1.0, middle + reach)
