"""How many more requests a service allows, as its answers tell; shared by all who ask with the same token.

Read from `x-rate-limit-remaining` and `x-rate-limit-reset` (Unix seconds), as the X API documents them in
docs.x.com/x-api/fundamentals/rate-limits. `now` is a clock that is never set, in seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from probes.http.waiting import service_now
from probes.watching.wording import clock, number

LONGEST_WINDOW = 86_400.0
"""Seconds; a reset that is further away is a mistake."""

MOST_BUDGETS = 1_000
_ROUNDING = 1.0  # a reset is told in whole seconds, and so is the time of an answer


@dataclass(frozen=True, slots=True)
class _Asker:
    rate: float  # requests a second at the pace that is configured
    until: float  # if it has not asked by then, it asks no more


class Budget:
    """The requests left until a reset. What is not known yet is no limit."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._resets_at = 0.0  # by the service's clock
        self._until = 0.0  # the same by ours
        self._askers: dict[str, _Asker] = {}

    def told(self, headers: Mapping[str, str], now: float) -> None:
        """Take in what an answer says. Answers may overtake each other: within a window the lowest counts."""
        left = _whole(headers.get("x-rate-limit-remaining", ""))
        reset = _whole(headers.get("x-rate-limit-reset", ""))
        if left is None or reset is None:
            return
        seconds = reset - service_now(headers)
        if not 0 < seconds <= LONGEST_WINDOW:
            return
        if self._left is not None and now < self._until and reset <= self._resets_at + _ROUNDING:
            if reset >= self._resets_at - _ROUNDING:
                self._left = min(self._left, left)
            return
        self._left, self._resets_at, self._until = left, reset, now + seconds + _ROUNDING

    def close(self, seconds: float, resets_at: float, now: float) -> None:
        """Allow nothing for `seconds`, whatever is left: the service has refused."""
        self._left, self._resets_at, self._until = 0, resets_at, now + seconds

    def spend(self) -> None:
        """A request is sent. It counts though its answer may never come, to tell what is left after it."""
        if self._left:
            self._left -= 1

    def wait(self, now: float) -> float | None:
        """The seconds for which nothing is left, or None where a request is allowed."""
        return self._until - now if self._left == 0 and now < self._until else None

    def pace(self, who: str, requests: int, every: float, now: float) -> float:
        """How many seconds `who`, who wants to send `requests` every so many seconds, is to leave between.

        What is left is spread evenly over the time to the reset, and each of those
        who share it is slowed down by the same factor.
        """
        self._askers = {name: asker for name, asker in self._askers.items() if asker.until > now}
        self._askers[who] = _Asker(requests / every, now)
        interval = self._interval(every, now)
        self._askers[who] = _Asker(requests / every, now + 3 * interval)
        return interval

    def words(self) -> str:
        """What is left and until when: `40 requests left until 18:15:00 UTC`."""
        left = self._left or 0
        return f"{number(left)} request{'' if left == 1 else 's'} left until {clock(self._resets_at)}"

    def _interval(self, every: float, now: float) -> float:
        seconds = self._until - now
        if self._left is None or seconds <= 0:
            return every
        wanted = seconds * sum(asker.rate for asker in self._askers.values())
        slower = wanted / self._left if self._left else float("inf")
        return max(every, min(every * slower, seconds))


class Budgets:
    """A budget for each place that is asked, and each token it is asked with; the longest unused goes."""

    def __init__(self) -> None:
        self._budgets: OrderedDict[tuple[Hashable, ...], Budget] = OrderedDict()

    def of(self, *key: Hashable) -> Budget:
        budget = self._budgets.setdefault(key, Budget())
        self._budgets.move_to_end(key)
        if len(self._budgets) > MOST_BUDGETS:
            self._budgets.popitem(last=False)
        return budget


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
