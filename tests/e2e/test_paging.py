"""Who is paged for what, how fast and how often: the shipped rules and routes at their own pace, end to end.

All stories of the night run beside each other; each test waits for the end of its own.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import httpx
import pytest

from probes.alerting.table import ALERTS, Severity
from tests.e2e.night import SPEED, Night, night
from tests.product import PATIENCE
from tests.servers import wait_until

pytestmark = pytest.mark.timeout(400)

WITHIN = 60.0
"""Seconds in which a page comes."""

CALM = 55.0
"""Seconds in which all is well at `thirty` before it is not: windows of the rules are full of good joins."""

STORY = 200.0
"""Seconds after which what should have happened counts as never happening."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with night(tmp_path_factory.mktemp("night")) as found:
        yield found


Stories = dict[str, Future[dict[str, float]]]


@pytest.fixture(scope="module", autouse=True)
def stories(running: Night) -> Iterator[Stories]:
    """Seconds that things took, by story."""
    tellers = (launch, thirty, stopped)
    with ThreadPoolExecutor() as threads:
        yield {teller.__name__: threads.submit(teller, running) for teller in tellers}


def first(running: Night, name: str, service: str, fires: bool = True) -> float:
    """When it was first told that this alert fires or is over; waits for it."""
    wait_until(
        lambda: bool(running.heard(name, service, fires)),
        STORY,
        f"{'' if fires else 'end of '}{name} of {service}",
    )
    return running.heard(name, service, fires)[0].at


def launch(running: Night) -> dict[str, float]:
    """The wall times of what happened in May 2023, and of what was paged for it."""
    seen = running.replicas[0].wait(lambda frame: frame["spaces"]["service_time"], "service time")["spaces"]
    zero = seen["observed_at"] - (seen["service_time"] - 1_684_965_600.0) / SPEED
    times = {
        name: first(running, name, "spaces")
        for name in ("RoomsJoinsFailing", "RoomsEnded", "RoomsFewFollowed")
    }
    return {**times, "ended": zero + 1_260 / SPEED, "opened": zero + 1_380 / SPEED}


def thirty(running: Night) -> dict[str, float]:
    """Three of ten tries fail from a moment on."""
    time.sleep(max(0.0, running.began + CALM - time.time()))
    quiet = len(running.heard("RoomsJoinsFailing", "thirty"))
    running.thirty.since = time.time()
    paged = first(running, "RoomsJoinsFailing", "thirty")
    return {"before": quiet, "paged": paged - running.thirty.since}


def stopped(running: Night) -> dict[str, float]:
    """First the prober of the spare stops in its tracks and goes on, then its web process."""
    spare = running.spare
    running.prometheus.wait_for('up{job="spare"} == 1')
    prober = spare.prober
    took: dict[str, float] = {}

    def after(began: float, name: str, fires: bool = True) -> float:
        def told() -> list[float]:
            return [heard.at for heard in running.heard(name, "", fires) if heard.at > began]

        wait_until(lambda: bool(told()), STORY, f"{'' if fires else 'end of '}{name}")
        return told()[0] - began

    stopped_at = time.time()
    prober.suspend()
    took["stale"] = after(stopped_at, "RoomwatchStale")
    on_at = time.time()
    prober.resume()
    took["stale over"] = after(on_at, "RoomwatchStale", fires=False)
    stopped_at = time.time()
    spare.send(signal.SIGSTOP)
    took["down"] = after(stopped_at, "RoomwatchDown")
    took["watchdog missing"] = after(stopped_at, "RoomwatchWatchdog", fires=False)
    on_at = time.time()
    spare.send(signal.SIGCONT)
    took["down over"] = after(on_at, "RoomwatchDown", fires=False)
    running.prometheus.wait_for(
        'ALERTS{alertname="RoomwatchWatchdog", spare="yes", alertstate="firing"} == 1'
    )
    return took


def pages(running: Night, service: str) -> list[str]:
    """The names of the pages about a service, in the order in which they began: twice what began anew."""
    began = {
        (heard.alert["startsAt"], heard.alert["fingerprint"]): heard.name
        for heard in running.heard(service=service)
        if ALERTS[heard.name].severity is Severity.PAGE
    }
    return [name for (_, _), name in sorted(began.items())]


def incidents(running: Night, service: str) -> set[str]:
    """What PagerDuty holds for one incident, of those that are about a service."""
    events = running.alertmanager.posted("/pagerduty")
    return {event["dedup_key"] for event in events if event["payload"].get("component") == service}


