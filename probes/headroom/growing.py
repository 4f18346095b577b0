"""The counts of a service, its nodes and its biggest rooms as they grow, and when each is full."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from probes.headroom.fits import Fits, Numbers
from probes.headroom.forecast import UNKNOWN, Ahead, Forecast, ahead, forecast
from probes.model import TOP_ROOMS

Series = tuple[str, str]
"""Whose count: (node, room id); a node itself has an empty id, the service two empty names."""

SERVICE: Series = ("", "")

MOST_SERIES = 1 + 64 + TOP_ROOMS
STEP = 5.0
"""Seconds of service time that one count stands for: the middle one of those seen meanwhile."""

APART = 1.0
"""Seconds of service time between two counts that are read."""

FORGET = 300.0
"""Seconds of service time after which a room that is not seen is forgotten."""

BREAK = 900.0
"""Seconds of service time without any count after which everything begins anew."""

_FIRST_SLOTS = 4


def of_node(node: str) -> Series:
    return (node, "")


def of_room(node: str, room: str) -> Series:
    return (node, room)


class Growing:
    """Up to `MOST_SERIES` series. Times are the service's; memory is bounded whatever comes."""

    def __init__(self) -> None:
        self._fits = Fits(_FIRST_SLOTS)
        self._slots: dict[Series, int] = {}
        self._seen: dict[Series, float] = {}
        self._waiting: list[tuple[float, Numbers]] = []
        self._now: float | None = None
        self._closed: float | None = None
        self._fitted = 0.0
        self._ahead: Ahead | None = None
        self._told: dict[tuple[Series, int | None], Forecast] = {}

    def __contains__(self, series: Series) -> bool:
        return series in self._slots

    def clear(self) -> None:
        """Begin anew, as at the start."""
        self._fits = Fits(_FIRST_SLOTS)
        self._slots.clear()
        self._seen.clear()
        self._waiting.clear()
        self._told.clear()
        self._now = self._closed = self._ahead = None

    def due(self, now: float) -> bool:
        """Whether counts at `now` would be read: not of the past, and not too soon after the last."""
        return self._now is None or now >= self._now + APART

    def take(self, now: float, counts: Mapping[Series, int]) -> None:
        """Read all counts that are known at `now`. What is not among them is not known."""
        if not self.due(now):
            return
        if self._now is not None and now > self._now + BREAK:
            self.clear()
        self._now = now
        self._make_room(now, counts)
        row = np.full(self._fits.slots, np.nan)
        for series, count in counts.items():
            slot = self._slots.get(series)
            if slot is not None:
                row[slot] = count
        self._waiting.append((now, row))
        if self._closed is None or now >= self._closed + STEP:
            self._close(now)

    def forecast(self, series: Series, capacity: int | None) -> Forecast:
        """How `series` grows, and when it reaches `capacity` if it has one, as of the newest counts."""
        slot = self._slots.get(series)
        if slot is None or self._now is None or self._closed is None:
            return UNKNOWN
        told = self._told.get((series, capacity))
        if told is None:
            if self._ahead is None:
                self._ahead = ahead(self._fits)
            told = self._told[series, capacity] = forecast(self._ahead, slot, capacity)
        return told.later(self._now - self._fitted)

    def _close(self, now: float) -> None:
        """Give the fits the middle of the waiting counts."""
        rows = np.full((len(self._waiting), self._fits.slots), np.nan)
        for i, (_, row) in enumerate(self._waiting):
            rows[i, : len(row)] = row
        self._fitted = sum(at for at, _ in self._waiting) / len(self._waiting)
        self._fits.take(self._fitted, _middle(rows))
        self._waiting.clear()
        self._closed = now
        self._ahead = None
        self._told.clear()

    def _make_room(self, now: float, counts: Mapping[Series, int]) -> None:
        """A slot for each series of `counts`, as far as there are; those not seen for long give theirs up."""
        self._seen.update(dict.fromkeys(counts.keys() & self._slots.keys(), now))
        new = [series for series in counts if series not in self._slots][:MOST_SERIES]
        late = now - FORGET
        short = len(self._slots) + len(new) > MOST_SERIES
        for series in [s for s, at in self._seen.items() if at < late or (short and s not in counts)]:
            self._drop(series)
        if len(self._slots) + len(new) > self._fits.slots:
            slots = min(MOST_SERIES, max(2 * self._fits.slots, len(self._slots) + len(new)))
            self._fits = self._fits.widened(slots)
            self._ahead = None
        free = sorted(set(range(self._fits.slots)) - set(self._slots.values())) if new else []
        for series, slot in zip(new, free, strict=False):
            self._slots[series] = slot
            self._seen[series] = now

    def _drop(self, series: Series) -> None:
        slot = self._slots.pop(series)
        del self._seen[series]
        self._fits.clear(slot)
        self._ahead = None
        self._told.clear()
        for _, row in self._waiting:
            if slot < len(row):
                row[slot] = np.nan


def _middle(rows: Numbers) -> Numbers:
    """The median of each column, of those that are not nan; nan where all are."""
    known = (~np.isnan(rows)).sum(0)
    ordered = np.sort(rows, axis=0)  # nan comes last
    column = np.arange(rows.shape[1])
    low, high = (
        ordered[np.maximum(known - 1, 0) // 2, column],
        ordered[np.minimum(known // 2, len(rows) - 1), column],
    )
    middle: Numbers = np.where(known > 0, (low + high) / 2, np.nan)
    return middle
