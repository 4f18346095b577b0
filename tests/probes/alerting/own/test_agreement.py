"""Alerts, the board and a real Prometheus tell the same story, of whole seeds.

What it means that alerts and the board agree:

- An alert says that something is wrong. So while one of a service fires, the board does not call that
  service `ok`, for longer than the alert is kept firing after its condition (`keep`) and one evaluation.
  The board may be calmer than a page, as it looks at other stretches: `strained` is no contradiction.
- The board is red (`failing`), or knows nothing (`unknown`), only where somebody is told: with nothing firing
  it is so for one evaluation at most beyond what the alert itself has to wait. That is nothing for the
  failures of a launch, and for joins that fail a little the window of the ticket and its `hold`.
- `strained` alone calls nobody: it is what the board shows before anything is worth an alert.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from probes.alerting import conditions as c
from probes.alerting.firing import Firing, Subject
from probes.alerting.own import OwnAlerts
from probes.alerting.rules import SLOW_EVERY
from probes.alerting.table import ALERTS, Severity
from probes.config.objectives import Objectives
from probes.metrics import Metrics
from probes.model import Observation, State
from probes.pipeline import Tick
from probes.settings import parse
from tests.probes.alerting.own.prometheus import EVERY, Scraped
from tests.probes.playing import played

EVALUATION = EVERY
SEEDS = {"spaces-2023-05-24": 2400.0, "clubhouse-2021-02-01": 1000.0, "spaces-2024-08-12": 0.0}
"""Which are played, and for how many seconds of each Prometheus scrapes."""

FIRED = {
    "spaces-2023-05-24": {
        "RoomsJoinsFailing",
        "RoomsOwnJoinsFailing",
        "RoomsCollapsed",
        "RoomsEnded",
        "RoomsFewFollowed",
    },
    "clubhouse-2021-02-01": {"RoomsFull", "RoomsSoonFull", "RoomsRetryStorm"},
}
"""What fires at least while Prometheus scrapes."""

CONFIG = 'services: [{name: spaces, kind: http-json, url: "http://127.0.0.1/rooms", every: 2500ms}]\n'
NODE = "127.0.0.1:80"

OUTSIDE = {"RoomwatchDown", "RoomwatchStale", "RoomwatchReplicaDown", "RoomwatchWatchdog"}
"""What only an outside can know."""

EVALUATIONS = {"RoomsJoinBudgetBurning": SLOW_EVERY}
"""Seconds between two evaluations of an alert, where they are not `EVERY`."""

AT_LAST = 300 + 60 + EVALUATION
"""Seconds by which whatever is red has somebody told: five minutes of tries, and a minute of holding back."""


class Moment(NamedTuple):
    """Seconds since the start, what is known then, and what fires."""

    t: float
    seen: Observation
    firing: tuple[Firing, ...]


class Told(NamedTuple):
    """A whole seed, polled every 2.5 s, and what Prometheus scraped of it."""

    name: str
    moments: list[Moment]
    scraped: Scraped


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest) -> Told:
    """Played once for all tests that look at it."""
    name, scraped = request.param, Scraped()
    return Told(name, list(_told(name, scraped, SEEDS[name])), scraped)


def _told(name: str, scraped: Scraped, until: float) -> Iterator[Moment]:
    own, metrics = OwnAlerts(), Metrics()
    own.follow(Objectives(), {"spaces": 10})
    metrics.watch([("spaces", NODE, "rooms", False), ("spaces", NODE, "join", True)])
    for seen in played(name, step=2.5, join_every=5.0, start=0.0):
        for result in seen.results:
            metrics.record(result)
        if seen.t % EVERY == 0 and seen.t <= until:
            metrics.write(Tick(seq=int(seen.t) + 1, at=seen.at, observations=(seen.observation,)))
            scraped.take(metrics.text)
        yield Moment(seen.t, seen.observation, own.look((seen.observation,), seen.at))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("told", SEEDS, indirect=True)
def test_alerts_and_board_never_disagree_for_longer_than_an_evaluation(told: Told) -> None:
    paged: list[str] = []
    calm_since: dict[str, float] = {}
    unheard_since: float | None = None
    for t, seen, firing in told.moments:
        names = {each.subject.alert for each in firing}
        paged += [n for n in sorted(names) if ALERTS[n].severity is Severity.PAGE and n not in paged]
        calm_since = {n: calm_since.get(n, t) for n in names if seen.state is State.OK}
        for alert, since in calm_since.items():
            assert t - since <= ALERTS[alert].keep + EVALUATION, f"{t}: {alert} fires and the board is calm"
        red = seen.state in (State.FAILING, State.UNKNOWN)
        unheard_since = (t if unheard_since is None else unheard_since) if red and not firing else None
        if unheard_since is not None:
            patience = EVALUATION if _is_grave(seen) else AT_LAST
            assert t - unheard_since <= patience, f"{t}: nothing fires, and {seen.reasons[0]}"
    assert paged, "a seed without a page would show nothing"


def _is_grave(seen: Observation) -> bool:
    """Whether it is red for more than joins that fail a little."""
    few = seen.door is None or seen.door.success_ratio is None
    return few or 1 - seen.door.success_ratio > c.share_of(c.LAUNCH, Objectives().join_success)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("told", ["spaces-2023-05-24"], indirect=True)
def test_may_2023_pages_in_the_order_of_its_troubles_and_each_once(told: Told) -> None:
    """Joins fail from the first second on; the room ends; few follow; the second room ends at last."""
    began: list[tuple[str, float]] = []
    before: set[str] = set()
    for t, _, firing in told.moments:
        now = {each.subject.alert for each in firing if ALERTS[each.subject.alert].severity is Severity.PAGE}
        began += [(alert, t) for alert in sorted(now - before)]
        before = now
    # Of our own joins about half fail for 20 minutes: three in a row come, and go, as chance has it.
    order = [(alert, t) for alert, t in began if alert != "RoomsOwnJoinsFailing"]
    assert [alert for alert, _ in order] == [
        "RoomsJoinsFailing",
        "RoomsCollapsed",
        "RoomsEnded",
        "RoomsFewFollowed",
        "RoomsCollapsed",
        "RoomsEnded",
    ]
    times = [t for _, t in order]
    assert times[0] <= 60
    assert times[1] - 1260 <= 10
    assert times[2] - 1260 <= 20
    assert 1380 + c.FOLLOWED_AFTER <= times[3] <= 1380 + c.FOLLOWED_AFTER + 30


@pytest.mark.timeout(300)
@pytest.mark.parametrize("told", FIRED, indirect=True)
def test_prometheus_fires_at_the_same_times_to_within_one_evaluation(told: Told, tmp_path: Path) -> None:
    theirs = told.scraped.firing(parse(CONFIG, "test.yaml", tmp_path), tmp_path)
    looked = [moment for moment in told.moments if moment.t % EVERY == 0]
    ours = [{each.subject for each in moment.firing} for moment in looked[: len(theirs)]]
    assert {subject.alert for now in theirs for subject in now} - OUTSIDE >= FIRED[told.name]
    for subject in set[Subject]().union(*ours, *theirs):
        if subject.alert not in OUTSIDE:
            apart = EVERY * _longest(
                [(subject in a) != (subject in b) for a, b in zip(ours, theirs, strict=True)]
            )
            assert apart <= EVALUATIONS.get(subject.alert, EVERY), f"{subject}: apart for {apart} s"


def _longest(differs: list[bool]) -> int:
    """How many evaluations in a row differ at most."""
    longest = current = 0
    for each in differs:
        current = current + 1 if each else 0
        longest = max(longest, current)
    return longest
