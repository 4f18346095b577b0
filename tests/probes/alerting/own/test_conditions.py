"""What each alert looks at, told by the words of its alert."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from probes.alerting import conditions as c
from probes.alerting.firing import Firing, Subject
from probes.alerting.own import OwnAlerts
from probes.alerting.own.alerts import MOST_TOLD
from probes.alerting.table import ALERTS
from probes.config.objectives import Objectives
from probes.model import (
    Cause,
    Disagreement,
    Headroom,
    NodeReport,
    NodeView,
    Observation,
    OtherRooms,
    Outcome,
    ProbeView,
    Room,
    State,
)
from tests.probes.seen import AT, node, observation, relocation, room
from tests.probes.watching import JOIN, Story

LONGEST_HOLD = max(alert.hold for alert in ALERTS.values())
CALM = observation(
    state=State.OK,
    door=None,
    relocations=(),
    disagreements=(),
    other=OtherRooms(),
    headroom=Headroom(),
    pace=1.0,
    poll_interval=1.0,
)


class Watching:
    """Our own evaluation of observations, once a second."""

    def __init__(self, promised: Objectives | None = None, audience: int = 10) -> None:
        self.own = OwnAlerts()
        self.own.follow(promised or Objectives(), {"spaces": audience})
        self.at = AT

    def look(self, seen: Observation) -> tuple[Firing, ...]:
        self.at += 1
        return self.own.look((replace(seen, observed_at=seen.observed_at and self.at),), self.at)

    def last(self, seen: Observation, seconds: int = LONGEST_HOLD + 1) -> list[Firing]:
        """What fires once it has been so for long enough."""
        for _ in range(seconds):
            firing = self.look(seen)
        return list(firing)


def names(firing: Iterable[Firing]) -> set[str]:
    return {each.subject.alert for each in firing}


def subjects(firing: Iterable[Firing]) -> list[Subject]:
    return [each.subject for each in firing]


def run(name: str = "join", at: float = AT, **changes: object) -> ProbeView:
    base = ProbeView(name=name, node="n1", outcome=Outcome.JOINED, success=True, seconds=0.1, observed_at=at)
    return replace(base, **changes)


def test_where_all_is_well_nothing_fires() -> None:
    assert Watching().last(CALM) == []


def test_a_room_that_nobody_knows_the_successor_of_fires_until_one_is_found() -> None:
    ended = relocation(
        cause=Cause.ENDED, to=None, carried_over=None, dark_seconds=None, participants_now=None
    )
    watching = Watching()
    (firing,) = watching.last(replace(CALM, relocations=(ended,), lost=("launch",)))
    assert (firing.subject.alert, firing.subject.lineage) == ("RoomsEnded", "launch")
    assert firing.summary == "Room “r0” ended with 668,000 listening; no successor is known"
    assert names(watching.last(replace(CALM, relocations=(replace(ended, settled=True),)))) == set()


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        ({}, True),
        ({"carried_over": 0.5}, False),
        ({"carried_over": None}, False),
        ({"settled": True}, False),
        ({"participants_before": 4}, False),
    ],
)
def test_few_have_followed_a_room_that_matters(changes: dict[str, object], fires: bool) -> None:
    seen = replace(CALM, service_time=AT, relocations=(relocation(at=AT - c.FOLLOWED_AFTER, **changes),))
    firing = Watching().last(seen)
    assert names(firing) == ({"RoomsFewFollowed"} if fires else set())
    if fires:
        assert firing[0].summary == "25% of the 668,000 people of room “r0” have followed to “r1”"
    early = replace(CALM, service_time=AT, relocations=(relocation(at=AT - c.FOLLOWED_AFTER + 1, **changes),))
    assert Watching().last(early) == []


def test_a_collapse_says_how_many_are_left() -> None:
    (firing,) = Watching().last(replace(CALM, collapsed=True, participants=1_234))
    assert (firing.subject.alert, firing.summary) == (
        "RoomsCollapsed",
        "Half of all people or more are gone from spaces within a minute: 1,234 are left",
    )


@pytest.mark.parametrize(
    ("left", "alert", "words"),
    [
        (0.0, "RoomsFull", "is full now"),
        (90.0, "RoomsSoonFull", "is full in 90 s at this growth"),
        (c.SOON_FULL, None, ""),
        (None, None, ""),
    ],
)
def test_service_nodes_and_rooms_that_matter_are_full_or_soon(
    left: float | None, alert: str | None, words: str
) -> None:
    seen = replace(
        CALM,
        participants=100,
        headroom=Headroom(capacity=700, seconds_to_full=left),
        nodes=(replace(node(), seconds_to_full=left),),
        rooms=(
            replace(room("big", participants=60), seconds_to_full=left),
            replace(room("small", participants=9), seconds_to_full=left),
        ),
    )
    firing = Watching().last(seen)
    assert [each.summary for each in firing] == (
        [
            f"spaces {words}: the capacity is 700",
            f"Node n1 {words}: the capacity is 1,000",
            f"Room “A room” {words}: the capacity is 100",
        ]
        if alert
        else []
    )
    assert names(firing) == ({alert} if alert else set())


def test_nodes_answers_and_sources_that_are_not_as_they_should_be() -> None:
    down: NodeView = node("n2", answering=False)
    seen = replace(
        CALM,
        nodes=(node(), down),
        disagreements=(Disagreement("people", (("rooms", 40.0), ("nodes", 900.0)), AT),),
    )
    firing = Watching().last(seen)
    assert [(about.alert, about.node, about.what) for about in subjects(firing)] == [
        ("RoomsNodeDown", "n2", ""),
        ("RoomsSourcesDisagree", "", "people"),
    ]
    assert firing[0].summary.startswith("Node n2 has given no good answer for ")
    assert "40 people by the rooms, 900 by the nodes" in firing[1].summary


def test_data_are_stale_after_some_intervals_and_not_before() -> None:
    own, limit = OwnAlerts(), c.STALE_INTERVALS * 4.0 + c.STALE_BEYOND
    hold = ALERTS["RoomsDataStale"].hold
    seen = replace(CALM, poll_interval=4.0, observed_at=AT)
    for age in (limit, limit + 1, limit + hold):
        assert own.look((seen,), AT + age) == ()
    (firing,) = own.look((seen,), AT + limit + 1 + hold)
    assert (firing.subject.alert, firing.summary) == (
        "RoomsDataStale",
        f"No good answer of spaces has come for {limit + 1 + hold:.0f} s",
    )


def test_runs_that_fail_in_a_row_count_each_once() -> None:
    """Three joins page; a poll is a ticket later. One bad join among good ones is nothing."""
    bad = {"outcome": Outcome.TIMEOUT, "success": False, "detail": "n1 did not answer"}
    for failures, expected in (
        (2, set()),
        (3, {"RoomsOwnJoinsFailing"}),
        (5, {"RoomsOwnJoinsFailing", "RoomsProbeFailing"}),
    ):
        seen = replace(CALM, probes=(run(failures_in_a_row=failures, runs=50, failed=failures, **bad),))
        firing = Watching().last(seen)
        assert names(firing) == expected
    assert firing[0].summary == "The last 5 joins of our own at n1 failed: n1 did not answer"


def test_runs_that_are_left_out_are_a_ticket_where_they_are_many_among_all() -> None:
    def late_for(every: int) -> set[str]:
        watching = Watching()
        for second in range(400):
            late = second // every
            firing = watching.look(replace(CALM, probes=(run("rooms", runs=second - late, missed=late),)))
        return names(firing)

    assert late_for(10) == {"RoomsProbeOverrun"}
    assert late_for(30) == set()


def test_joins_of_ours_that_take_long() -> None:
    def after(slow: int) -> list[Firing]:
        watching = Watching()
        for n in range(100):
            seconds = 7.0 if n % 20 < slow else 1.0
            firing = watching.look(replace(CALM, probes=(run(at=AT + n, runs=n, seconds=seconds),)))
        return list(firing)

    assert after(1) == []
    (firing,) = after(2)
    assert firing.subject.alert == "RoomsJoinsSlow"
    assert firing.summary == "5% of our joins take 7 s or longer; the objective is 5 s"


def test_a_storm_is_told_as_the_board_tells_it() -> None:
    (firing,) = Watching().last(replace(observation(), **{**_calm_but("door"), "pace": 1.0}))
    assert (firing.subject.alert, firing.summary[:42]) == (
        "RoomsRetryStorm",
        "Retry storm: 360 tries a second, 2 tries e",
    )


def _calm_but(*kept: str) -> dict[str, object]:
    return {
        name: getattr(CALM, name)
        for name in ("state", "relocations", "disagreements", "headroom", "poll_interval", "door")
        if name not in kept
    }


def failing(share: float, promised: Objectives, seconds: int, tries: int = 10) -> list[set[str]]:
    """What fires at each second, where half a minute is good and then `share` of `tries` a second fail."""
    watching, said = Watching(promised), []
    door = observation().door
    assert door is not None
    for second in range(30 + seconds):
        bad = round(max(0, second - 30) * tries * share)
        totals = {Outcome.JOINED: second * tries - bad, Outcome.TIMEOUT: bad}
        said.append(names(watching.look(replace(CALM, door=replace(door, storm=False, totals=totals)))))
    return said[30:]


def test_half_of_the_joins_page_within_half_a_minute_and_a_few_are_a_ticket_within_minutes() -> None:
    half = failing(0.5, Objectives(), 40)
    assert 5 <= half.index({"RoomsJoinsFailing"}) <= 30
    few = failing(0.06, Objectives(), 400)
    assert not any("RoomsJoinsFailing" in each for each in few)
    assert few[-1] == {"RoomsJoinBudgetBurning"}
    assert failing(0.02, Objectives(), 400)[-1] == set()


def test_few_tries_page_nobody() -> None:
    """Fewer than 20 in a minute, whatever becomes of them."""
    watching, door = Watching(), observation().door
    assert door is not None
    for second in range(120):
        totals = {Outcome.JOINED: 0, Outcome.TIMEOUT: second // 4}
        firing = watching.look(replace(CALM, door=replace(door, storm=False, totals=totals)))
    assert "RoomsJoinsFailing" not in names(firing)


def test_an_objective_that_changes_changes_what_fires_and_loses_nothing() -> None:
    watching, door = Watching(Objectives(join_success=0.5)), observation().door
    assert door is not None

    def second(n: int) -> set[str]:
        totals = {Outcome.JOINED: n * 8, Outcome.TIMEOUT: n * 2}
        down = (node("n1", answering=False),)
        return names(watching.look(replace(CALM, nodes=down, door=replace(door, storm=False, totals=totals))))

    assert [second(n) for n in range(90)][-1] == {"RoomsNodeDown"}
    watching.own.follow(Objectives(join_success=0.99), {})
    assert second(90) >= {"RoomsNodeDown", "RoomsJoinsFailing"}, "with the tries it has seen before"


def test_what_is_told_is_bounded_and_pages_come_before_tickets() -> None:
    nodes = tuple(
        replace(node(f"n{i}", answering=i >= MOST_TOLD), seconds_to_full=90.0) for i in range(2 * MOST_TOLD)
    )
    firing = Watching().last(replace(CALM, nodes=nodes))
    assert len(firing) == MOST_TOLD
    assert names(firing) == {"RoomsNodeDown"}


def test_a_service_that_is_gone_fires_no_more_and_another_of_its_name_begins_anew() -> None:
    own, down = OwnAlerts(), replace(CALM, collapsed=True)
    assert len(own.look((down,), AT)) == 1
    assert own.look((), AT + 1) == ()
    (firing,) = own.look((down,), AT + 2)
    assert firing.since == AT + 2


def test_in_a_replay_it_is_the_service_s_time_that_must_pass() -> None:
    own, hold = OwnAlerts(), ALERTS["RoomsNodeDown"].hold
    down = replace(CALM, pace=20.0, nodes=(node(answering=False),))
    fired = [bool(own.look((down,), AT + n / 4)) for n in range(10)]
    assert fired.index(True) == pytest.approx(hold / 20 * 4, abs=1)


# --- From what probes find to what fires, and what the board says beside it ---


def test_a_full_node_pages_and_the_board_says_so_though_there_is_room_elsewhere() -> None:
    story, own = Story("a", "b"), OwnAlerts()
    for at in range(60):
        for name, people in (("a", 100), ("b", 10)):
            rooms = [Room(id=f"r{name}", node=name, participants=people)]
            story.poll(name, at, rooms, nodes=[NodeReport(id=name, participants=people, capacity=100)])
        seen = story.see(at + 0.5)
        firing = own.look((seen,), at + 0.5)
    assert [(about.alert, about.node) for about in subjects(firing)] == [("RoomsFull", "a")]
    assert (seen.state, seen.reasons) == (State.STRAINED, ("Node a is full: it holds 100",))


def test_three_joins_that_fail_are_counted_by_the_watch_each_once() -> None:
    story, own = Story("a", join=JOIN), OwnAlerts()
    fired = []
    for at in range(12):
        story.poll("a", at, {"r": 50})
        if at % 2 == 0:
            story.join("a", at + 0.1, Outcome.JOINED if at < 4 else Outcome.TIMEOUT)
        fired.append(names(own.look((story.see(at + 0.5),), at + 0.5)))
    assert [at for at, now in enumerate(fired) if "RoomsOwnJoinsFailing" in now] == [8, 9, 10, 11]


def test_runs_that_were_left_out_are_told_of_the_probe_that_they_are_of() -> None:
    story = Story("a")
    story.poll("a", 1.0, {"r": 50})
    story.watch.late("a", "rooms", 2, 3)
    story.watch.late("a", "join", 1, 1)
    story.watch.late("gone", "rooms", 1, 1)
    (view,) = story.see(1.5).probes
    assert (view.overruns, view.missed, view.runs, view.failed) == (2, 3, 1, 0)
