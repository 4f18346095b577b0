"""How one try to join goes: which outcome, and how long until the answer.

The n-th try of a seed number always draws the same lot, so that a replay is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from seeds.play import Outcome

TIMEOUT_SECONDS: Final = 30.0
"""How long a try that times out is held: longer than any sane client waits."""

# Shortest and longest seconds of event time until the answer. Ours: no operator published one.
_DELAYS: Final[dict[Outcome, tuple[float, float]]] = {
    "joined": (0.15, 2.5),
    "unavailable": (0.05, 0.8),
    "aborted": (0.3, 3.0),
    "room_full": (0.03, 0.2),
    "timeout": (TIMEOUT_SECONDS, TIMEOUT_SECONDS),
}


def attempt(shares: Mapping[Outcome, float], number: int, nth: int) -> tuple[Outcome, float]:
    """The outcome of the `nth` try where outcomes have these `shares`, and its seconds of event time."""
    lots = hashlib.blake2b(f"{number}/{nth}".encode(), digest_size=16).digest()
    outcome = _pick(shares, int.from_bytes(lots[:8], "big") / 2**64)
    shortest, longest = _DELAYS[outcome]
    # Geometric between the two: most answers are quick, a few are slow.
    return outcome, shortest * (longest / shortest) ** (int.from_bytes(lots[8:], "big") / 2**64)


def _pick(shares: Mapping[Outcome, float], lot: float) -> Outcome:
    for outcome, share in shares.items():
        if lot < share:
            return outcome
        lot -= share
    return "joined"
