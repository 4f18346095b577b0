"""One endpoint under watch: its answers, the nodes it speaks for, its counters and its probes."""

from __future__ import annotations

from collections import Counter
from heapq import nlargest
from typing import NamedTuple

from probes.door import Counters
from probes.model import POLL, NodeReport, Outcome, ProbeResult, SnapshotPart
from probes.notice import Notice, NoticeKind
from probes.services.base import Endpoint
from probes.state import EndpointStatus
from probes.watching.answers import Answers, Changes
from probes.watching.notices import RoomWords
from probes.watching.pace import Pace
from probes.watching.runs import Runs
from probes.watching.summary import shown
from probes.watching.wording import slower, stretch

MOST_NODES = 64

REMEMBERED = 900.0
"""Seconds of service time for which a node without rooms is still shown."""

LEAST_SILENCE = 0.5
"""Wall seconds without a good answer that are never a silence: quick polls are late on a busy machine."""

RESTARTED = 2.0
"""Wall seconds without a good answer in which no service has started again unless a poll failed meanwhile:
what comes later than two quick intervals is late by our own machine."""


def silence(interval: float) -> float:
    """Wall seconds without a good answer after which what an endpoint told is unknown: two intervals."""
    return max(2 * interval, LEAST_SILENCE)


class Joining(NamedTuple):
    """One join of ours: of which room, how it ended, and when in the service's time it began."""

    room: str
    outcome: Outcome
    at: float


