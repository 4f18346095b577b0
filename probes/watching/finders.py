"""How a successor is known. Each finder judges one kind of likeness; `FINDERS` are asked in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from probes.model import Cause
from probes.watching.answers import Arrival, Departure
from probes.watching.recent import Recent
from probes.watching.wording import stretch


@dataclass(frozen=True, slots=True)
class Match:
    """A judgement: `arrival` continues `departure`."""

    departure: Departure
    arrival: Arrival
    cause: Cause
    confidence: float
    evidence: tuple[str, ...]

    @property
    def dark_seconds(self) -> float | None:
        """From last seen open to first seen open elsewhere; 0 where both were open for a while.

        Unknown where nobody saw the new one open.
        """
        if self.arrival.first:
            return None
        return max(0.0, self.arrival.at - self.departure.last_seen)


class Finder(Protocol):
    """One kind of likeness. What it is given has no match yet.

    `window`: seconds of service time between an end and the opening that continues it, in either order.
    """

    def successor(self, departure: Departure, arrivals: Recent[Arrival], window: float) -> Match | None:
        """The recent arrival that continues a room that has just ended."""
        ...

    def predecessor(self, arrival: Arrival, departures: Recent[Departure], window: float) -> Match | None:
        """The recent departure that a room that has just opened continues."""
        ...


class SameRoom:
    """The same room id on another node: it moved. An opening longer before the end is a room of its own."""

    def successor(self, departure: Departure, arrivals: Recent[Arrival], window: float) -> Match | None:
        return _nearest((_pair(departure, arrival) for arrival in arrivals.elsewhere(departure.key)), window)

    def predecessor(self, arrival: Arrival, departures: Recent[Departure], window: float) -> Match | None:
        return _nearest(
            (_pair(departure, arrival) for departure in departures.elsewhere(arrival.key)), window
        )


def _pair(departure: Departure, arrival: Arrival) -> Match:
    overlap = departure.last_seen - arrival.at
    if arrival.first:
        gap = "already open in the first answer of its node"
    else:
        gap = f"dark {stretch(-overlap)}" if overlap < 0 else f"both open for {stretch(overlap)}"
    return Match(departure, arrival, Cause.MOVED, 1.0, ("same room id", gap, departure.how))


def _nearest(matches: Iterable[Match], window: float) -> Match | None:
    in_time = [(_distance(match), match) for match in matches]
    return min(
        (pair for pair in in_time if pair[0] <= window), key=lambda pair: pair[0], default=(0.0, None)
    )[1]


def _distance(match: Match) -> float:
    return abs(match.arrival.at - match.departure.last_seen)


FINDERS: tuple[Finder, ...] = (SameRoom(),)
