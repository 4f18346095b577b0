"""The newest answers of all endpoints of a service, joined as they stand at one time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nlargest

from msgspec.structs import replace

from probes.model import TOP_ROOMS, NodeView, OtherRooms, Room, RoomView, plain_text
from probes.watching.endpoint import MOST_NODES, WatchedEndpoint
from probes.watching.roll import Key, Roll, key_of
from probes.watching.summary import Summary, by_size, merge, shown, summarise


class Joined:
    """Answers at wall time `at`: those of endpoints that answer are known, the others' are unknown.

    A room that several endpoints tell of is taken from the newest answer, so
    nobody is counted twice.
    """

    def __init__(self, endpoints: Iterable[WatchedEndpoint], at: float, every: float) -> None:
        self.endpoints = list(endpoints)
        self.told = [e for e in self.endpoints if e.answers.part is not None]
        self.answering = [e for e in self.told if e.answering(at, every)]
        self.silent = [e for e in self.told if not e.answering(at, every)]
        self._known, self._unknown = self._sums()

    @property
    def participants(self) -> int | None:
        """The people in the answering endpoints' rooms, or on their nodes where rooms have no counts."""
        rooms = self._known
        reported = {
            node: report.participants
            for endpoint in self.answering
            for node, report in endpoint.reports.items()
            if report.participants is not None and not report.in_rooms and rooms.nodes.get(node) is None
        }
        uncounted = rooms.uncounted == rooms.rooms and (rooms.rooms or not self._tells_rooms)
        if not self.answering or (uncounted and not reported):
            return None
        return rooms.participants + sum(reported.values())

    @property
    def rooms_open(self) -> int | None:
        return self._known.rooms if self._tells_rooms else None

    @property
    def _tells_rooms(self) -> bool:
        """Whether an answering endpoint tells of rooms, and not of nodes alone."""
        return any(e.answers.part is not None and e.answers.part.tells_rooms for e in self.answering)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing from the sums."""
        parts = [e.answers.part for e in self.answering]
        whole = len(parts) == len(self.endpoints) and all(
            part is not None and part.complete for part in parts
        )
        return whole and self._known.uncounted == 0

    def counted_twice(self) -> tuple[int, int] | None:
        """The people in rooms, and of the same nodes by their own totals; None where only one is told.

        Where no room is on a node that reports, as the rooms' nodes are not told, all rooms are meant.
        """
        reports = {
            node: report.participants
            for endpoint in _by_age(self.answering)
            for node, report in endpoint.reports.items()
        }
        counts = [count for count in reports.values() if count is not None]
        if not counts or len(counts) < len(reports):
            return None
        in_rooms = self._known.nodes
        shared = [people or 0 for node, people in in_rooms.items() if node in reports]
        return sum(shared) if shared else self._known.participants, sum(counts)

    @property
    def observed_at(self) -> float | None:
        """The oldest of the answering endpoints' newest answers; with none, the newest there was."""
        if self.answering:
            return min(e.answers.at for e in self.answering)
        return max((e.answers.at for e in self.told), default=None)

    def known(self, key: Key) -> bool:
        """Whether an answering endpoint tells of a room."""
        return _has(self.answering, key)

    def unknown(self, key: Key) -> bool:
        """Whether only silent endpoints have told of a room."""
        return not _has(self.answering, key) and _has(self.silent, key)

    def nodes(self) -> tuple[NodeView, ...]:
        """The nodes in the config's order, then by name; of too many the biggest."""
        views: dict[str, NodeView] = {}
        for endpoint in [*self.silent, *self._never_told(), *self.answering]:
            for node in endpoint.nodes():
                views[node] = self._node(endpoint, node, views.get(node))
        order = {node: n for n, node in enumerate(n for e in self.endpoints for n in e.nodes())}
        kept = nlargest(MOST_NODES, views, key=lambda node: (views[node].participants or 0, -order[node]))
        return tuple(views[node] for node in sorted(kept, key=order.__getitem__))

    def rooms(self, lineages: Mapping[Key, str]) -> tuple[tuple[RoomView, ...], OtherRooms]:
        """The biggest rooms, those of a lineage, and the sum of the others that are known."""
        biggest = sorted([*self._known.biggest, *self._unknown.biggest], key=by_size)[:TOP_ROOMS]
        top = {key_of(room): room for room in biggest}
        for key in lineages:
            room = self.room(key) if key not in top else None
            if room is not None:
                top[key] = room
        views = tuple(self.view(room, lineages.get(key)) for key, room in top.items())
        shown_known = [room for key, room in top.items() if _has(self.answering, key)]
        people = sum(room.participants or 0 for room in shown_known)
        return views, OtherRooms(
            rooms=self._known.rooms - len(shown_known), participants=self._known.participants - people
        )

    def biggest(self) -> tuple[Room, ...]:
        """The biggest rooms that are known."""
        return self._known.biggest

    def room(self, key: Key) -> Room | None:
        """The newest that is known of an open room."""
        told = [*_by_age(self.silent), *_by_age(self.answering)]
        return next((room for e in reversed(told) if (room := e.answers.open.get(key))), None)

    def rolls(self) -> list[Roll]:
        """The rooms of every state, those that count more later."""
        told = [*_by_age(self.silent), *_by_age(self.answering)]
        return [roll for e in told for roll in (e.answers.closed, e.answers.open)]

    def view(self, room: Room, lineage: str | None) -> RoomView:
        return RoomView(
            id=shown(room.id),
            title=plain_text(room.title),
            node=shown(room.node),
            participants=None if self.unknown(key_of(room)) else room.participants,
            capacity=room.capacity,
            state=room.state,
            lineage=lineage,
        )

    def _never_told(self) -> list[WatchedEndpoint]:
        return [e for e in self.endpoints if e.answers.part is None]

    def _node(self, endpoint: WatchedEndpoint, node: str, other: NodeView | None) -> NodeView:
        """A node as `endpoint` tells of it; what it leaves open comes from `other`."""
        answering = endpoint in self.answering
        report = endpoint.reports.get(node)
        view = NodeView(
            id=shown(node),
            label=plain_text(endpoint.label(node)),
            participants=endpoint.people(node, self._known.nodes.get(node)) if answering else None,
            capacity=report.capacity if report else None,
            answering=answering,
            observed_at=endpoint.answers.at if endpoint.answers.part else None,
        )
        if other is None:
            return view
        return replace(
            view,
            label=view.label or other.label,
            capacity=other.capacity if view.capacity is None else view.capacity,
            observed_at=max(
                (at for at in (view.observed_at, other.observed_at) if at is not None), default=None
            ),
        )

    def _sums(self) -> tuple[Summary, Summary]:
        """The rooms of answering endpoints in sum, and those that only silent ones told of."""
        named = [node for e in self.told for node in e.answers.summary.nodes]
        if len(named) == len(set(named)):
            return merge(e.answers.summary for e in self.answering), merge(
                e.answers.summary for e in self.silent
            )
        seen: list[Roll] = []
        sums = [_sum_up(endpoints, seen) for endpoints in (self.answering, self.silent)]
        return sums[0], sums[1]


def _sum_up(endpoints: list[WatchedEndpoint], seen: list[Roll]) -> Summary:
    """The rooms of several endpoints, each as the newest answer has it, but for those that were `seen`."""
    parts: list[Summary] = []
    for endpoint in reversed(_by_age(endpoints)):
        parts.append(summarise(endpoint.answers.open.without(seen)))
        seen.append(endpoint.answers.open)
    return merge(parts)


def _by_age(endpoints: list[WatchedEndpoint]) -> list[WatchedEndpoint]:
    return sorted(endpoints, key=lambda e: (e.answers.at, e.id))


def _has(endpoints: list[WatchedEndpoint], key: Key) -> bool:
    return any(key in endpoint.answers.open for endpoint in endpoints)
