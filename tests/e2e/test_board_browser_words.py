"""What the board draws first and how it says things: the living first, each thing once, in true words."""

from __future__ import annotations

import math
import time

import msgspec
import pytest
from playwright.sync_api import BrowserContext

from probes.model import Cause, Door, Headroom, NodeView, Observer, Outcome, State
from tests.browser import Watched
from tests.e2e.stage import Stage, observation, opened, relocated, room, shows

pytestmark = pytest.mark.timeout(300)

LEGEND = "[...document.querySelectorAll('#concurrency-figure .legendtext')].map(text => text.textContent)"
LINES = "document.querySelector('#concurrency-figure .js-plotly-plot').data.filter(line => !line.fill)"
MARKS = (
    "document.querySelector('#concurrency-figure .js-plotly-plot').layout.annotations.map(note => note.text)"
)


def crowded(stage: Stage) -> None:
    """Thirty large rooms that are gone, and nine small ones that are open."""
    stage.show(observation(1, [room("n1", 9_000 + i, f"Dead {i}", f"d{i}") for i in range(12)]))
    stage.show(observation(2, [room("n1", 8_000 + i, f"Dead {i}", f"d{i}") for i in range(12, 30)]))
    stage.show(observation(3, [room("n1", 10 + i, f"Alive {i}", f"a{i}") for i in range(9)]))


def test_open_rooms_are_drawn_before_larger_ones_that_are_gone(stage: Stage, context: BrowserContext) -> None:
    stage.show(observation(0, [room("n1", 5, "First", "f")]))
    tab = opened(context, stage)
    crowded(stage)
    shows(tab, "126")
    tab.wait(f"() => {LEGEND}.length === 8 && {LEGEND}.every(text => text.startsWith('Alive'))")
    later = opened(context, stage)  # from the window in its page
    later.wait(f"() => {LEGEND}.length === 8 && {LEGEND}.every(text => text.startsWith('Alive'))")
    for each in (tab, later):
        assert len(set(each.page.evaluate(f"{LINES}.map(line => line.line.color)"))) == 8
        assert each.complaints == []


def test_a_phone_names_three_rooms_and_counts_the_others(stage: Stage, context: BrowserContext) -> None:
    crowded(stage)
    tab = Watched(context)
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.open(stage.url)
    tab.wait(f"() => {LEGEND}.length === 4 && {LEGEND}.includes('+5 more')")
    assert tab.page.evaluate(f"{LINES}.length") == 9


TILES = "[...document.querySelectorAll('#tiles-body .tile')].map(tile => tile.innerText.split(/\\n+/))"
SAID: tuple[tuple[dict[str, object], list[str]], ...] = (
    (
        {"headroom": Headroom(capacity=5000, source="config", ratio=0.0, seconds_to_full=0.0)},
        ["Time to full", "full", "capacity 5,000"],
    ),
    (
        {
            "headroom": Headroom(
                capacity=5000,
                source="config",
                ratio=0.4,
                seconds_to_full=430,
                soonest=375,
                latest=530,
                growth=9.0,
            )
        },
        ["Time to full", "6–9 min", "40% headroom of 5,000"],
    ),
    (
        {
            "headroom": Headroom(
                capacity=5000,
                source="config",
                ratio=0.4,
                seconds_to_full=430,
                soonest=375,
                latest=math.inf,
                growth=9.0,
            )
        },
        ["Time to full", "over 6 min", "40% headroom of 5,000"],
    ),
    (
        {
            "headroom": Headroom(
                capacity=5000, source="config", ratio=0.4, seconds_to_full=math.inf, growth=-2.0
            )
        },
        ["Time to full", "never", "at this pace · 40% headroom of 5,000"],
    ),
    ({"headroom": Headroom(capacity=5000, source="config")}, ["Time to full", "—", "headroom not known"]),
    ({"complete": False}, ["In the room", "100k", "some rooms could not be counted"]),
    ({}, ["In the room", "100k", "in 1 room, at its highest"]),
    (
        {"door": Door(observer=Observer.PROBE, tries_per_second=1.0)},
        ["At the door, estimated", "—", "1.0 tries/s by our joins"],
    ),
    (
        {
            "door": Door(
                observer=Observer.SERVICE, tries_per_second=360.0, tries_per_person=2.4, waiting=3_400
            )
        },
        ["At the door, estimated", "3,400", "360 tries/s · 2.4 each"],
    ),
    (
        {
            "door": Door(
                observer=Observer.SERVICE,
                tries_per_second=2_720.0,
                tries_per_person=100.0,
                waiting=17_000,
                storm=True,
            )
        },
        ["At the door, estimated", "17k", "retry storm · 2,720 tries/s · 100+ each"],
    ),
)


def test_a_tile_says_what_is_true(stage: Stage, context: BrowserContext) -> None:
    """Each change alone, one frame after the other."""
    stage.show(observation(1, [room("n1", 100_000)]))
    tab = opened(context, stage)
    for changes, words in SAID:
        stage.show(observation(1, [room("n1", 100_000)], **changes))
        tab.wait_to_find(f"{TILES}.find(tile => tile[0] === {words[0]!r})", words)


