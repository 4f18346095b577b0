"""The numbers of every alert's condition in one place: Prometheus' rules and our own evaluation use the same.

Seconds are wall time where nothing else is said. How long a condition must hold, and
for how long an alert goes on after it, is in `ALERTS` (`hold`, `keep`). `MATTERS`, the share
of all people from which a room matters, and `SOON_FULL`, the seconds of service time to full
that are soon, are those of the board's reasons.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from probes.state import joining
from probes.state.endings import MATTERS as MATTERS
from probes.state.judge import SOON_FULL as SOON_FULL


class Pair(NamedTuple):
    """Two windows, in seconds, whose shares must both be above what `burn` times the budget comes to.

    The long one says that it matters, the short one that it still goes on. Without a `burn` it is the
    share with which the board calls joins failing.
    """

    short: int
    long: int
    burn: float | None


LAUNCH: Final = Pair(30, 60, 14.4)
"""For a launch: the usual pair of 5 min and 1 h would wake somebody 17 min after half of the joins fail."""

SLOW_BURNS: Final = (Pair(300, 3_600, 14.4), Pair(1_800, 21_600, 6.0), Pair(300, 300, None))
"""The usual pairs: 2% of a month's budget in an hour, 5% in six (Google's SRE workbook, chapter 5); and what
the board shows as failing, which else is red for hours before either of them has seen enough."""

AS_SHOWN: Final = 0.9 * joining.EASED
"""A little less than the share of `FAILING_BELOW` at which the board lets go of joins: it looks at 30 s."""

FEWEST_TRIES: Final = 20
"""Tries that a share must rest on: within `LAUNCH.long`, or within the short window of a slow pair."""

FEWEST_FAILED: Final = 3
"""Failed tries that a share must rest on, whatever the objective: one bad try is no news."""

WORST_CAP: Final = 0.15
"""A share of failed joins from which it matters whatever the burn: 14.4 times a budget of 10% is no share."""

OWN_RUN: Final = 3
"""Failures in a row of our own joins at one node."""

SLOW_QUANTILE: Final = 0.95
SLOW_OVER: Final = 300
FEWEST_JOINED: Final = 10
"""Joins are slow if this quantile of those within `SLOW_OVER` is above `join_within`, of so many at least."""

FOLLOWED: Final = 0.5
FOLLOWED_AFTER: Final = 120.0
"""The share carried over that is too low, so many seconds of service time after the room went on."""

STALE_INTERVALS: Final = 2
STALE_BEYOND: Final = 15.0
"""The newest answer is stale when it is older than so many poll intervals and so many seconds more."""

PROBE_RUN: Final = 5
"""Failures in a row of any probe at one node."""

OVERRUN_OVER: Final = 300
FEWEST_LATE: Final = 3
LATE_SHARE: Final = 0.05
"""Runs left out or too late within `OVERRUN_OVER`: how many, and what share of all."""

FRAME_STALE: Final = 15.0
"""Seconds after which the newest frame is too old."""


def share_of(pair: Pair, objective: float) -> float:
    """The share of failed joins above which both windows of `pair` must be, where `objective` is promised."""
    if pair.burn is not None:
        return failing_share(pair.burn, objective)
    return round(AS_SHOWN * (1.0 - min(joining.FAILING_BELOW, objective)), 6)


def failing_share(burn: float, objective: float) -> float:
    """The share of failed joins above which the budget of `objective` burns `burn` times too fast.

    A low objective has a budget whose multiple no share can reach. There it is `WORST_CAP`, or twice
    the budget where that is more, or half way from the budget to 1.
    """
    allowed = 1.0 - objective
    reachable = max(WORST_CAP, min(2.0 * allowed, (1.0 + allowed) / 2.0))
    return round(min(burn * allowed, reachable), 6)
