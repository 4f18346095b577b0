"""From conditions to alerts: `for` and `keep_firing_for`, as Prometheus has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from probes.alerting.firing import Firing, Subject
from probes.alerting.table import ALERTS


class _Held(NamedTuple):
    """A condition that held lately. `began` and `gone` are seconds of the service."""

    began: float
    fires: bool
    firing: Firing
    gone: float | None = None


class Holding:
    """What of one service's conditions fires: those that last, and for a while those that are over."""

    def __init__(self) -> None:
        self._held: dict[Subject, _Held] = {}

    def __len__(self) -> int:
        """How many conditions are remembered."""
        return len(self._held)

    def take(self, found: Iterable[Firing], now: float) -> list[Firing]:
        """All that fires at `now`, a second of the service, with the conditions `found` at that moment."""
        held: dict[Subject, _Held] = {}
        for each in found:
            held[each.subject] = _holds(self._held.get(each.subject), each, now)
        for subject, before in self._held.items():
            if subject not in held and (kept := _kept(before, now)) is not None:
                held[subject] = kept
        self._held = held
        return [each.firing for each in held.values() if each.fires]


def _holds(before: _Held | None, found: Firing, now: float) -> _Held:
    began = now if before is None else before.began
    if before is not None and before.fires:
        return _Held(began, True, replace(found, since=before.firing.since))
    return _Held(began, now - began >= ALERTS[found.subject.alert].hold, found)


def _kept(before: _Held, now: float) -> _Held | None:
    """An alert whose condition is over, while it goes on firing; one that never fired is forgotten."""
    gone = now if before.gone is None else before.gone
    over = now - gone >= ALERTS[before.firing.subject.alert].keep
    return None if over or not before.fires else before._replace(gone=gone)
