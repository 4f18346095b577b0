"""What LiveKit's own metrics tell beside its list of rooms: people on each node, and how tries to join ended.

Names and states are those of livekit-server 1.13 (`telemetry/prometheus`). One
text may hold several nodes, as one from a Prometheus that scrapes them all does.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from probes.failure import ProbeFailed
from probes.mapping.rows import clean_id
from probes.model import LARGEST_COUNT, NodeReport, Outcome

MOST_NODES = 64
MOST_LINES = 10_000
"""How many lines of interest one text may have."""

_PEOPLE = "livekit_participant_total"
_TRIES = "livekit_participant_join_total"
_OF_INTEREST = re.compile(rb"^(?:livekit_participant_total|livekit_participant_join_total)[{ ][^\n]*", re.M)
"""The other hundreds of lines, most of them buckets, are not parsed."""

_LARGEST = 2**53

_OUTCOMES: Mapping[str, Outcome] = {
    "signal_validation_failed": Outcome.OTHER,  # a bad token, no such room or a full node: not told which
    "signal_failed": Outcome.UNAVAILABLE,  # no node started the session
    "signal_upgrade_failed": Outcome.PROTOCOL,
    "signal_write_initial_response_failed": Outcome.ABORTED,  # gone before the first answer
    "rtc_canceled": Outcome.ABORTED,
    "rtc_failure": Outcome.NO_MEDIA,  # let in, and the connection for sound never came about
}
"""Every end of a try that is none of those who got in. Steps on the way (`rtc_init`, ..) are no ends."""

_GOT_IN = "rtc_success"
_GOT_IN_BEFORE = "rtc_active"
"""What counts those who got in where LiveKit is too old to count `rtc_success` and `rtc_failure`."""

_COUNTED = frozenset({*_OUTCOMES, _GOT_IN, _GOT_IN_BEFORE})


@dataclass(slots=True)
class Scrape:
    """What one text told: people by node, and counts of tries by node and state since the node's start."""

    people: dict[str, int] = field(default_factory=dict)
    tries: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def nodes(self) -> list[str]:
        return list(self.people | self.tries)


def read_metrics(body: bytes, where: str) -> Scrape:
    """Read Prometheus' text format. Raises ProbeFailed (protocol) where LiveKit's metrics are not in it."""
    lines = [found.group() for found, _ in zip(_OF_INTEREST.finditer(body), range(MOST_LINES), strict=False)]
    scrape = Scrape()
    try:
        for name, labels, value in _samples(lines):
            _take(scrape, name, labels, value)
    except (ValueError, KeyError, IndexError):
        raise ProbeFailed(Outcome.PROTOCOL, f"{where} sent metrics that cannot be read") from None
    if not scrape.people and not scrape.tries:
        raise ProbeFailed(
            Outcome.PROTOCOL,
            f"{where} has none of LiveKit's metrics; set `metrics_url` to /metrics at its `prometheus.port`",
        )
    return scrape


def _samples(lines: Iterable[bytes]) -> Iterator[tuple[str, Mapping[str, str], float]]:
    text = b"\n".join(lines).decode("utf-8", "replace") + "\n"
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def _take(scrape: Scrape, name: str, labels: Mapping[str, str], value: float) -> None:
    if not math.isfinite(value) or not 0 <= value <= _LARGEST:
        return
    node = clean_id(labels.get("node_id") or "livekit")
    if node not in scrape.people and node not in scrape.tries and len(scrape.nodes) >= MOST_NODES:
        return
    if name == _PEOPLE:
        scrape.people[node] = min(scrape.people.get(node, 0) + int(value), LARGEST_COUNT)
    elif (state := labels.get("state", "")) in _COUNTED:
        scrape.tries.setdefault(node, Counter())[state] += int(value)


class Totals:
    """Tries at all nodes of a service since it was first asked: they only grow, whichever node comes or goes.

    A node is counted from when it is first heard of. What it counted before did not happen
    now; and the plain sum of what nodes say would fall with each that starts anew, for its
    id is another then.
    """

    def __init__(self) -> None:
        self._sum: Counter[str] = Counter()
        self._last: dict[str, Counter[str]] = {}

    def take(self, scrapes: Iterable[Scrape]) -> None:
        """Count what grew since the scrapes before. A count that fell has started again from 0."""
        for scrape in scrapes:
            for node in scrape.nodes:
                tries = scrape.tries.get(node, Counter())
                last = self._last.pop(node, tries)
                restarted = any(tries[state] < last[state] for state in tries)
                self._sum += tries if restarted else tries - last
                self._last[node] = tries if restarted else tries | last
        while len(self._last) > MOST_NODES:  # the one not heard of for longest
            del self._last[next(iter(self._last))]

    def joins(self) -> dict[Outcome, int]:
        """The tries by outcome."""
        counted: Counter[Outcome] = Counter()
        newer = self._sum[_GOT_IN] or self._sum["rtc_failure"]
        counted[Outcome.JOINED] = self._sum[_GOT_IN if newer else _GOT_IN_BEFORE]
        for state, outcome in _OUTCOMES.items():
            counted[outcome] += self._sum[state]
        return dict(counted)


def reports(scrapes: Iterable[Scrape]) -> list[NodeReport]:
    """The nodes and their people, who are all counted in the rooms of the service's own node."""
    people: dict[str, int] = {}
    for scrape in scrapes:
        people.update(scrape.people)
    return [NodeReport(node, participants=count, in_rooms=True) for node, count in sorted(people.items())]
