"""What a few tries prove of a share."""

from __future__ import annotations

import math

SURE = 1.96
"""Standard deviations of 95 % certainty."""


def bounds(good: float, tries: float) -> tuple[float, float]:
    """The lowest and the highest share that `good` out of `tries` may well come from (Wilson's score)."""
    if tries <= 0:
        return 0.0, 1.0
    share, weight = good / tries, SURE * SURE / tries
    middle = (share + weight / 2) / (1 + weight)
    reach = SURE * math.sqrt(max(0.0, share * (1 - share)) / tries + weight / (4 * tries)) / (1 + weight)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def chance(good: int, tries: int, share: float) -> float:
    """How likely it is that so few, or so many, as `good` out of `tries` come from this share."""
    each = [math.comb(tries, n) * share**n * (1 - share) ** (tries - n) for n in range(tries + 1)]
    return min(1.0, math.fsum(each[: good + 1]), math.fsum(each[good:]))
