"""Our own evaluation says what real Prometheus says of the same metrics, at the same times."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.alerting.firing import Subject
from probes.alerting.own import OwnAlerts
from probes.alerting.rules import SLOW_EVERY
from probes.alerting.table import ALERTS
from probes.metrics import Metrics
from probes.pipeline import Tick
from probes.settings import parse
from tests.probes.alerting.own.prometheus import EVERY, Scraped
from tests.probes.playing import played

CONFIG = 'services: [{name: spaces, kind: http-json, url: "http://127.0.0.1/rooms", every: 1s}]\n'
NODE = "127.0.0.1:80"

OUTSIDE = {"RoomwatchDown", "RoomwatchStale", "RoomwatchReplicaDown", "RoomwatchWatchdog"}
"""What only an outside can know."""

EVALUATIONS = {"RoomsJoinBudgetBurning": SLOW_EVERY}
"""Seconds between two evaluations of an alert, where they are not `EVERY`."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "until", "fired"),
    [
        (
            "spaces-2023-05-24",
            2400.0,
            {"RoomsJoinsFailing", "RoomsOwnJoinsFailing", "RoomsCollapsed", "RoomsEnded", "RoomsFewFollowed"},
        ),
        ("clubhouse-2021-02-01", 1500.0, {"RoomsFull", "RoomsSoonFull", "RoomsRetryStorm"}),
    ],
)
def test_both_fire_at_the_same_times_to_within_one_evaluation(
    name: str, until: float, fired: set[str], tmp_path: Path
) -> None:
    config = parse(CONFIG, "test.yaml", tmp_path)
    own, metrics, scraped = OwnAlerts(), Metrics(), Scraped()
    own.follow(config.objectives, {service.name: service.audience for service in config.services})
    metrics.watch([("spaces", NODE, "rooms", False), ("spaces", NODE, "join", True)])
    ours: list[set[Subject]] = []
    for seen in played(name, join_every=5.0, start=0.0, until=until):
        for result in seen.results:
            metrics.record(result)
        firing = own.look((seen.observation,), seen.at)
        if seen.t % EVERY == 0:
            metrics.write(Tick(seq=int(seen.t) + 1, at=seen.at, observations=(seen.observation,)))
            scraped.take(metrics.text)
            ours.append({each.subject for each in firing})
    theirs = scraped.firing(config, tmp_path)
    assert {subject.alert for now in theirs for subject in now} - OUTSIDE >= fired
    for subject in set[Subject]().union(*ours, *theirs):
        if subject.alert not in OUTSIDE:
            apart = EVERY * _longest(
                [(subject in a) != (subject in b) for a, b in zip(ours, theirs, strict=True)]
            )
            assert apart <= EVALUATIONS.get(subject.alert, EVERY), f"{subject}: apart for {apart} s"
    assert fired <= ALERTS.keys()


def _longest(differs: list[bool]) -> int:
    """How many evaluations in a row differ at most."""
    longest = current = 0
    for each in differs:
        current = current + 1 if each else 0
        longest = max(longest, current)
    return longest
