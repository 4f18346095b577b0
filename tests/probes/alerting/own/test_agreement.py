"""Alerts and the board tell the same story, of whole seeds.

What it means to agree:

- An alert says that something is wrong. So while one of a service fires, the board does not call that
  service `ok`, for longer than the alert is kept firing after its condition (`keep`) and one evaluation.
  The board may be calmer than a page, as it looks at other stretches: `strained` is no contradiction.
- The board is red (`failing`), or knows nothing (`unknown`), only where somebody is told: with nothing firing
  it is so for one evaluation at most beyond what the alert itself has to wait. That is nothing for the
  failures of a launch, and for joins that fail a little the window of the ticket and its `hold`.
- `strained` alone calls nobody: it is what the board shows before anything is worth an alert.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from probes.alerting import conditions as c
from probes.alerting.firing import Firing
from probes.alerting.own import OwnAlerts
from probes.alerting.table import ALERTS, Severity
from probes.config.objectives import Objectives
from probes.model import Observation, State
from tests.probes.playing import played

EVALUATION = 5
SEEDS = ["spaces-2023-05-24", "clubhouse-2021-02-01", "spaces-2024-08-12"]

AT_LAST = 300 + 60 + EVALUATION
"""Seconds by which whatever is red has somebody told: five minutes of tries, and a minute of holding back."""


Told = Iterable[tuple[float, Observation, tuple[Firing, ...]]]
"""Seconds since the start, what is known then, and what fires."""


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest) -> Told:
    """A whole seed, polled every 2.5 s, played once for all tests that look at it."""
    return list(_told(request.param))


def _told(name: str) -> Told:
    own = OwnAlerts()
    own.follow(Objectives(), {"spaces": 10})
    for seen in played(name, step=2.5, join_every=5.0):
        yield seen.t, seen.observation, own.look((seen.observation,), seen.at)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("told", SEEDS, indirect=True)
def test_alerts_and_board_never_disagree_for_longer_than_an_evaluation(told: Told) -> None:
    paged: list[str] = []
    calm_since: dict[str, float] = {}
    unheard_since: float | None = None
    for t, seen, firing in told:
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
    for t, _, firing in told:
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
