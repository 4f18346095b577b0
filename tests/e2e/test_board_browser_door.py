"""The door and the nodes on the board: true rates, one colour a reason, and who saw it."""

from __future__ import annotations

import time

import msgspec
import pytest
from playwright.sync_api import BrowserContext

from probes.model import (
    Disagreement,
    Door,
    NodeView,
    Observation,
    Observer,
    Outcome,
    ProbeView,
    Relocation,
    Revision,
    Status,
)
from tests.browser import Watched
from tests.e2e.stage import STARTS_AT, Stage, observation, opened, relocated, room
from tests.e2e.test_board_browser import HOSTILE, injected, readable
from tests.servers import wait_until

pytestmark = pytest.mark.timeout(300)

BARS = "document.querySelector('#door-figure .js-plotly-plot').data"
LAYERS = "document.querySelector('#errors-figure .js-plotly-plot').data"


def door(tries: float | None, observer: Observer = Observer.SERVICE, **errors: float) -> Door:
    return Door(
        observer=observer,
        tries_per_second=tries,
        success_ratio=None if tries is None else 1 - sum(errors.values()),
        errors={Outcome(name): share for name, share in errors.items()},
    )


def heights(tab: Watched) -> dict[str, list[float]]:
    """The bars' heights by their name, from left to right."""
    tab.wait("() => document.querySelector('#door-figure .js-plotly-plot')?.data?.length > 0")
    found: dict[str, list[float]] = tab.page.evaluate(
        f"Object.fromEntries({BARS}.map(each => [each.name, each.y.map(n => Math.round(n * 10) / 10)]))"
    )
    return found


def test_bars_are_tries_a_second_by_what_became_of_them(stage: Stage, context: BrowserContext) -> None:
    for second in range(0, 60, 2):
        rate = 100.0 if second < 30 else 200.0
        stage.show(
            observation(second / 60, [room("n1", 100_000)], door=door(rate, timeout=0.3, unavailable=0.2))
        )
    tab = opened(context, stage)
    bars = heights(tab)
    assert list(bars) == ["admitted", "timeout", "unavailable"]
    assert (bars["admitted"][1], bars["timeout"][1], bars["unavailable"][1]) == (50.0, 30.0, 20.0)
    assert (bars["admitted"][-1], bars["timeout"][-1], bars["unavailable"][-1]) == (100.0, 60.0, 40.0)
    tab.wait_for_text("#door-note", "tries per second · counted by the service")
    assert "200 tries per second, counted by the service, 100 admitted." in (
        tab.page.text_content("#door-words") or ""
    )
    colour = "each => [each.name, each.marker ? each.marker.color : each.fillcolor]"
    tab.wait("() => document.querySelector('#errors-figure .js-plotly-plot')?.data?.length > 0")
    shown = dict(tab.page.evaluate(f"{BARS}.map({colour})"))
    assert dict(tab.page.evaluate(f"{LAYERS}.map({colour})")) == {
        name: shown[name] for name in ("timeout", "unavailable")
    }
    assert tab.complaints == []


def test_tries_that_nobody_counted_are_a_gap_and_tries_of_nobody_are_not(
    stage: Stage, context: BrowserContext
) -> None:
    rates = [10.0] * 10 + [None] * 10 + [0.0] * 10 + [10.0] * 10
    for second, rate in enumerate(rates):
        told = Door(observer=Observer.SERVICE, tries_per_second=0.0) if rate == 0.0 else door(rate)
        stage.show(observation(second / 60, [room("n1", 5)], door=told))
    tab = opened(context, stage)
    bars = heights(tab)["admitted"]
    assert 28 <= len(bars) <= 31
    assert bars.count(0.0) == 10
    assert {height for height in bars if height} == {10.0}


def test_our_own_joins_are_said_to_be_ours(stage: Stage, context: BrowserContext) -> None:
    for second in range(4):
        stage.show(observation(second / 60, [room("n1", 5)], door=door(0.2, Observer.PROBE)))
    tab = opened(context, stage)
    tab.wait_for_text("#door-note", "tries per second · seen by our own joins")
    assert set(heights(tab)) == {"admitted"}


def test_without_a_door_the_panel_says_why(stage: Stage, context: BrowserContext) -> None:
    stage.show(observation(1, [room("n1", 5)], door=None))
    tab = opened(context, stage)
    tab.wait(
        "() => document.querySelector('#door-figure').textContent.includes('No join probe is configured')"
    )
    tab.wait_to_read("#door-note", "tries per second")