class WatchedEndpoint:
    """What is known through one endpoint.

    It speaks for the nodes that its rooms and reports name. One that never named
    a node is a node itself. A node named lately that has no rooms now is shown
    with 0 people; the nodes named last stay.
    """

    def __init__(self, settings: Endpoint) -> None:
        self.settings = settings
        self.answers = Answers()
        self.counters = Counters()
        self.pace = Pace()
        self.runs: dict[str, Runs] = {}
        self.reports: dict[str, NodeReport] = {}
        self.words = RoomWords()
        self.tries: Counter[Outcome] = Counter()
        """Ends of tries to join that the service told of by itself, one by one."""
        self.told = 0
        """How many good answers it has given."""
        self.joins = 0
        """How many joins were tried at it."""
        self.last_join: Joining | None = None
        self._failure: ProbeResult | None = None
        self._next_in = 0.0  # the wait that the newest good answer asked for
        self._named: dict[str, float] = {}
        self._tells_time = False

    @property
    def id(self) -> str:
        return self.settings.id

    def record(self, result: ProbeResult) -> None:
        """Remember how a run of one of its probes went."""
        self.runs.setdefault(result.probe, Runs()).take(result)
        if result.probe != POLL:
            self.joins += 1
            room = result.attempt.room if result.attempt else ""
            self.last_join = Joining(room, result.outcome, self._passed(result.at - result.seconds))

    def keep_only(self, probe: str) -> None:
        """Forget the runs of the other probes: the config no longer has them."""
        self.runs = {name: runs for name, runs in self.runs.items() if name == probe}
        self.last_join = None

    def fail(self, result: ProbeResult) -> None:
        self.answers.fail()
        self._failure = result

    def take(self, result: ProbeResult, part: SnapshotPart, every: float) -> Changes:
        """Read a good answer."""
        part = self.words.correct(part, result.at)
        # Of the answer before, which said when this one would come.
        limit = max(silence(self.interval(every)), RESTARTED)
        changes = self.answers.take(part, result.at, self._time(result.at, part), limit)
        self._failure = None
        self._next_in = result.next_in or 0.0
        if not self.counters.answers:
            self.counters.begin(part.joins)
        self.counters.take(part.joins or self.tries, changes.at)
        self.told += 1
        self.pace.take(result.at, changes.at)
        self.reports = {report.id: report for report in part.nodes}
        self._remember_nodes(changes.at)
        return changes

    def interval(self, every: float) -> float:
        """Seconds between two polls as they come: `every`, or the wait that the newest good answer asked for.

        A failed poll that asks for one does not count: it announces no answer.
        """
        return max(every, self._next_in)

    def answering(self, at: float, every: float) -> bool:
        """Whether a good answer came lately before `at`: within two intervals as they come."""
        return self.answers.part is not None and at - self.answers.at <= silence(self.interval(every))

    def hear(self, notice: Notice) -> Changes | None:
        """Read a word of the service on one of its rooms; None where it changes nothing.

        Rooms that the service tells of by itself are on this endpoint. Before the first
        answer nothing is known that it could change.
        """
        key = (self.id, notice.room)
        room = self.words.take(key, notice, self.answers.open.get(key))
        if room is None or self.answers.part is None:
            return None
        now = max(self.answers.now, self._passed(notice.at))
        ended = notice.kind is NoticeKind.ROOM_ENDED
        return self.answers.end_now(key, now) if ended else self.answers.open_now(room, now)

    def nodes(self) -> list[str]:
        """The names of the nodes it speaks for, at most `MOST_NODES`."""
        return sorted(self._named) or [self.id]

    def people(self, node: str, in_rooms: int | None) -> int | None:
        """The people on one of its nodes: those in its rooms, else what it reports, else nobody was told of.

        Where rooms are on several nodes at once, what the node reports comes first. A node without
        rooms holds nobody if the answer told of all rooms, and an unknown number otherwise.
        """
        report = self.reports.get(node)
        reported = report.participants if report is not None else None
        if reported is not None and (in_rooms is None or (report is not None and report.in_rooms)):
            return reported
        if in_rooms is not None:
            return in_rooms
        part = self.answers.part
        told_all = part is not None and part.complete and part.tells_rooms
        empty = told_all and node not in self.answers.summary.nodes
        return 0 if empty else None

    def label(self, node: str) -> str:
        if node == self.id and self.settings.label:
            return self.settings.label
        report = self.reports.get(node)
        return report.label if report else ""

    def status(self, answering: bool, at: float, every: float) -> EndpointStatus:
        part = self.answers.part
        return EndpointStatus(
            id=shown(self.id),
            answering=answering,
            silent_for=None if part is None else max(0.0, at - self.answers.at),
            why=self._failure.outcome if self._failure else None,
            detail=self._failure.detail if self._failure else "",
            complete=part is None or part.complete,
            note=part.note if part else "",
            pace=self._pace(at, every),
        )

    def _pace(self, at: float, every: float) -> str:
        """In words, that and why it is polled less often than `every`, and how old that makes its numbers."""
        part, interval = self.answers.part, self.interval(every)
        if part is None or interval <= every:
            return ""
        oldest = stretch(max(interval, at - self.answers.at))
        return f"{slower(interval, every, part.next_in_why)}; its numbers are up to {oldest} old"

    def _time(self, at: float, part: SnapshotPart) -> float:
        """The service's time of an answer at wall time `at`.

        One that leaves it out, of a service that has told it, goes on at the pace so far.
        """
        if part.service_time is not None:
            self._tells_time = True
            return part.service_time
        return self._passed(at)

    def _passed(self, at: float) -> float:
        """The service's time at wall time `at`, reckoned from the newest answer."""
        if not self._tells_time:
            return at
        pace = self.pace.value()
        return self.answers.now + (at - self.answers.at) * (1.0 if pace is None else pace)

    def _remember_nodes(self, now: float) -> None:
        people = self.answers.summary.nodes
        names = people.keys() | self.reports.keys()
        biggest = nlargest(MOST_NODES, names, key=lambda name: (people.get(name) or 0, name))
        named = dict.fromkeys(biggest, now)
        last = max(self._named.values(), default=now)
        for name, seen in sorted(self._named.items(), key=lambda pair: (-pair[1], pair[0])):
            recent = now - seen <= REMEMBERED or (not biggest and seen == last)
            if recent and len(named) < MOST_NODES:
                named.setdefault(name, min(seen, now))
        self._named = named
