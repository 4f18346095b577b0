"""The rooms around a loss: the biggest, how big they were a minute before, and what has opened lately."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from heapq import nlargest

from probes.model import TOP_ROOMS, Room
from probes.watching.answers import Arrival
from probes.watching.everywhere import Everywhere
from probes.watching.likeness import core, name_of
from probes.watching.roll import Key, key_of

MINUTE = 60.0
"""Seconds of service time for which sizes are remembered."""

MOST_OPENINGS = 5_000
"""Recent openings that are looked at again when a room is lost."""

_SIZES_SECONDS = 5.0
_MOST_SIZES = 60
_COMMON = 3


class Surroundings:
    """Bounded whatever the service's size. Times are the service's."""

    def __init__(self) -> None:
        self.biggest: dict[Key, Room] = {}
        self.floor = 0
        """The most people that any room has that is not among the biggest."""
        self._openings: dict[Key, Arrival] = {}
        self._moved: dict[Key, int] = {}
        self._sizes: deque[tuple[float, dict[Key, int]]] = deque(maxlen=_MOST_SIZES)

    @property
    def openings(self) -> Sequence[Arrival]:
        """The rooms that opened lately, oldest first."""
        return list(self._openings.values())

    def opening(self, key: Key) -> float | None:
        """When a room opened, if that was lately."""
        arrival = self._openings.get(key)
        return arrival.at if arrival else None

    def moved(self, key: Key) -> int | None:
        """With how many people a room came here from another node."""
        return self._moved.get(key)

    def sizes_before(self) -> Mapping[Key, int]:
        """The people in the biggest rooms up to a minute ago."""
        return self._sizes[0][1] if self._sizes else {}

    def counts(self, now: float) -> Mapping[Key, list[int]]:
        """The counts of each of the biggest rooms in the last minute."""
        found: dict[Key, list[int]] = defaultdict(list)
        for at, sizes in self._sizes:
            if now - MINUTE <= at <= now:
                for key, people in sizes.items():
                    found[key].append(people)
        return found

    def common_names(self) -> Counter[str]:
        """How many of the biggest rooms have the same name, as `core` gives it."""
        return Counter(core(name_of(room)) for room in self.biggest.values())

    def open(self, arrivals: Sequence[Arrival]) -> None:
        """Rooms opened."""
        for arrival in arrivals:
            self._openings.pop(arrival.key, None)
            self._openings[arrival.key] = arrival
        _keep_newest(self._openings)

    def move(self, key: Key, people: int | None) -> None:
        """A room came from another node with its people: it has not swelled."""
        self._moved[key] = people or 0
        _keep_newest(self._moved)

    def close(self, key: Key) -> None:
        """A room has gone."""
        self._openings.pop(key, None)
        self._moved.pop(key, None)

    def see(self, everywhere: Everywhere) -> None:
        """Take over the biggest rooms of all endpoints, as their newest answers have them."""
        lists = [endpoint.answers.summary.biggest for endpoint in everywhere.endpoints]
        rooms = lists[0] if len(lists) == 1 else [room for biggest in lists for room in biggest]
        if len(rooms) > TOP_ROOMS:
            rooms = nlargest(TOP_ROOMS, rooms, key=lambda room: (room.participants or 0, room.node, room.id))
        self.biggest = {key_of(room): room for room in rooms}
        cut = any(len(biggest) >= TOP_ROOMS for biggest in lists) or len(rooms) < sum(map(len, lists))
        self.floor = min((room.participants or 0 for room in rooms), default=0) if cut else 0

    def remember(self, now: float, window: float) -> None:
        """Note the sizes of now, and forget what is older than a minute and openings older than `window`."""
        if not self._sizes or not 0 <= now - self._sizes[-1][0] < _SIZES_SECONDS:
            while self._sizes and not now - MINUTE <= self._sizes[0][0] <= now:
                self._sizes.popleft()
            known = {key: room.participants for key, room in self.biggest.items()}
            self._sizes.append((now, {key: people for key, people in known.items() if people is not None}))
        while self._openings:
            key, oldest = next(iter(self._openings.items()))
            if oldest.at >= now - window:
                break
            del self._openings[key]

    def is_common(self, room: Room, names: Counter[str]) -> bool:
        """Whether several other rooms have the name of `room`: then it tells nothing."""
        return names[core(name_of(room))] - (key_of(room) in self.biggest) >= _COMMON


def _keep_newest(entries: dict[Key, Arrival] | dict[Key, int]) -> None:
    while len(entries) > MOST_OPENINGS:
        del entries[next(iter(entries))]
