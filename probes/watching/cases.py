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
MOST_LET_GO = 10_000

STANDS = (Status.STANDING, Status.CONFIRMED)


class Case(msgspec.Struct):
    """One relocation, the rooms that it led from and to, and the cause that it is counted under, if any."""

    relocation: Relocation
    source: Key
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
        self._lineages: dict[Key, str] = {}  # open rooms that a relocation led to, with their lineage
        self._let_go: dict[str, Cause | None] = {}  # what stood or was rejected before it was let go

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases.values())

    def get(self, name: str) -> Case | None:
        return self._cases.get(name)

    def going_on(self, source: Key) -> Case | None:
        """The case that says where a room goes on that is open still."""
        known = (case for case in self._cases.values() if case.source == source)
        return next((case for case in known if _goes_on(case.relocation)), None)

    def lineage_of(self, key: Key) -> str:
        """The lineage that an open room belongs to, or ""."""
        return self._lineages.get(key, "")

    def was_let_go(self, name: str) -> bool:
        """Whether a relocation stood, or was rejected, before it was let go."""
        return name in self._let_go

    def counted(self, name: str, unknown: Cause | None = None) -> Cause | None:
        """The cause that a relocation is counted under; `unknown` where it is not remembered."""
        case = self._cases.get(name)
        return case.counts if case else self._let_go.get(name, unknown)

    def keep(
        self, relocation: Relocation, target: Key | None, counts: Cause | None, source: Key | None = None
    ) -> None:
        """Keep a relocation under its id, instead of what was kept under it.

        `source`: the room that it led from, where its whole name is known.
        """
        before = self._cases.get(relocation.id)
        if source is None:
            source = before.source if before else (relocation.from_.node, relocation.from_.room)
        self._cases[relocation.id] = Case(relocation, source, target, counts)
        self._let_go.pop(relocation.id, None)
        stands = relocation.status in STANDS
        if before is not None and before.target is not None and not (stands and before.target == target):
            self._no_longer_leads(before)
        if target is not None and stands:
            self._lineages[target] = relocation.lineage

    def _no_longer_leads(self, before: Case) -> None:
        """Where a relocation led to, another may lead as well."""
        key = before.target
        if key is None or self._lineages.get(key) != before.relocation.lineage:
            return
        del self._lineages[key]
        for case in self._cases.values():
            relocation = case.relocation
            if case.target == key and relocation.status in STANDS and not relocation.settled:
                self._lineages[key] = relocation.lineage

    def hold(
        self, relocation: Relocation, target: Key | None, counts: Cause | None, source: Key | None = None
    ) -> None:
        """Keep a relocation as it is judged now, and count what has changed in that."""
        counted = self.counted(relocation.id)
        if counts is not counted:
            self.retractions += counted is not None
            if counts is not None:
                self.totals[counts] += 1
        self.keep(relocation, target, counts, source)

    def begin_lineage(self, key: Key, lineage: str) -> None:
        """A room belongs to a lineage, though no relocation led to it."""
        self._lineages.setdefault(key, lineage)

    def trim(self) -> None:
        """Let go of the least when there are too many."""
        if len(self._cases) > MOST_RELOCATIONS:
            kept = nlargest(MOST_RELOCATIONS, self._cases.values(), key=Case.rank)
            self._remember_gone({case.relocation.id for case in kept})
            self._cases = {case.relocation.id: case for case in kept}
            targets = {case.target for case in kept}
            self._lineages = {key: lineage for key, lineage in self._lineages.items() if key in targets}

    def _remember_gone(self, kept: set[str]) -> None:
        for name, case in self._cases.items():
            if name not in kept and (case.counts is not None or case.relocation.status is Status.REJECTED):
                self._let_go[name] = case.counts
        while len(self._let_go) > MOST_LET_GO:
            del self._let_go[next(iter(self._let_go))]

    def opened_again(self, key: Key, lineage: str) -> None:
        """A room that a relocation led to is open again."""
        self._lineages[key] = lineage
        self._settle(key, False)

    def left(self, key: Key) -> str:
        """A room has gone: nobody follows to it any more. Returns the lineage that led to it, or ""."""
        lineage = self._lineages.pop(key, "")
        if lineage:
            self._settle(key, True)
        return lineage

    def used_again(self, key: Key) -> None:
        """A room's id is used again, long after: it is another room."""
        self._lineages.pop(key, None)

    def _settle(self, target: Key, settled: bool) -> None:
        for case in self._cases.values():
            if case.target == target and case.relocation.status is not Status.REJECTED:
                case.relocation = replace(case.relocation, settled=settled)

    def reopen(self, name: str) -> None:
        """Where the room went is open again, unless an operator has said so."""
        case = self._cases.get(name)
        if case is not None and not case.relocation.judged_by:
            case.relocation = replace(case.relocation, settled=False)

    def rooms(self) -> dict[Key, str]:
        """The rooms that relocations led to, with their lineage."""
        return dict(sorted(self._lineages.items()))

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
                self._lineages.pop(case.target, None)

    def rename(self, renamed: Callable[[Key], Key]) -> None:
        """Find again what history kept under a shortened name."""
        self._lineages = {renamed(key): lineage for key, lineage in self._lineages.items()}
        for case in self._cases.values():
            case.source = renamed(case.source)
            if case.target is not None:
                case.target = renamed(case.target)


def revised(relocation: Relocation, now: float, text: str) -> Relocation:
    """`relocation` with the words for a judgement that has changed."""
    return replace(relocation, revisions=(*relocation.revisions, Revision(now, text))[-MOST_REVISIONS:])


def _goes_on(relocation: Relocation) -> bool:
    """Whether it tells where the people of a room went before the room ended."""
    told = relocation.cause in (Cause.SUCCEEDED, Cause.REPORTED)
    return told and relocation.status in STANDS and not relocation.settled


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