def test_may_2023_gives_the_right_pages_in_order_and_each_once(running: Night, stories: Stories) -> None:
    times = stories["launch"].result()
    told = pages(running, "spaces")
    assert sorted(set(told)) == sorted(told), "a page came twice"
    needed = ["RoomsJoinsFailing", "RoomsEnded", "RoomsFewFollowed"]
    assert [name for name in told if name in needed] == needed
    assert set(told) <= {*needed, "RoomsOwnJoinsFailing", "RoomsCollapsed"}
    assert times["ended"] < times["RoomsEnded"] < times["ended"] + WITHIN
    assert times["opened"] < times["RoomsFewFollowed"] < times["opened"] + 120 / SPEED + WITHIN


def test_one_launch_is_one_incident(running: Night, stories: Stories) -> None:
    """Whoever is awake is told the rest, and called once."""
    stories["launch"].result()
    assert len(pages(running, "spaces")) >= 3
    assert len(incidents(running, "spaces")) == 1
    (alert, *_) = (heard.alert for heard in running.heard("RoomsEnded", "spaces"))
    assert alert["labels"]["rooms_event"] == "launch"


def test_the_first_minutes_of_may_2023_at_real_speed_page_for_joins(running: Night, stories: Stories) -> None:
    """A third of the tries failed from its first second on."""
    assert first(running, "RoomsJoinsFailing", "early") - running.began < WITHIN
    for story in stories.values():
        story.result()
    told = pages(running, "early")
    assert sorted(set(told)) == sorted(told)
    assert set(told) <= {"RoomsJoinsFailing", "RoomsOwnJoinsFailing"}


def test_three_failing_joins_of_ten_page_within_a_minute(running: Night, stories: Stories) -> None:
    took = stories["thirty"].result()
    assert took["before"] == 0
    assert took["paged"] < WITHIN
    assert pages(running, "thirty") == ["RoomsJoinsFailing"]


def test_a_flapping_probe_pages_nobody(running: Night, stories: Stories) -> None:
    for story in stories.values():
        story.result()
    failed = 'roomwatch_probe_runs_total{rooms_service="flapping",outcome="unavailable"} > 5'
    assert len(running.prometheus.query(failed)) == 4, "both replicas, polls and joins"
    assert pages(running, "flapping") == []
    assert incidents(running, "flapping") == set()


def test_a_roomwatch_that_hangs_is_told_within_a_minute_and_is_quiet_when_it_goes_on(
    stories: Stories,
) -> None:
    took = stories["stopped"].result()
    assert all(seconds < WITHIN for seconds in took.values()), took


def test_what_hangs_is_told_for_what_it_is(running: Night, stories: Stories) -> None:
    """Not also that its data is as old."""
    stories["stopped"].result()
    assert pages(running, "spared") == []
    assert pages(running, "") == ["RoomwatchStale", "RoomwatchDown"]


def test_two_replicas_are_one_page(running: Night, stories: Stories) -> None:
    for story in stories.values():
        story.result()
    assert len(running.prometheus.query('up{job="roomwatch"} == 1')) == 2
    assert len(running.prometheus.query('rooms_service_participants{rooms_service="thirty"}')) == 2
    assert not [heard for heard in running.heard() if "instance" in heard.alert["labels"]]
    assert [len(incidents(running, service)) for service in ("spaces", "early", "thirty")] == [1, 1, 1]


def test_the_links_of_every_alert_that_fired_open(running: Night, stories: Stories) -> None:
    for story in stories.values():
        story.result()
    links: dict[str, dict[str, Any]] = {heard.name: heard.alert["annotations"] for heard in running.heard()}
    assert len(links) >= 6
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        for name, annotations in links.items():
            for link in ("dashboard_url", "runbook_url"):
                assert client.get(annotations[link]).status_code == 200, f"{name}: {annotations[link]}"


def test_the_dead_mans_switch_is_asked_all_night_and_no_longer_when_prometheus_hangs(
    running: Night, stories: Stories
) -> None:
    for story in stories.values():
        story.result()
    beats = [post.at for post in running.alertmanager.posts("/deadman")]
    gaps = [after - before for before, after in pairwise(beats)]
    assert max(gaps) < WITHIN / 2
    running.prometheus.pause()
    began = time.time()
    wait_until(lambda: time.time() - last_beat(running) > WITHIN / 3, 3 * WITHIN, "end of the signs of life")
    assert last_beat(running) - began < WITHIN - WITHIN / 3


def last_beat(running: Night) -> float:
    return running.alertmanager.posts("/deadman")[-1].at
