"""What an operator says of a relocation. It sticks: no judgement of ours changes it, and no restart."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from probes.model import Cause, Place, Relocation, Room, Status, plain_text
from probes.watching import accounts
from probes.watching.answers import Departure
from probes.watching.cases import Case, Cases, revised
from probes.watching.everywhere import Everywhere
from probes.watching.roll import Key, key_of
from probes.watching.succession import Succession
from probes.watching.summary import SHORTENED
from probes.watching.wording import named


class Verdict(StrEnum):
    CONFIRM = "confirm"
    REJECT = "reject"
    NAME = "name"


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """One word of an operator, whose name is `by`.

    It is about the relocation with the id `relocation`, or about the room `room`
    that went. `to` is the successor that is named; its node may be left out.
    """

    verdict: Verdict
    by: str
    relocation: str = ""
    room: Place | None = None
    to: Place | None = None


class Rulings:
    """Carries rulings out on the relocations of one service."""

    def __init__(
        self,
        service: str,
        cases: Cases,
        succession: Succession,
        departure: Callable[[Key], Departure | None],
    ) -> None:
        self._service = service
        self._cases = cases
        self._succession = succession
        self._departure = departure

    def rule(self, ruling: Ruling, now: float, everywhere: Everywhere) -> str:
        """Carry out `ruling` at service time `now`. Returns why it cannot be, in a sentence, or ""."""
        if ruling.verdict is Verdict.NAME:
            return self._name(ruling, now, everywhere)
        case = self._cases.get(ruling.relocation)
        if case is None:
            return _unknown(ruling.relocation)
        if ruling.verdict is Verdict.CONFIRM:
            self._confirm(case, ruling.by, now)
        else:
            self._reject(case, ruling.by, now, everywhere)
        return ""

    def _confirm(self, case: Case, by: str, now: float) -> None:
        held = case.relocation
        where = f"goes on in {named(held.to)}" if held.to else "ended"
        settled = held.settled and held.status is not Status.REJECTED
        confirmed = replace(held, status=Status.CONFIRMED, confidence=1.0, judged_by=by, settled=settled)
        self._cases.hold(revised(confirmed, now, f"{by} confirmed that it {where}"), case.target, held.cause)
        self._succession.ruled(case.source)

    def _reject(self, case: Case, by: str, now: float, everywhere: Everywhere) -> None:
        held = case.relocation
        source = case.source
        found = held.cause is Cause.SUCCEEDED and everywhere.room(source) is None
        if held.to is None or case.target is None or not found:
            text = f"{by} rejected that it {'goes on in ' + named(held.to) if held.to else 'ended'}"
            rejected = replace(held, status=Status.REJECTED, confidence=0.0, judged_by=by, settled=True)
            self._cases.hold(revised(rejected, now, text), case.target, None)
            self._succession.ruled(source)
            return
        # The room is gone all the same, and another successor may turn up.
        ruled_out = (*held.ruled_out, held.to)
        departure = self._departure(source)
        if not self._succession.rule_out(source, case.target) and departure is not None:
            places = [(place.node, place.room) for place in ruled_out]
            lost = replace(departure, lineage=held.lineage)
            self._succession.resume(lost, held.id, [*places, case.target])
        alone = replace(accounts.without_successor(held), judged_by="", ruled_out=ruled_out)
        text = f"{by} says that {named(held.to)} is not its successor"
        self._cases.hold(revised(alone, now, text), None, Cause.ENDED)

    def _name(self, ruling: Ruling, now: float, everywhere: Everywhere) -> str:
        if ruling.to is None:
            return "to name a successor takes `to`: the id of a room that is open"
        target = _open_room(ruling.to, everywhere)
        if target is None:
            where = f" on {plain_text(ruling.to.node, 80)}" if ruling.to.node else ""
            wanted = plain_text(ruling.to.room, 80)
            return f"no room “{wanted}” is open{where}; name one of those in /api/v1/rooms"
        case = self._cases.get(ruling.relocation)
        if case is None and ruling.room is not None:
            case = self._cases.get(self._succession.case((ruling.room.node, ruling.room.room)))
        if case is not None:
            held = case.relocation
            source = case.source
            departure = self._departure(source)
            room = Room(id=source[1], node=source[0], title=held.from_.title)
            told = self._told(departure.room if departure else room, target, departure, ruling.by, now)
            told = replace(
                told,
                id=held.id,
                lineage=held.lineage,
                participants_before=held.participants_before,
                revisions=held.revisions,
                ruled_out=held.ruled_out,
            )
            if departure is None and everywhere.room(source) is None:
                told = _long_gone(told, held, self._opened(target), now)
        elif ruling.room is None:
            return _unknown(ruling.relocation)
        else:
            source = (ruling.room.node, ruling.room.room)
            departure = self._departure(source)
            room_before = departure.room if departure else _open_room(ruling.room, everywhere)
            if room_before is None:
                return (
                    f"no room “{plain_text(ruling.room.room, 80)}” is open, or has lately ended, on that node"
                )
            told = self._told(room_before, target, departure, ruling.by, now)
        if source == key_of(target):
            return "a room cannot be its own successor"
        text = f"{ruling.by} named {named(told.to)} as its successor"
        self._succession.ruled(source)
        self._cases.hold(revised(told, now, text), key_of(target), told.cause, source)
        return ""

    def _told(
        self, source: Room, target: Room, departure: Departure | None, by: str, now: float
    ) -> Relocation:
        target = replace(target, started_at=self._opened(target))
        told = accounts.reported(self._service, source, target, departure, f"named by {by}", now)
        cause = Cause.MOVED if source.id == target.id else Cause.SUCCEEDED
        return replace(told, cause=cause, status=Status.CONFIRMED, judged_by=by)

    def _opened(self, target: Room) -> float | None:
        """When a room opened: as it was seen, else as the service says."""
        seen = self._succession.around.opening(key_of(target))
        return target.started_at if seen is None else seen


def _long_gone(told: Relocation, held: Relocation, opened: float | None, now: float) -> Relocation:
    """`told` of a room that ended so long ago that only what was `held` of it tells when."""
    left = held.at - (held.dark_seconds or 0.0)
    if opened is None or not left <= opened <= now:
        return replace(told, at=left, dark_seconds=None)
    return replace(told, at=opened, dark_seconds=opened - left)


def _open_room(where: Place, everywhere: Everywhere) -> Room | None:
    found = everywhere.room((where.node, where.room)) if where.node else everywhere.named(where.room)
    if found is None and SHORTENED in where.room + where.node:
        return everywhere.shown_as(where.room, where.node)
    return found


def _unknown(name: str) -> str:
    return f"no relocation has the id “{plain_text(name, 80)}”; /api/v1/relocations lists them"