def test_growth_is_that_of_the_last_minute_of_the_service(stage: Stage, context: BrowserContext) -> None:
    for minute, people in ((1, 50_000), (2, 75_000), (3, 100_000)):
        stage.show(observation(minute, [room("n1", people)]))
    tab = opened(context, stage)
    tab.wait_for_text("#tiles-body .below", "▲ +25k in a minute, at its highest")
    stage.show(observation(4, [room("n1", 120_000)], complete=False))
    stage.show(observation(5, [room("n1", 200_000)]))
    tab.wait_for_text("#tiles-body .below", "in 1 room, at its highest")


def test_the_banner_says_since_when_a_state_holds_where_its_beginning_was_seen(
    stage: Stage, context: BrowserContext
) -> None:
    stage.show(observation(1, [room("n1", 100_000)]))
    tab = opened(context, stage)
    stage.show(observation(2, [room("n1", 200_000)]))
    shows(tab, "200k")
    tab.wait_to_read("#banner-body .since", "")
    for minute in (3, 4.5):
        stage.show(observation(minute, [room("n1", 300_000)], state=State.FAILING, reasons=("Joins fail",)))
    tab.wait_for_text("#banner-body .since", "since 18:03:00 · 1 min 30 s")


def test_one_banner_says_that_nothing_answers_and_is_easy_to_read(
    stage: Stage, context: BrowserContext
) -> None:
    silent = {"state": State.UNKNOWN, "reasons": ("Node n1 has not answered for 60 s: timeout",)}
    stage.show(observation(1, [room("n1", None)], **silent, observed_at=time.time() - 60))
    tab = opened(context, stage)
    tab.wait("() => document.documentElement.dataset.fresh === 'old'")
    tab.wait_for_text("#banner-body .since", "What you see is from 18:01:00.")
    tab.wait_to_read("#notice-body .unseen", "The data is old.")
    assert tab.page.query_selector("#notice-body .notice") is None
    opacity = "selector => getComputedStyle(document.querySelector(selector)).opacity"
    assert tab.page.evaluate(opacity, "#banner-body .state") == tab.page.evaluate(opacity, "#probes") == "1"
    tab.wait("() => getComputedStyle(document.querySelector('.tile')).opacity < 1")


def test_a_moved_room_has_not_ended_and_nodes_go_by_their_labels(
    stage: Stage, context: BrowserContext
) -> None:
    nodes = tuple(
        NodeView(id=key, label=label, participants=n, capacity=None, answering=True, observed_at=time.time())
        for key, label, n in (("n1", "London", 36_000), ("n2", "Frankfurt", 64_000))
    )
    moved = msgspec.structs.replace(relocated("Launch", "Launch", 64_000), cause=Cause.MOVED)
    stage.show(observation(20, [room("n1", 668_000)], nodes=nodes))
    stage.show(observation(24, [room("n2", 100_000, ident="r2")], nodes=nodes, relocations=(moved,)))
    tab = opened(context, stage)
    tab.wait(f"() => {MARKS}.includes('moved to Frankfurt')")
    assert [mark for mark in tab.page.evaluate(MARKS) if mark.startswith("ended")] == []
    tab.wait_for_text("#relocations-body", "Launch @ London → Launch @ Frankfurt")
    tab.wait_for_text("#nodes-body", "36% of all")
    tab.wait_for_text("#nodes-body", "64% of all · 1 room")


def test_the_reasons_of_failed_joins_have_one_order_and_say_who_saw_them(
    stage: Stage, context: BrowserContext
) -> None:
    shares = ({Outcome.ABORTED: 0.3, Outcome.TIMEOUT: 0.1}, {Outcome.TIMEOUT: 0.1, Outcome.UNAVAILABLE: 0.2})
    for minute, errors in enumerate(shares):
        door = Door(observer=Observer.PROBE, success_ratio=1 - sum(errors.values()), errors=errors)
        stage.show(observation(minute, [room("n1", 100_000)], door=door))
    tab = opened(context, stage)
    names = "[...document.querySelectorAll('#errors-figure .legendtext')].map(text => text.textContent)"
    tab.wait(f"() => {names}.join() === 'timeout,unavailable,aborted'")
    tab.wait_for_text("#errors-note", "seen by our own joins")


def test_on_a_phone_a_probe_has_a_line_for_how_its_last_run_ended(
    stage: Stage, context: BrowserContext
) -> None:
    stage.show(observation(1, [room("n1", 100_000)]))
    tab = Watched(context)
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.open(stage.url)
    ended = tab.page.locator("#probes-body td").first.bounding_box()
    named = tab.page.locator("#probes-body tbody th").first.bounding_box()
    assert ended is not None and named is not None
    assert ended["y"] >= named["y"] + named["height"]
    assert ended["width"] > 300
