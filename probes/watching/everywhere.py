"""What one endpoint's answer changed for the whole service, beside what its other endpoints tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from probes.model import Room
from probes.watching.answers import MOST_MISSING, PATIENCE, Changes, Departure
from probes.watching.endpoint import WatchedEndpoint
from probes.watching.roll import Key
from probes.watching.summary import shown


@dataclass(frozen=True, slots=True)
class Everywhere:
    """The newest answers of all endpoints at wall time `at`."""

    endpoints: Collection[WatchedEndpoint]
    at: float
    every: float

    def room(self, key: Key) -> Room | None:
        """An open room as the newest answer has it; None where no answering endpoint has it."""
        found = [
            e.answers for e in self.endpoints if key in e.answers.open and e.answering(self.at, self.every)
        ]
        newest = max(found, key=lambda answers: answers.at, default=None)
        return newest.open.get(key) if newest else None

    def named(self, name: str) -> Room | None:
        """An open room by its id alone, as the newest answer has it."""
        found = [
            (e.answers.at, rooms[name])
            for e in self.endpoints
            for rooms in e.answers.open.nodes.values()
            if name in rooms and e.answering(self.at, self.every)
        ]
        return max(found, key=lambda pair: (pair[0], pair[1].node), default=(0.0, None))[1]

    def shown_as(self, name: str, node: str) -> Room | None:
        """An open room by its id as it is shown, on the node that is shown so; on any without `node`."""
        for endpoint in self.endpoints:
            if endpoint.answering(self.at, self.every):
                for where, rooms in endpoint.answers.open.nodes.items():
                    if node in ("", where, shown(where)):
                        for room in rooms:
                            if room == name or shown(room) == name:
                                return rooms[room]
        return None

    def open_elsewhere(self, node: str, ids: set[str]) -> set[str]:
        """Which of these room ids were open on another node in the last answer that told of it."""
        return {
            room
            for endpoint in self.endpoints
            for other, rooms in endpoint.answers.open.nodes.items()
            if other != node
            for room in ids & rooms.keys()
        }

    def missing_ids(self) -> set[str]:
        """The ids of rooms that an endpoint waits for."""
        return {room for endpoint in self.endpoints for room in endpoint.answers.missing_ids()}

    @property
    def unsure_since(self) -> float:
        """The service time from which on something of some room is not known."""
        return min(e.answers.unsure_since for e in self.endpoints if e.answers.part is not None)


class FirstHand:
    """Keeps endpoints that tell of the same rooms from telling anything twice, or too early.

    A room that one no longer tells of, and another does, has not gone. Where the
    other falls silent for `PATIENCE`, or leaves the config, the first one's word counts.
    """

    def __init__(self) -> None:
        self._held: dict[Key, tuple[str, Departure]] = {}

    def keep_only(self, endpoints: Collection[str]) -> None:
        """Forget what endpoints told that are no longer asked."""
        self._held = {key: held for key, held in self._held.items() if held[0] in endpoints}

    def of(
        self,
        endpoint: WatchedEndpoint,
        changes: Changes,
        everywhere: Everywhere,
        departed: Callable[[Key], bool],
    ) -> Changes:
        """What `changes` of `endpoint` mean for the service. `departed`: whether a room went lately."""
        others = [e for e in everywhere.endpoints if e is not endpoint and e.answers.part is not None]
        if changes.backwards:
            self._held.clear()
        for arrival in changes.arrived:
            self._held.pop(arrival.key, None)
        if not others and not self._held:
            return changes
        arrived = by_node(arrival.key for arrival in changes.arrived)
        known = {key for other in others for key in other.answers.open.among(arrived)}
        return replace(
            changes,
            departed=self._departed(endpoint, changes, everywhere),
            arrived=tuple(a for a in changes.arrived if a.key not in known or departed(a.key)),
        )

    def _departed(
        self, endpoint: WatchedEndpoint, changes: Changes, everywhere: Everywhere
    ) -> tuple[Departure, ...]:
        if not changes.departed and not self._held:
            return ()
        told = self._held | {departure.key: (endpoint.id, departure) for departure in changes.departed}
        keys = by_node(told)
        waited: set[Key] = set()
        for other in everywhere.endpoints:
            lately = abs(changes.at - other.answers.now) <= PATIENCE
            if lately or other.answering(everywhere.at, everywhere.every):
                waited |= other.answers.waits_for(keys)
        for key in self._held.keys() - waited:
            seen = [e.answers.now for e in everywhere.endpoints if key in e.answers.open]
            told[key][1].last_seen = max([told[key][1].last_seen, *seen])
        self._held = {key: told[key] for key in islice(waited & told.keys(), MOST_MISSING)}
        return tuple(departure for key, (_, departure) in sorted(told.items()) if key not in waited)


def by_node(keys: Iterable[Key]) -> dict[str, set[str]]:
    """The room ids of each node."""
    nodes: dict[str, set[str]] = {}
    for node, room in keys:
        nodes.setdefault(node, set()).add(room)
    return nodes
