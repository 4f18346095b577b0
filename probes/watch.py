"""One service's state: results go in, observations come out. No clock, no network, no chance.

The same results in the same order give the same observations; time comes with
each result and with each question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from probes.config.objectives import Objectives
from probes.door import OwnJoins, Tries, door_by_probe, door_by_service
from probes.door.storm import Storm
from probes.headroom import Filling
from probes.lineage import Lineage
from probes.model import POLL, Cause, Door, Observation, ProbeResult, ProbeView, Relocation
from probes.notice import Notice
from probes.services.base import ServiceSettings
from probes.state import Facts, judge
from probes.state.collapse import Collapse, Sources
from probes.state.disputes import Disputes
from probes.state.endings import lost
from probes.state.full import full_places
from probes.state.steady import Moment, Steady, Verdict
from probes.watching.answers import Changes
from probes.watching.claims import People, claims
from probes.watching.endpoint import WatchedEndpoint
from probes.watching.everywhere import Everywhere, FirstHand
from probes.watching.joined import Joined
from probes.watching.notices import TRIES, Heard
from probes.watching.paging import Listed, cursor, listed, page
from probes.watching.roll import key_of
from probes.watching.rulings import Ruling

__all__ = ["Watch", "cursor"]


class Memory(NamedTuple):
    """What is remembered from one look to the next, as it must last before it is said."""

    people: People = People()
    disputes: Disputes = Disputes()
    storm: Storm = Storm()
    steady: Steady = Steady()
    collapse: Collapse = Collapse()


class Watch:
    """All that is known of one service.

    `restored` are the relocations that history kept; those not settled are followed on. `was` is how it
    was a moment ago, before a restart: nothing is known of its joins at first, which is no recovery.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        objectives: Objectives,
        restored: Iterable[Relocation] = (),
        was: Verdict | None = None,
    ) -> None:
        self._settings = settings
        self._objectives = objectives
        self._endpoints = {e.id: WatchedEndpoint(e) for e in settings.endpoints}
        self._tries = Tries()
        self._memory = Memory(steady=Steady(level=was))
        self._first_hand = FirstHand()
        self._heard = Heard()
        self._lineage = Lineage(
            settings.name, settings.audience, settings.lineage, settings.capacity, restored
        )
        self._filling = Filling()

    @property
    def kind(self) -> str:
        return self._settings.kind

    def follow(self, settings: ServiceSettings, objectives: Objectives) -> None:
        """Take over a changed config: nodes that stay keep what is known, the others leave without an end.

        A node that is asked something else than before starts afresh.
        """
        same = _asked(settings) == _asked(self._settings)
        if not same:
            self._memory = Memory()
        self._settings = settings
        self._objectives = objectives
        self._lineage.follow(settings.audience, settings.lineage, settings.capacity)
        if not same:
            self._filling = Filling()
        before = self._endpoints
        self._endpoints = {}
        for endpoint in settings.endpoints:
            watched = before.get(endpoint.id)
            if watched is None or not same or watched.settings.url != endpoint.url:
                watched = WatchedEndpoint(endpoint)
            watched.settings = endpoint
            self._endpoints[endpoint.id] = watched
        self._first_hand.keep_only([e.id for e in before.values() if self._endpoints.get(e.id) is e])
        if settings.join is None:
            self._tries = Tries()
            for watched in self._endpoints.values():
                watched.keep_only(POLL)

    def observe(self, result: ProbeResult) -> None:
        """Take in one run of a probe, good or bad. One that the config no longer asks for is ignored."""
        endpoint = self._endpoints.get(result.node)
        if endpoint is None or (result.probe != POLL and self._settings.join is None):
            return
        endpoint.record(result)
        if result.probe != POLL:
            self._tries.take(result.outcome, result.at, result.seconds)
        elif result.part is None or not result.outcome.success:
            endpoint.fail(result)
        else:
            changes = endpoint.take(result, result.part, self._settings.every)
            self._learn(endpoint, changes, result.at, result.part.successors)
            self._fill(changes, result.at)

    def late(self, node: str, probe: str, overruns: int, missed: int) -> None:
        """Count runs of a probe that did not happen: the one before still ran, or there was no time."""
        endpoint = self._endpoints.get(node)
        if endpoint is not None and probe in endpoint.runs:
            endpoint.runs[probe].late(overruns, missed)

    def notice(self, notice: Notice) -> bool:
        """Take in what the service told by itself, however often it does. Returns whether rooms changed."""
        if not self._heard.is_new(notice):
            return False
        if (outcome := TRIES.get(notice.kind)) is not None:
            next(iter(self._endpoints.values())).tries[outcome] += 1
            return False
        endpoint = self._endpoint_of(notice)
        changes = endpoint.hear(notice) if endpoint else None
        if endpoint is None or changes is None:
            return False
        self._learn(endpoint, changes, notice.at, {})
        return True

    def _learn(
        self, endpoint: WatchedEndpoint, changes: Changes, at: float, successors: Mapping[str, str]
    ) -> None:
        everywhere = Everywhere(self._endpoints.values(), at, self._settings.every)
        told = self._first_hand.of(endpoint, changes, everywhere, self._lineage.departed)
        self._lineage.take(told, everywhere, successors)

    def _endpoint_of(self, notice: Notice) -> WatchedEndpoint | None:
        """The endpoint whose room it is; of several the one that has it, and else the polls will tell."""
        endpoints = list(self._endpoints.values())
        having = [e for e in endpoints if (e.id, notice.room) in e.answers.open]
        found = endpoints if len(endpoints) == 1 else having
        return found[0] if len(found) == 1 else None

    def rule(self, ruling: Ruling, at: float) -> str:
        """Carry out what an operator says at wall time `at`. Returns why that cannot be, or ""."""
        return self._lineage.rule(ruling, Everywhere(self._endpoints.values(), at, self._settings.every))

    def observation(self, at: float) -> Observation:
        """All that is known at wall time `at`; bounded whatever the service's size.

        `observed_at` is the oldest of the answering endpoints' newest answers: no
        number in it is older. With none answering it is the newest answer there was.
        Asked again for the same time it says the same, unless a result came in between.
        """
        settings = self._settings
        joined = Joined(self._endpoints.values(), at, settings.every)
        newest = max(joined.told, key=lambda e: e.answers.at, default=None)
        now = newest.answers.now if newest else at
        own = self._own_joins(joined, at)
        before = self._memory
        nodes = self._filling.nodes(joined.nodes())
        listed_rooms, other = joined.rooms(self._lineage.cases.rooms())
        rooms = self._filling.rooms(listed_rooms)
        door, tries = self._door(joined, own)
        whole = joined.participants if joined.complete else None
        free = self._filling.headroom(nodes, rooms, whole, settings.capacity)
        relocations = self._lineage.relocations(joined.known)
        people = before.people.moved_to(whole, now)
        said = claims(joined, own, self._tries.totals.total(), people, relocations)
        disputes = before.disputes.moved_to(said, now)
        storm = before.storm.moved_to([e.counters for e in joined.answering], door, now)
        door = replace(door, storm=storm.on) if door else None
        facts = Facts(
            endpoints=tuple(
                e.status(e in joined.answering, at, settings.every) for e in self._endpoints.values()
            ),
            participants=joined.participants,
            door=door,
            tries=tries,
            headroom=free,
            relocations=relocations,
            own=own.outcomes,
            slow=own.slow(self._objectives.join_within),
            left_out=self._lineage.left_out,
            disagreements=disputes.open,
            differing=disputes.differing,
            full=full_places(nodes, rooms, joined.participants, settings.audience),
            held=before.steady.held,
        )
        steady = before.steady.moved_to(judge(facts, self._objectives), Moment(now, at))
        confirmed = Sources(said, disputes.differing, own.outcomes, door, relocations).confirm(
            self._objectives, now
        )
        collapse = before.collapse.moved_to(people, settings.audience, confirmed, now)
        self._memory = Memory(people, disputes, storm, steady, collapse)
        return Observation(
            name=settings.name,
            kind=self.kind,
            state=steady.shown.state,
            reasons=steady.shown.reasons,
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
            relocations_total={cause: self._lineage.cases.totals[cause] for cause in Cause},
            retractions_total=self._lineage.cases.retractions,
            poll_interval=max(e.interval(settings.every) for e in self._endpoints.values()),
            disagreements=disputes.open,
            lost=lost(relocations, joined.participants, disputes.differing),
            collapsed=collapse.on,
        )

    def rooms(self, after: str, limit: int, at: float) -> tuple[list[Listed], int]:
        """Up to `limit` rooms after the one with the cursor `after`, and how many rooms there are in all.

        In the order of nodes and ids, which holds while rooms come and go. `at` is wall time.
        """
        joined = Joined(self._endpoints.values(), at, self._settings.every)
        lineages = self._lineage.cases.rooms()
        rooms, total = page(joined.rolls(), after, limit)
        return [listed(joined.view(room, lineages.get(key_of(room))), room) for room in rooms], total

    def _fill(self, changes: Changes, at: float) -> None:
        """Read what the newest answers, at wall time `at`, tell of growth and capacity."""
        if changes.backwards:
            self._filling.clear()
        if not self._filling.due(changes.at):
            return
        joined = Joined(self._endpoints.values(), at, self._settings.every)
        people = joined.participants if joined.complete else None
        self._filling.take(changes.at, people, joined.nodes(), joined.biggest())
        if people is not None:
            door, tries = self._door(joined, self._own_joins(joined, at))
            self._filling.hear(changes.at, people, door, tries, self._objectives.join_success)

    def _door(self, joined: Joined, own: OwnJoins) -> tuple[Door | None, int]:
        if any(e.counters.totals for e in joined.told):
            answering, silent = ([e.counters for e in some] for some in (joined.answering, joined.silent))
            return door_by_service(answering, silent, self._settings.door)
        if self._settings.join is None or not self._tries.totals:
            return None, 0
        return door_by_probe(own, self._tries.totals), own.count

    def _own_joins(self, joined: Joined, at: float) -> OwnJoins:
        """Our recent joins: of a minute of the service's time, as its counters are."""
        join = self._settings.join
        paces = [pace for e in joined.answering if (pace := e.pace.value()) is not None]
        return self._tries.recent(at, join.every, max(paces, default=1.0)) if join else OwnJoins()

    def _probes(self) -> tuple[ProbeView, ...]:
        return tuple(
            view
            for endpoint in self._endpoints.values()
            for _, runs in sorted(endpoint.runs.items())
            if (view := runs.view()) is not None
        )


def _asked(settings: ServiceSettings) -> dict[str, object]:
    """What a service is asked, beside where: the rest only says how often, and what for."""
    beside = {"name", "every", "timeout", "capacity", "audience", "lineage", "join", "door", "nodes", "url"}
    return settings.model_dump(exclude=beside)
