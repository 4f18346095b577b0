"""The relocations of one service that are kept: what is counted, followed and settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import nlargest

import msgspec
from msgspec.structs import replace

from probes.model import Cause, Relocation, Revision, Status
from probes.watching.everywhere import Everywhere
from probes.watching.roll import Key

MOST_RELOCATIONS = 100
MOST_REVISIONS = 20

STANDS = (Status.STANDING, Status.CONFIRMED)


class Case(msgspec.Struct):
    """One relocation, the room that it led to, and the cause that it is counted under, if any."""

    relocation: Relocation
    target: Key | None
    counts: Cause | None

    def rank(self) -> tuple[bool, int, float, str]:
        """What is kept when there are too many: what still goes on, then the big, then the new."""
        relocation = self.relocation
        return not relocation.settled, relocation.participants_before or 0, relocation.at, relocation.id


class Cases:
    """At most `MOST_RELOCATIONS` relocations by id.

    `totals` counts what stood, by cause; a claim that was withdrawn, or gave way
    to another cause, is also counted in `retractions`: totals less retractions
    is the number of relocations that stand.
    """

    def __init__(self) -> None:
        self.totals: Counter[Cause] = Counter()
        self.retractions = 0
        self._cases: dict[str, Case] = {}
        self._leading: dict[Key, str] = {}  # open rooms that a relocation led to, with their lineage

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases.values())

    def get(self, name: str) -> Case | None:
        return self._cases.get(name)

    def keep(self, relocation: Relocation, target: Key | None, counts: Cause | None) -> None:
        """Keep a relocation under its id, instead of what was kept under it."""
        before = self._cases.get(relocation.id)
        if before is not None and before.target is not None and before.target != target:
            self._leading.pop(before.target, None)
        self._cases[relocation.id] = Case(relocation, target, counts)
        if target is not None and relocation.status in STANDS:
            self._leading[target] = relocation.lineage

    def hold(self, relocation: Relocation, target: Key | None, counts: Cause | None) -> None:
        """Keep a relocation as it is judged now, and count what has changed in that."""
        before = self._cases.get(relocation.id)
        counted = before.counts if before else None
        if counts is not counted:
            self.retractions += counted is not None
            if counts is not None:
                self.totals[counts] += 1
        self.keep(relocation, target, counts)

    def lead(self, key: Key, lineage: str) -> None:
        """A room belongs to a lineage, though no relocation led to it."""
        self._leading.setdefault(key, lineage)

    def trim(self) -> None:
        """Let go of the least when there are too many."""
        if len(self._cases) > MOST_RELOCATIONS:
            kept = nlargest(MOST_RELOCATIONS, self._cases.values(), key=Case.rank)
            self._cases = {case.relocation.id: case for case in kept}
            targets = {case.target for case in kept}
            self._leading = {key: lineage for key, lineage in self._leading.items() if key in targets}

    def leads_to(self, key: Key, lineage: str) -> None:
        """A room that a relocation led to is open again."""
        self._leading[key] = lineage
        self._settle(key, False)

    def left(self, key: Key) -> str:
        """A room has gone: nobody follows to it any more. Returns the lineage that led to it, or ""."""
        lineage = self._leading.pop(key, "")
        if lineage:
            self._settle(key, True)
        return lineage

    def another(self, key: Key) -> None:
        """A room's id is used again, long after: it is another room."""
        self._leading.pop(key, None)

    def _settle(self, target: Key, settled: bool) -> None:
        for case in self._cases.values():
            if case.target == target:
                case.relocation = replace(case.relocation, settled=settled)

    def reopen(self, name: str) -> None:
        """Where the room went is open again, unless an operator has said so."""
        case = self._cases.get(name)
        if case is not None and not case.relocation.judged_by:
            case.relocation = replace(case.relocation, settled=False)

    def rooms(self) -> dict[Key, str]:
        """The rooms that relocations led to, with their lineage."""
        return dict(sorted(self._leading.items()))

    def view(self, known: Callable[[Key], bool]) -> tuple[Relocation, ...]:
        """All that is kept, newest first. People in a room that is not `known` at present are unknown too."""
        kept = sorted(self._cases.values(), key=lambda case: (-case.relocation.at, case.relocation.id))
        return tuple(
            replace(case.relocation, participants_now=None, carried_over=None, lost=None)
            if case.target and not case.relocation.settled and not known(case.target)
            else case.relocation
            for case in kept
        )

    def follow(self, now: float, everywhere: Everywhere, settles: float) -> None:
        """Count those who came along, until a relocation has settled, `settles` seconds after it."""
        for case in self._cases.values():
            if not case.relocation.settled:
                case.relocation = _followed(case, now, everywhere, settles)

    def forget_after(self, now: float) -> None:
        """Forget what was later than `now`: the service's time has started again."""
        for case in [case for case in self._cases.values() if case.relocation.at > now]:
            del self._cases[case.relocation.id]
            if case.target is not None:
                self._leading.pop(case.target, None)

    def rename(self, renamed: Callable[[Key], Key]) -> None:
        """Find again what history kept under a shortened name."""
        self._leading = {renamed(key): lineage for key, lineage in self._leading.items()}
        for case in self._cases.values():
            if case.target is not None:
                case.target = renamed(case.target)


def revised(relocation: Relocation, now: float, text: str) -> Relocation:
    """`relocation` with the words for a judgement that has changed."""
    return replace(relocation, revisions=(*relocation.revisions, Revision(now, text))[-MOST_REVISIONS:])


def _followed(case: Case, now: float, everywhere: Everywhere, settles: float) -> Relocation:
    relocation = case.relocation
    room = everywhere.room(case.target) if case.target else None
    people = room.participants if room else None
    settled = now - relocation.at >= settles
    if people is not None:
        before = relocation.participants_before
        follows = relocation.cause is not Cause.OVERFLOWED  # there the first room goes on
        relocation = replace(
            relocation,
            participants_now=people,
            carried_over=round(people / before, 4) if before and follows else None,
            lost=max(0, before - people) if before is not None and follows else None,
        )
    elif settled:
        relocation = replace(relocation, participants_now=None, carried_over=None, lost=None)
    return replace(relocation, settled=True) if settled else relocation
