"""Many small rooms beside the event's own, for replies of up to 100,000 rooms and more.

Each room lives 100 s and then another takes its place, so that in every second
1 % of them change; which one, and all that is told of it, follows from the seed
number and the second alone. Ready bytes are kept and only what changed is redone.
"""

from __future__ import annotations

import json

LIFE = 100
"""Seconds that a small room lives."""

_SPREAD = 2_654_435_761  # an odd number far from round ones: neighbours get unlike sizes


class Crowd:
    """`size` small rooms spread over `nodes` (ids), from Unix second `starts` on."""

    def __init__(self, size: int, nodes: tuple[str, ...], number: int, starts: float) -> None:
        self._size = size
        self._nodes = [json.dumps(node) for node in nodes]
        self._number = number
        self._starts = starts
        self._second = 0
        self._rooms = [self._room(slot, 0) for slot in range(size)]
        self._joined = b",".join(self._rooms)

    def at(self, second: int) -> bytes:
        """The rooms as JSON objects with commas between, at whole second `second` of the event."""
        if second != self._second:
            passed = range(self._second + 1, second + 1) if second > self._second else range(LIFE)
            for phase in {s % LIFE for s in passed[:LIFE]}:
                for slot in range(phase, self._size, LIFE):
                    self._rooms[slot] = self._room(slot, second)
            self._second = second
            self._joined = b",".join(self._rooms)
        return self._joined

    def holds(self, room: str, second: int) -> bool:
        """Whether the small room with id `room` is open at `second`."""
        slot, _, _ = room.removeprefix("small-").partition("-")
        if not (slot.isascii() and slot.isdecimal() and len(slot) < 12 and int(slot) < self._size):
            return False
        return room == self._id(int(slot), self._life(int(slot), second))

    def _life(self, slot: int, second: int) -> int:
        """Which of the rooms that follow each other in `slot` is open at `second`, from 0."""
        return (second - slot % LIFE) // LIFE + 1

    def _id(self, slot: int, life: int) -> str:
        return f"small-{slot}-{life}"

    def _room(self, slot: int, second: int) -> bytes:
        life = self._life(slot, second)
        mix = ((slot + 1) * _SPREAD + life * 40_503 + self._number * 69_069) % 2**32
        opened = self._starts + max(0, (life - 1) * LIFE + slot % LIFE)
        return (
            f'{{"id":"{self._id(slot, life)}","title":"Small room {slot}",'
            f'"node":{self._nodes[slot % len(self._nodes)]},"participants":{2 + (mix >> 16) % 59},'
            f'"capacity":null,"state":"open","started_at":{opened},"hosts":["small-host-{slot}"]}}'
        ).encode()
