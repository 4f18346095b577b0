"""One service's state: results go in, observations come out. No clock, no network, no chance.

The same results in the same order give the same observations; time comes with
each result and with each question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from probes.config.objectives import Objectives
from probes.door import Tries, door_by_probe, door_by_service
from probes.headroom import headroom
from probes.lineage import Lineage
from probes.model import Cause, Door, Observation, ProbeResult, ProbeView, Relocation, Room, RoomView
from probes.services.base import ServiceSettings
from probes.state import Facts, judge
from probes.watching.answers import Changes
from probes.watching.endpoint import POLL, WatchedEndpoint
from probes.watching.joined import Joined
from probes.watching.paging import cursor, page
from probes.watching.roll import Key, key_of

__all__ = ["Watch", "cursor"]


class Watch:
    """All that is known of one service.

    `restored` are the relocations that history kept; those not settled are followed on.
    """

    def __init__(
        self, settings: ServiceSettings, objectives: Objectives, restored: Iterable[Relocation] = ()
    ) -> None:
        self._settings = settings
        self._objectives = objectives
        self._endpoints = {e.id: WatchedEndpoint(e) for e in settings.endpoints}
        self._tries = Tries()
        self._lineage = Lineage(settings.name, settings.audience, restored)

    @property
    def kind(self) -> str:
        return self._settings.kind

    def follow(self, settings: ServiceSettings, objectives: Objectives) -> None:
        """Take over a changed config: nodes that stay keep what is known, the others leave without an end."""
        self._settings = settings
        self._objectives = objectives
        self._lineage.audience = settings.audience
        before = self._endpoints
        self._endpoints = {}
        for endpoint in settings.endpoints:
            watched = before.get(endpoint.id) or WatchedEndpoint(endpoint)
            watched.settings = endpoint
            self._endpoints[endpoint.id] = watched
        if settings.join is None:
            self._tries = Tries()
            for watched in self._endpoints.values():
                watched.keep_only(POLL)

    def observe(self, result: ProbeResult) -> None:
        """Take in one run of a probe, good or bad. One of a node that has left is ignored."""
        endpoint = self._endpoints.get(result.node)
        if endpoint is None:
            return
        endpoint.record(result)
        if result.probe != POLL:
            self._tries.take(result.outcome, result.at)
        elif result.part is None or not result.outcome.success:
            endpoint.fail(result)
        else:
            changes = endpoint.take(result, result.part, self._settings.every)
            self._lineage.take(self._first_hand(endpoint, changes, result.at), self._room)

    def observation(self, at: float) -> Observation:
        """All that is known at wall time `at`; bounded whatever the service's size.

        `observed_at` is the oldest of the answering endpoints' newest answers: no
        number in it is older. With none answering it is the newest answer there was.
        """
        settings = self._settings
        joined = Joined(self._endpoints.values(), at, settings.every)
        newest = max(joined.told, key=lambda e: e.answers.at, default=None)
        nodes = joined.nodes()
        rooms, other = joined.rooms(self._lineage.rooms())
        door, tries = self._door(joined, at)
        free = headroom(nodes, rooms, joined.participants if joined.complete else None, settings.capacity)
        relocations = self._lineage.relocations(joined.unknown)
        facts = Facts(
            endpoints=tuple(e.status(e in joined.answering, at) for e in self._endpoints.values()),
            participants=joined.participants,
            door=door,
            tries=tries,
            join_p95=max(
                (p for e in self._endpoints.values() if (p := e.join_p95()) is not None), default=None
            ),
            headroom=free,
            relocations=relocations,
        )
        state, reasons = judge(facts, self._objectives)
        return Observation(
            name=settings.name,
            kind=self.kind,
            state=state,
            reasons=reasons,
            service_time=newest.answers.now if newest else None,
            pace=newest.pace.value() if newest and newest in joined.answering else None,
            observed_at=joined.observed_at,
            complete=joined.complete,
            participants=joined.participants,
            rooms_open=joined.rooms_open,
            nodes=nodes,
            rooms=rooms,
            other=other,
            door=door,
            headroom=free,
            relocations=relocations,
            probes=self._probes(),
            relocations_total={cause: self._lineage.totals[cause] for cause in Cause},
            retractions_total=self._lineage.retractions,
        )

    def rooms(self, after: str, limit: int, at: float) -> tuple[list[RoomView], int]:
        """Up to `limit` rooms after the one with the cursor `after`, and how many rooms there are in all.

        In the order of nodes and ids, which holds while rooms come and go. `at` is wall time.
        """
        joined = Joined(self._endpoints.values(), at, self._settings.every)
        lineages = self._lineage.rooms()
        rooms, total = page(joined.rolls(), after, limit)
        return [joined.view(room, lineages.get(key_of(room))) for room in rooms], total

    def _first_hand(self, endpoint: WatchedEndpoint, changes: Changes, at: float) -> Changes:
        """What changed for the service.

        A room that another endpoint told of is not new; one that another endpoint
        still tells of, or waits for, has not gone: the last one says so.
        """
        others = [e for e in self._endpoints.values() if e is not endpoint]
        present = [e.answers for e in others if e.answering(at, self._settings.every)]
        return replace(
            changes,
            departed=tuple(d for d in changes.departed if not any(a.waits_for(d.key) for a in present)),
            arrived=tuple(a for a in changes.arrived if not any(a.key in e.answers.open for e in others)),
        )

    def _room(self, key: Key) -> Room | None:
        found = [e.answers for e in self._endpoints.values() if key in e.answers.open]
        newest = max(found, key=lambda answers: answers.at, default=None)
        return newest.open.get(key) if newest else None

    def _door(self, joined: Joined, at: float) -> tuple[Door | None, int]:
        if any(e.counters.totals for e in joined.told):
            return door_by_service(
                [e.counters for e in joined.answering], [e.counters for e in joined.silent]
            )
        if self._settings.join is None or not self._tries.totals:
            return None, 0
        return door_by_probe(self._tries, at, self._settings.join.every)

    def _probes(self) -> tuple[ProbeView, ...]:
        return tuple(
            view
            for endpoint in self._endpoints.values()
            for _, runs in sorted(endpoint.runs.items())
            if (view := runs.view()) is not None
        )
