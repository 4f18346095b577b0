"""From judgements to relocations: what stands, what is proposed, and what is taken back."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from probes.config.lineage import LineageSettings
from probes.model import Cause, Relocation, Room, Status
from probes.watching import accounts
from probes.watching.answers import Departure
from probes.watching.cases import Cases, revised
from probes.watching.everywhere import Everywhere
from probes.watching.losses import Kind, Loss
from probes.watching.recent import Recent
from probes.watching.roll import key_of
from probes.watching.succession import Succession
from probes.watching.weighing import Choice, Judgement
from probes.watching.wording import named

WITHDRAWN = 0.5
"""The confidence below which a successor that stood is only proposed: lower than what made it stand."""

MOST_REPORTED = 100


class Judged:
    """Holds in `cases` what `succession` judges and what the service says."""

    def __init__(self, service: str, settings: LineageSettings, cases: Cases, succession: Succession) -> None:
        self.settings = settings
        self._service = service
        self._cases = cases
        self._succession = succession

    def take(self, judgement: Judgement, now: float) -> None:
        """Hold one judgement from service time `now` on. An operator's word and what has settled stay."""
        if judgement.loss.kind is Kind.FULL:
            self._overflow(judgement, now)
            return
        loss = judgement.loss
        if not loss.case:
            known = self._cases.going_on(loss.key)
            if known is not None and (known.relocation.cause is Cause.REPORTED or known.relocation.judged_by):
                return  # somebody who knows has said where
            loss.case = accounts.id_at(self._service, loss.key, loss.at)
            loss.lineage = self._cases.lineage_of(loss.key) or accounts.new_lineage(
                self._service, loss.room, loss.at
            )
        case = self._cases.get(loss.case)
        held = case.relocation if case else None
        if held is not None and (held.judged_by or held.settled):
            return
        if judgement.choice is not None:
            self._succeed(loss, judgement.choice, held, now)
        elif held is not None and held.cause is Cause.SUCCEEDED:
            self._take_back(held, loss, now)

    def _succeed(self, loss: Loss, choice: Choice, held: Relocation | None, now: float) -> None:
        stood = held is not None and (held.cause, held.status) == (Cause.SUCCEEDED, Status.STANDING)
        stays = stood and held is not None and held.to == accounts.place(choice.room)
        stands = choice.confidence >= (WITHDRAWN if stays else self.settings.stands_at)
        told = accounts.succeeded(loss, choice, Status.STANDING if stands else Status.PROPOSED, held)
        if held is None or (held.status, held.cause, held.to) != (told.status, told.cause, told.to):
            told = revised(told, now, accounts.in_words(choice, stands))
        otherwise = Cause.ENDED if loss.gone else None
        self._cases.hold(told, choice.key, Cause.SUCCEEDED if stands else otherwise, loss.key)

    def _take_back(self, held: Relocation, loss: Loss, now: float) -> None:
        """Nothing speaks any more for the room that was held for the successor."""
        text = f"{named(held.to)} is no longer held for its successor"
        if not loss.gone:
            rejected = replace(held, status=Status.REJECTED, confidence=0.0, settled=True)
            self._cases.hold(revised(rejected, now, text), None, None)
        else:
            self._cases.hold(revised(accounts.without_successor(held), now, text), None, Cause.ENDED)

    def _overflow(self, judgement: Judgement, now: float) -> None:
        loss, choice = judgement.loss, judgement.choice
        if choice is None:
            return
        name = accounts.digest(self._service, *loss.key, *choice.key, "overflow")
        case = self._cases.get(name)
        stands = choice.confidence >= self.settings.stands_at
        if case is not None and (case.relocation.status is not Status.PROPOSED or not stands):
            return
        if self._cases.was_let_go(name) or self._cases.lineage_of(choice.key):
            return  # of one room's people it is told once where they come from
        lineage = self._cases.lineage_of(loss.key)
        if not lineage:
            lineage = accounts.lineage_from(accounts.digest(self._service, *loss.key, "full"))
        if stands:
            self._cases.begin_lineage(loss.key, lineage)
        status = Status.STANDING if stands else Status.PROPOSED
        told = accounts.overflowed(name, lineage, loss, choice, status, now)
        told = revised(told, now, accounts.overflow_in_words(choice, stands))
        self._cases.hold(told, choice.key, Cause.OVERFLOWED if stands else None, loss.key)

    def report(
        self,
        successors: Mapping[str, str],
        departures: Recent[Departure],
        now: float,
        everywhere: Everywhere,
    ) -> None:
        """Hold what the service itself says, at service time `now`: its word needs no evidence."""
        for old, new in sorted(successors.items())[:MOST_REPORTED]:
            gone = max(departures.elsewhere(("", old)), key=lambda d: d.last_seen, default=None)
            source = everywhere.named(old) or (gone.room if gone else None)
            target = everywhere.named(new)
            if source is not None and target is not None and old != new:
                self._report(source, target, departures.get(key_of(source)), now)

    def _report(self, source: Room, target: Room, departure: Departure | None, now: float) -> None:
        told = accounts.reported(self._service, source, target, departure, "the service says so", now)
        open_still = self._cases.going_on(key_of(source))
        case = open_still or self._cases.get(told.id)
        if open_still is not None:
            held = open_still.relocation
            told = replace(told, id=held.id, lineage=held.lineage, revisions=held.revisions)
        if case is not None and (case.relocation.cause is Cause.REPORTED or case.relocation.judged_by):
            return
        self._succession.found(key_of(source))
        self._cases.hold(
            revised(told, now, f"the service says that it goes on in {named(told.to)}"),
            key_of(target),
            Cause.REPORTED,
            key_of(source),
        )
