"""The rooms that took in people since a loss, whoever their hosts are. Made anew for each look."""

from __future__ import annotations

from heapq import nlargest
from typing import NamedTuple

from probes.model import Room
from probes.watching.losses import Loss, Others
from probes.watching.roll import Key, key_of
from probes.watching.surroundings import Surroundings


class Gain(NamedTuple):
    """The `people` that a room took in since it had `base`. `opened`: None where it was open long before."""

    people: int
    room: Room
    opened: float | None
    base: int


class Gains:
    """What the biggest rooms `around` gained; worked out once for all losses of one moment."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._found: dict[tuple[int, float, int], list[Gain]] = {}

    def since(self, loss: Loss) -> list[Gain]:
        """The rooms that took in people since a loss, those that took in most first."""
        group = (id(loss.bases), loss.at, loss.floor)
        found = self._found.get(group)
        if found is None:
            gains = (self._gain(loss, key, room) for key, room in self._around.biggest.items())
            found = sorted((gain for gain in gains if gain is not None), key=lambda gain: -gain.people)
            self._found[group] = found
        return found

    def others(self, loss: Loss) -> Others:
        """The rooms beside the lost one, to weigh a single one's gain against."""
        gains = sum(gain.people for gain in self.since(loss) if key_of(gain.room) != loss.key)
        before = loss.bases or {}
        sizes = nlargest(Others.ENOUGH, (people for key, people in before.items() if key != loss.key))
        return Others(gains, sizes)

    def _gain(self, loss: Loss, key: Key, room: Room) -> Gain | None:
        opened = self._around.opening(key)
        if opened is not None and (not loss.in_time(opened) or key in loss.spilled):
            opened = None
        base = self._around.moved(key)
        if base is None:
            base = loss.base(key, opened)
        if base is None or room.participants is None or room.participants <= base:
            return None
        return Gain(room.participants - base, room, opened, base)
