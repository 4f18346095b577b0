"""Rooms that may go on under another id, and the rooms that may continue them.

A room is lost when it ended with an audience or fell by half within a minute. It
spills over when it is full and stays so. What may continue it opened within the
window or swelled since, and is of the same people by its hosts, its speakers, its
name, or by taking in so many of them at the right moment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

import msgspec

from probes.model import Room
from probes.watching.likeness import NOTHING, Evidence, core, kinship, name_of
from probes.watching.roll import Key, key_of
from probes.watching.wording import number, percent, stretch

MOST_CANDIDATES = 16

SMALL_GAIN = 0.03
"""The share of the people before from which on a gain says something."""

SOON = 180.0
"""Seconds from an end within which its people open the next room, as a rule."""

EARLY = 60.0
"""Seconds before an end at which its people may have opened the next room already."""

_FAIR_GAIN = 0.1
_LARGE_GAIN = 0.3
_TOO_LARGE_GAIN = 1.5
_DOMINANT = 0.6
_EMPTY_AFTER = 120.0
_EMPTY = 0.01
_BIAS = -3.0
_BIAS_FULL = -2.5


class Kind(StrEnum):
    GONE = "gone"
    FELL = "fell"
    FULL = "full"


class Candidate(msgspec.Struct):
    """A room that may continue another. `opened` is None where it was open long before.

    `kin`: what hosts, speakers and names said when it was taken.
    """

    room: Room
    opened: float | None
    base: int
    kin: float

    @property
    def gain(self) -> int:
        """The people it took in since the loss, or since it opened."""
        return max(0, (self.room.participants or 0) - self.base)


class Others(msgspec.Struct):
    """The other rooms: `gains` are the people that all took in since a loss, together; `sizes` the people
    in the `ENOUGH` biggest ones shortly before."""

    ENOUGH: ClassVar[int] = 4

    gains: int
    sizes: list[int]

    def as_large_as(self, people: int) -> int:
        """How many rooms had so many people, at most `ENOUGH`."""
        return sum(1 for size in self.sizes if size >= people)


class Loss(msgspec.Struct):
    """A room that may go on elsewhere. Times are the service's.

    `at`: when it was last seen whole, or from when on it was full. `bases`: the
    people in the biggest rooms shortly before, None where that is not known;
    `floor`: the most that any room outside of them had. `common_name`: several
    other rooms have its name. `spilled`: rooms that opened beside it while it was
    full. `case` and `lineage` name the relocation that it is. `stood`: whether its
    chosen successor was sure enough to stand; `ended` whether a room that fell is gone by now.
    """

    room: Room
    kind: Kind
    before: int
    at: float
    until: float
    bases: Mapping[Key, int] | None = None
    floor: int = 0
    common_name: bool = False
    ruled_out: set[Key] = msgspec.field(default_factory=set)
    spilled: set[Key] = msgspec.field(default_factory=set)
    candidates: dict[Key, Candidate] = msgspec.field(default_factory=dict)
    chosen: Key | None = None
    stood: bool = False
    ended: bool = False
    case: str = ""
    lineage: str = ""

    @property
    def key(self) -> Key:
        return key_of(self.room)

    @property
    def gone(self) -> bool:
        return self.ended or self.kind is Kind.GONE

    def base(self, key: Key, opened: float | None) -> int | None:
        """The people in a room before the loss; None where nobody knows."""
        if opened is not None and (opened >= self.at - EARLY or self.bases is None):
            return 0
        if self.bases is None:
            return None
        return self.bases.get(key, self.floor or (None if opened is None else 0))

    def may_be(self, room: Room) -> bool:
        """Whether a room can be its successor at all. One with the same id is the same room, moved."""
        key = key_of(room)
        return room.id != self.room.id and key not in self.ruled_out and key not in self.candidates

    def in_time(self, opened: float) -> bool:
        """Whether a room that opened then may continue it; one beside a full room may be a bit early."""
        early = 2 * EARLY if self.kind is Kind.FULL else self.until - self.at
        return self.at - early <= opened <= self.until

    def has_name_of(self, room: Room) -> bool:
        """Whether a room has its name, or one that differs only in what is added for another room."""
        name = core(name_of(room))
        return bool(name) and name == core(name_of(self.room)) and not self.common_name

    def consider(self, room: Room, opened: float | None, base: int) -> None:
        """Take a room as a candidate; of too many the one that speaks least for itself goes."""
        kin = kinship(self.room, room, self.common_name).weight
        self.candidates[key_of(room)] = Candidate(room, opened, base, kin)
        if len(self.candidates) > MOST_CANDIDATES:
            others = [key for key in self.candidates if key != self.chosen]
            least = min(others, key=lambda key: (self.candidates[key].kin, key))
            del self.candidates[least]

    def kinship(self, candidate: Candidate) -> Evidence:
        """What hosts, speakers and names say."""
        return kinship(self.room, candidate.room, self.common_name)

    def judge(self, key: Key, now: float, others: Others) -> Evidence:
        """All that speaks for a candidate beside the `others` that there are."""
        candidate = self.candidates[key]
        if self.kind is Kind.FULL:
            rest = self._spilled(candidate)
        else:
            rest = self._timing(candidate) + self._growth(candidate, now, others)
        return self.kinship(candidate) + rest

    def dark(self, candidate: Candidate) -> float | None:
        """Seconds without a room: from last seen open to first seen open elsewhere."""
        if candidate.opened is None:
            return 0.0 if self.bases is not None else None
        return max(0.0, candidate.opened - self.at) if self.kind is Kind.GONE else 0.0

    def _timing(self, candidate: Candidate) -> Evidence:
        if candidate.opened is None:
            return Evidence(_BIAS)
        gap = candidate.opened - self.at
        if gap < -EARLY:
            return Evidence(_BIAS + 0.25, ("opened before",))
        words = (f"opened {stretch(gap)} after" if gap > 0 else f"opened {stretch(-gap)} before the end",)
        if gap <= SOON:
            return Evidence(_BIAS + 1.0, words)
        return Evidence(_BIAS + 0.5 * max(0.0, 1.0 - gap / (self.until - self.at)), words)

    def _growth(self, candidate: Candidate, now: float, others: Others) -> Evidence:
        """What the people say that a room took in. More than were lost came of themselves, and where
        rooms of its size are common, one more is no sign."""
        gain = candidate.gain
        share = gain / self.before if self.before else 0.0
        since = max(self.at, candidate.opened or self.at)
        if now - since >= _EMPTY_AFTER and (candidate.room.participants or 0) < _EMPTY * self.before:
            return Evidence(-2.0)
        if not SMALL_GAIN <= share <= _TOO_LARGE_GAIN:
            return NOTHING
        weight = 2.5 if share >= _LARGE_GAIN else 1.5 if share >= _FAIR_GAIN else 0.5
        words = [f"took in {number(gain)} people, {percent(share)} of those before"]
        if gain >= _DOMINANT * others.gains and share >= _FAIR_GAIN:
            weight += 1.0
            words.append(f"{percent(gain / max(gain, others.gains))} of all that rooms took in since")
        return Evidence(weight / (1 + others.as_large_as(gain)), tuple(words))

    def _spilled(self, candidate: Candidate) -> Evidence:
        weight = _BIAS_FULL + (1.0 if candidate.gain >= SMALL_GAIN * self.before else 0.0)
        return Evidence(weight, (f"opened while the first was full with {number(self.before)}",))


def sure(weights: list[float]) -> float:
    """How likely the first of several is the one, against the others and against none of them, 0 to 1."""
    top = max(0.0, *weights)
    return math.exp(weights[0] - top) / (math.exp(-top) + sum(math.exp(weight - top) for weight in weights))
