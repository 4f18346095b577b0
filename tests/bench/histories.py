"""Random event histories with known truth, by seed number: what a service told, and what really happened.

A history is some twenty minutes of a service with one to three nodes, background rooms that come
and go, and up to three stories: moves, successors with a new name or other hosts, overflow rooms,
crashes, restarts, unrelated big rooms, ids used again. Between them polls fail, answers are partial,
and rooms are listed twice. Everything follows from the seed number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from probes.model import Cause, Outcome, ProbeResult, Room, SnapshotPart

EVERY = 10.0
LENGTH = 1800.0
AUDIENCE = 50

Curve = Callable[[float], float]
Truth = tuple[Cause, str, str, str, str]
"""A relocation that happened: cause, room and node from, room and node to."""

_WORDS = (
    *("launch", "election", "gardening", "chess", "product", "astronomy", "football", "poetry", "markets"),
    *("climate", "cooking", "cinema", "radio", "robots", "history", "jazz", "sailing", "medicine", "weather"),
    *("travel", "privacy", "comedy", "startup", "theatre", "physics", "gaming"),
)
_SHOWS = ("night", "hour", "talk", "show", "live", "report", "debate", "lounge", "breakfast", "special")


@dataclass
class SimRoom:
    """A room that exists from `opens` to `ends`, with the people that `curve` gives."""

    id: str
    title: str
    hosts: tuple[str, ...]
    node: str
    opens: float
    ends: float
    curve: Curve
    capacity: int | None = None
    gaps: list[tuple[float, float]] = field(default_factory=list)

    def open_at(self, t: float) -> bool:
        return self.opens <= t < self.ends and not any(start <= t < end for start, end in self.gaps)


@dataclass
class History:
    """What happened and what the probes saw of it."""

    number: int
    nodes: list[str]
    rooms: list[SimRoom] = field(default_factory=list)
    truths: set[Truth] = field(default_factory=set)
    silences: list[tuple[str, float, float]] = field(default_factory=list)
    results: list[ProbeResult] = field(default_factory=list)
    flaws: bool = False
    """Whether polls fail or are partial."""


def history(number: int) -> History:
    """The history with this seed number."""
    return _Author(number).write()


class _Author:
    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)
        nodes = ["n1", "n2", "n3"][: self.chance.choice((1, 2, 2, 3))]
        self.history = History(number, nodes)
        self._tells_hosts, self._tells_titles = self.chance.choice(
            ((True, True), (True, True), (True, True), (True, False), (False, True))
        )
        self._names = 0
        self.size = 10 ** self.chance.uniform(2.3, 5.5)

    def write(self) -> History:
        for _ in range(self.chance.randint(3, 15)):
            self._background()
        stories = [
            self._move, self._succession, self._succession, self._overflow, self._crash, self._restart,
            self._unrelated, self._unrelated, self._reuse, self._steady, self._half, self._dip,
        ]  # fmt: skip
        for _ in range(self.chance.randint(1, 3)):
            self.chance.choice(stories)()
        self._trouble()
        self.history.results = list(self._poll())
        return self.history

    # --- what happens ---

    def _move(self) -> None:
        if len(self.history.nodes) < 2:
            self._crash()
            return
        a, b = self.chance.sample(self.history.nodes, 2)
        end = self._moment()
        gap = self.chance.choice((self.chance.uniform(-60, 0), self.chance.uniform(0, 120)))
        first = self._big(a, end)
        again = SimRoom(
            first.id, first.title, first.hosts, b, end + gap, LENGTH, self._follows(first, end, end + gap)
        )
        self.history.rooms.append(again)
        if gap <= -EVERY or first.curve(end - 1) >= 1:
            self.history.truths.add((Cause.MOVED, first.id, a, again.id, b))

    def _succession(self) -> None:
        end = self._moment()
        first = self._big(self._node(), end)
        opens = end + self.chance.choice((self.chance.uniform(-50, 0), self.chance.uniform(5, 200)))
        hosts, title = first.hosts, first.title
        change = self.chance.choice(("title", "hosts", "none"))
        if change == "title" and self._tells_hosts:
            title = self.chance.choice((self._title(), f"{title} 2", f"{title}, take two"))
        if change == "hosts" and self._tells_titles:
            hosts = (self._host(),)
        else:
            hosts = tuple(self.chance.sample(hosts, self.chance.randint(1, len(hosts)))) + (
                (self._host(),) if self.chance.random() < 0.3 else ()
            )
        again = SimRoom(
            self._id(), title, hosts, self._node(), opens, LENGTH, self._follows(first, end, opens)
        )
        self.history.rooms.append(again)
        self.history.truths.add((Cause.SUCCEEDED, first.id, first.node, again.id, again.node))

    def _overflow(self) -> None:
        cap = self.chance.choice((100, 500, 5000))
        full = self.chance.uniform(200, 700)
        first = SimRoom(
            self._id(), self._title(), (self._host(), self._host()), self._node(), 0, LENGTH,
            self._noisy(lambda t: cap * min(1.0, 0.1 + 0.9 * t / full), cap), cap,
        )  # fmt: skip
        self.history.rooms.append(first)
        for n in range(self.chance.randint(1, 3)):
            opens = full + self.chance.uniform(-30, 240) + 200 * n
            ramp = self.chance.uniform(60, 400)
            share = self.chance.uniform(0.2, 1.0)
            title = f"{first.title} overflow {n + 1}" if self.chance.random() < 0.7 else self._title()
            kept = self._tells_hosts
            hosts = (first.hosts[0], self._host()) if kept else (self._host(),)
            title = title if kept else f"{first.title} overflow {n + 1}"
            more = SimRoom(
                self._id(), title, hosts, self._node(), opens, LENGTH,
                self._noisy(_rising(cap * share, opens, ramp), cap), cap,
            )  # fmt: skip
            self.history.rooms.append(more)
            self.history.truths.add((Cause.OVERFLOWED, first.id, first.node, more.id, more.node))

    def _half(self) -> None:
        """More than half of a room are thrown out, and go on in another room of the same people."""
        room = self._big(self._node(), LENGTH)
        falls, left, whole = self._moment(), self.chance.uniform(0.05, 0.4), room.curve
        opens = falls + self.chance.uniform(-20, 200)
        again = SimRoom(
            self._id(), room.title, room.hosts, self._node(), opens, LENGTH, self._follows(room, falls, opens)
        )
        room.curve = lambda t: whole(t) * (left if t >= falls else 1.0)
        self.history.rooms.append(again)
        self.history.truths.add((Cause.SUCCEEDED, room.id, room.node, again.id, again.node))

    def _dip(self) -> None:
        """Half of a room are thrown out and come back."""
        room = self._big(self._node(), LENGTH)
        falls, lasts, whole = self._moment(), self.chance.uniform(10, 120), room.curve
        room.curve = lambda t: whole(t) * (0.3 if falls <= t < falls + lasts else 1.0)

    def _crash(self) -> None:
        self._big(self._node(), self._moment())

    def _restart(self) -> None:
        room = self._big(self._node(), LENGTH)
        for _ in range(self.chance.randint(1, 2)):
            start = self._moment()
            room.gaps.append((start, start + self.chance.uniform(10, 240)))

    def _unrelated(self) -> None:
        """A big room ends; another one of other people, with another name, opens and grows."""
        end = self._moment()
        self._big(self._node(), end)
        opens = end + self.chance.uniform(-500, 500)
        size = self.size * self.chance.uniform(0.02, 0.6)
        ramp = self.chance.uniform(120, 900)
        self.history.rooms.append(
            SimRoom(self._id(), self._title(), (self._host(),), self._node(), max(20.0, opens), LENGTH,
                    self._noisy(lambda t, o=opens: size * min(1.0, max(0.0, t - o) / ramp)))
        )  # fmt: skip

    def _reuse(self) -> None:
        """An id is used again, long after, somewhere else."""
        end = self.chance.uniform(300, 600)
        first = self._big(self._node(), end)
        opens = end + self.chance.uniform(800, 1000)
        size = self.size * self.chance.uniform(0.02, 0.5)
        self.history.rooms.append(
            SimRoom(first.id, self._title(), (self._host(),), self._node(), opens, LENGTH,
                    self._noisy(lambda t: size * min(1.0, max(0.0, t - opens) / 120)))
        )  # fmt: skip

    def _steady(self) -> None:
        self._big(self._node(), LENGTH)

    def _background(self) -> None:
        size = self.chance.uniform(2, min(300, self.size / 3))
        opens = self.chance.choice((0.0, self.chance.uniform(20, LENGTH)))
        ends = self.chance.choice((LENGTH, opens + self.chance.uniform(60, 1200)))
        ramp = self.chance.uniform(20, 300)
        decay = self.chance.choice((0.0, 90.0))

        def people(t: float) -> float:
            left = max(0.0, min(1.0, (ends - t) / decay)) if decay else 1.0
            return size * left * min(1.0, max(0.0, t - opens + 5) / ramp)

        self.history.rooms.append(
            SimRoom(
                self._id(), self._title(), (self._host(),), self._node(), opens, ends, self._noisy(people)
            )
        )

    def _trouble(self) -> None:
        if self.chance.random() < 0.5:
            return
        self.history.flaws = True
        for _ in range(self.chance.randint(1, 4)):
            start = self.chance.uniform(60, LENGTH - 60)
            self.history.silences.append(
                (self.chance.choice(self.history.nodes), start, start + self.chance.uniform(5, 200))
            )

    # --- its parts ---

    def _big(self, node: str, ends: float) -> SimRoom:
        size, ramp = self.size * self.chance.uniform(0.7, 1.3), self.chance.uniform(60, 500)
        room = SimRoom(
            self._id(), self._title(), tuple(self._host() for _ in range(self.chance.randint(1, 3))),
            node, 0, ends,
            self._noisy(lambda t: size * min(1.0, 0.2 + 0.8 * t / ramp)),
        )  # fmt: skip
        self.history.rooms.append(room)
        return room

    def _follows(self, first: SimRoom, end: float, opens: float) -> Curve:
        before = max(first.curve(end - 1), first.curve(end - 30))
        share, ramp = self.chance.uniform(0.1, 0.95), self.chance.uniform(40, 300)
        return self._noisy(lambda t: before * share * min(1.0, max(0.0, t - max(opens, end - 30)) / ramp))

    def _noisy(self, curve: Curve, cap: float | None = None) -> Curve:
        noise = random.Random(self.chance.random())
        wobble = [noise.gauss(0, 1) for _ in range(64)]

        def people(t: float) -> float:
            exact = curve(t)
            if cap is not None and exact >= cap:
                return cap
            told = exact + wobble[int(t / EVERY) % 64] * exact**0.5
            return max(0.0, told if cap is None else min(cap, told))

        return people

    def _node(self) -> str:
        return self.chance.choice(self.history.nodes)

    def _moment(self) -> float:
        return self.chance.uniform(300, 1000)

    def _id(self) -> str:
        self._names += 1
        return f"{self.chance.randrange(16**12):012x}" if self._tells_titles else f"r{self._names}"

    def _host(self) -> str:
        self._names += 1
        return f"host-{self._names}"

    def _title(self) -> str:
        return (
            f"{self.chance.choice(_WORDS)} {self.chance.choice(_WORDS)} {self.chance.choice(_SHOWS)}".title()
        )

    # --- what the probes see ---

    def _poll(self) -> Iterator[ProbeResult]:
        flaws = self.history.flaws
        for step in range(int(LENGTH / EVERY)):
            for index, node in enumerate(self.history.nodes):
                t = step * EVERY + index * 0.7
                silent = any(n == node and start <= t < end for n, start, end in self.history.silences)
                if silent or (flaws and self.chance.random() < 0.01):
                    yield _result(node, t, None)
                    continue
                rooms = [
                    self._told(room, t)
                    for room in self.history.rooms
                    if room.node == node and room.open_at(t)
                ]
                complete = not (flaws and self.chance.random() < 0.05)
                if not complete:
                    rooms = [room for room in rooms if self.chance.random() < 0.5]
                if flaws and rooms and self.chance.random() < 0.05:
                    rooms.append(self.chance.choice(rooms))
                self.chance.shuffle(rooms)
                yield _result(node, t, SnapshotPart(rooms=rooms, complete=complete))

    def _told(self, room: SimRoom, t: float) -> Room:
        return Room(
            id=room.id,
            node=room.node,
            participants=round(room.curve(t)),
            title=room.title if self._tells_titles else "",
            capacity=room.capacity,
            hosts=room.hosts if self._tells_hosts else (),
        )


def _rising(size: float, opens: float, ramp: float) -> Curve:
    return lambda t: size * min(1.0, max(0.0, t - opens) / ramp)


def _result(node: str, at: float, part: SnapshotPart | None) -> ProbeResult:
    return ProbeResult(
        service="spaces",
        node=node,
        probe="rooms",
        outcome=Outcome.OK if part else Outcome.TIMEOUT,
        at=at,
        seconds=0.01,
        part=part,
    )