def disagreeing(made: Observation, what: str, sources: tuple[tuple[str, float], ...]) -> Observation:
    found = Disagreement(what, sources, STARTS_AT + 60)
    return msgspec.structs.replace(made, disagreements=(found,))


def test_a_storm_a_disagreement_and_the_basis_of_an_estimate_stand_below(
    stage: Stage, context: BrowserContext
) -> None:
    storm = Door(
        observer=Observer.SERVICE,
        tries_per_second=900.0,
        success_ratio=0.4,
        errors={Outcome.TIMEOUT: 0.6},
        waiting=41_000,
        tries_per_person=3.4,
        storm=True,
        waiting_basis="540 failures a second, a try every 76 s",
    )
    seen = observation(1, [room("n1", 5)], door=storm)
    stage.show(disagreeing(seen, "people", (("list", 5_000), ("counters", 4_200))))
    tab = opened(context, stage)
    tab.wait_for_text("#door-foot", "A retry storm: 3.4 tries a person.")
    tab.wait_for_text("#door-foot", "Sources disagree on people: list 5,000, counters 4,200, since 18:01:00.")
    tab.wait_for_text("#door-foot", "41k waiting: 540 failures a second, a try every 76 s")


def test_a_node_says_when_it_is_full_what_our_joins_saw_there_and_that_it_is_silent(
    stage: Stage, context: BrowserContext
) -> None:
    now = time.time()
    common = {"participants": 500, "capacity": 1_000, "answering": True, "observed_at": now}
    nodes = (
        NodeView(id="n1", label="London", seconds_to_full=240.0, **common),  # type: ignore[arg-type]
        NodeView(id="n2", label="Frankfurt", **{**common, "answering": False, "participants": None}),  # type: ignore[arg-type]
    )
    join = ProbeView(
        name="join",
        node="n1",
        outcome=Outcome.JOINED,
        success=True,
        seconds=0.2,
        observed_at=now,
        success_ratio=0.982,
    )
    stage.show(observation(1, [room("n1", 500)], nodes=nodes, probes=(join,)))
    tab = opened(context, stage)
    tab.wait_for_text("#nodes-body", "50% of 1,000 · full in 4 min · 98.2% of our joins get in")
    silent = tab.page.locator("#nodes-body tr.silent")
    assert silent.count() == 1
    assert "Frankfurt" in silent.inner_text()
    assert "silent for" in silent.inner_text()


# --- nothing that anybody typed is more than text ---


def spoken(text: str) -> Relocation:
    return msgspec.structs.replace(
        relocated(text, text, 168_000),
        status=Status.CONFIRMED,
        judged_by=text,
        evidence=(text,),
        revisions=(Revision(STARTS_AT + 1400, text),),
    )


def speaking(text: str, minute: float) -> Observation:
    """The launch at that minute, with `text` wherever somebody else can write."""
    storm = Door(
        observer=Observer.SERVICE, tries_per_second=9.0, success_ratio=1.0, waiting=9, waiting_basis=text
    )
    told = (spoken(text), msgspec.structs.replace(spoken(text), id="x2", status=Status.REJECTED))
    rooms = [room("n1", 668_000, text), room("n2", 168_000, text, "r2"), room("n1", 9, text, "r3")]
    return disagreeing(observation(minute, rooms, door=storm, relocations=told), text, ((text, 7),))


def test_hostile_words_of_others_are_text(stage: Stage, context: BrowserContext) -> None:
    """Those in the window that the page brings, and each on the board that is open already."""
    for step, text in enumerate(HOSTILE.values()):
        stage.show(speaking(text, 24 + step / 10))
    tab = opened(context, stage)
    tab.page.click("#relocations-body .unfold")
    tab.page.click("#relocations-body summary")
    tab.page.click("#relocations-body >> text=Name another room")
    for step, text in enumerate(HOSTILE.values()):
        stage.show(speaking(text, 27 + step / 10))
        visible = readable(text)[:25]
        for place in (
            "#door-foot",
            ".reasons p",
            ".revisions",
            ".told .detail",
            ".judge option:nth-child(2)",
        ):
            wait_until(
                lambda place=place, seen=visible: seen in readable(tab.page.text_content(place) or ""),
                60,
                f"{visible} in {place}",
            )
        assert injected(tab) == []
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.complaints == []
