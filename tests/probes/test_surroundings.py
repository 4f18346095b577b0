"""What is remembered of the rooms around a loss is bounded."""

from __future__ import annotations

from probes.model import Room
from probes.watching.surroundings import Surroundings


def test_sizes_are_bounded_where_the_services_clock_creeps_back() -> None:
    around = Surroundings()
    around.biggest = {("a", "r"): Room(id="r", node="a", participants=5)}
    for at in range(60):
        around.remember(1000.0 + at, 600)
    for step in range(2000):
        around.remember(1058.0 - step * 0.01, 600)
    assert len(around.counts(1059.0)[("a", "r")]) <= 60
