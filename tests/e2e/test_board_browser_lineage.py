"""How the board draws where a room went and where it is heading: the sure solid, the rest dashed, "maybe"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from playwright.sync_api import BrowserContext

from probes.model import Cause, Headroom, Place, Relocation, Revision, RoomView, Status
from tests.browser import Watched
from tests.e2e.stage import STARTS_AT, Stage, observation, opened, relocated, room

pytestmark = pytest.mark.timeout(300)

CHART = "document.querySelector('#concurrency-figure .js-plotly-plot')"
MARKS = f"{CHART}.layout.annotations"
TILE = "#tiles-body .tile:nth-child(5)"


class Growing(Headroom, frozen=True, kw_only=True):
    """Headroom with its growth: people a second of service time."""

    growth: float | None = None
    growth_low: float | None = None
    growth_high: float | None = None


def launch(
    stage: Stage,
    people: int,
    *relocations: Relocation,
    rooms: Sequence[RoomView] = (),
    **changes: Any,
) -> None:
    """Six frames: the first room fills and ends, and the second one has `people` after 27 minutes."""
    for minute in (0, 10, 20):
        stage.show(observation(minute, [room("n1", 500_000 + 8_000 * minute)]))
    stage.show(observation(22, [], relocations=(relocated("Launch", None),)))
    for minute in (23.5, 27.0):
        there = int(people * minute / 27)
        stage.show(
            observation(
                minute, [room("n2", there, "Launch 2", "r2"), *rooms], relocations=relocations, **changes
            )
        )


def texts(tab: Watched) -> list[str]:
    """What the marks of the chart say."""
    said: list[str] = tab.page.evaluate(f"{MARKS}.map(mark => mark.text)")
    return said


def marked(tab: Watched, text: str) -> None:
    tab.wait(f"text => ({MARKS} || []).some(mark => mark.text === text)", text)


def bands(tab: Watched) -> list[dict[str, Any]]:
    """The areas without a room."""
    found: list[dict[str, Any]] = tab.page.evaluate(
        f"{CHART}.layout.shapes.filter(shape => shape.type === 'rect')"
    )
    return found


def links(tab: Watched) -> list[dict[str, Any]]:
    """The lines from a room to the one that it goes on in; a ceiling goes across the whole chart."""
    found: list[dict[str, Any]] = tab.page.evaluate(
        f"{CHART}.layout.shapes.filter(shape => shape.type === 'line' && shape.xref !== 'paper')"
    )
    return found


def drawn(tab: Watched, name: str) -> list[dict[str, Any]]:
    """The traces with that name."""
    found: list[dict[str, Any]] = tab.page.evaluate(
        f"name => {CHART}.data.filter(each => each.name === name)", name
    )
    return found


def at(minute: float) -> str:
    """A time on the axis; the event is four hours behind UTC."""
    return f"2023-05-24T18:{int(minute):02d}:{round(minute % 1 * 60):02d}.000"


# --- what is sure ---


def test_the_end_the_dark_and_the_successor_in_its_own_colour(stage: Stage, context: BrowserContext) -> None:
    launch(stage, 168_000, relocated("Launch", "Launch 2", 168_000))
    tab = opened(context, stage)
    marked(tab, "25% carried over")
    assert {"ended 668k", "1 min 58 s dark"} <= set(texts(tab))
    (band,) = bands(tab)
    assert (band["x0"], band["x1"], band["line"]["width"]) == (at(21 + 2 / 60), at(23), 0)
    first, second = (drawn(tab, name)[-1]["line"]["color"] for name in ("Launch", "Launch 2"))
    blue, purple = tab.page.evaluate("['room-1', 'room-2'].map(roomwatch.colour)")
    assert (first, second) == (blue, purple), "the room that was there first has the first colour"
    colours = tab.page.evaluate(f"Object.fromEntries({MARKS}.map(mark => [mark.text, mark.font.color]))")
    assert colours["25% carried over"] == second


def test_a_chain_of_three_rooms_has_two_ends_and_two_arrivals(stage: Stage, context: BrowserContext) -> None:
    first = msgspec.structs.replace(relocated("Launch", "Launch 2", 168_000), settled=True)
    second = msgspec.structs.replace(
        first,
        id="y",
        from_=Place("r2", "n2", "Launch 2"),
        to=Place("r3", "n1", "Launch 3"),
        at=STARTS_AT + 30 * 60,
        participants_before=180_000,
        participants_now=80_000,
        carried_over=0.4,
        settled=False,
    )
    launch(stage, 180_000, first)
    for minute in (31, 33):
        stage.show(observation(minute, [room("n1", 80_000, "Launch 3", "r3")], relocations=(second, first)))
    tab = opened(context, stage)
    marked(tab, "40% carried over")
    assert sorted(text for text in texts(tab) if text.startswith("ended")) == ["ended 180k", "ended 668k"]
    assert len(bands(tab)) == 2
    places = tab.page.evaluate(f"Object.fromEntries({MARKS}.map(mark => [mark.text, mark.x]))")
    assert places["25% carried over"] == at(27), "where the second room had them, not where it ended"
    assert places["40% carried over"] == at(33)
    assert tab.page.locator("#relocations-body .told").count() == 2
    tab.wait_for_text(TILE, "40% carried over")


def overflow(number: int, **changes: Any) -> Relocation:
    made = msgspec.structs.replace(
        relocated("Launch", f"Overflow {number}", 3_000),
        id=f"o{number}",
        cause=Cause.OVERFLOWED,
        to=Place(f"o{number}", "n2", f"Overflow {number}"),
        at=STARTS_AT + 600 * number,
        participants_before=5_000,
        carried_over=None,
        dark_seconds=0.0,
    )
    return msgspec.structs.replace(made, **changes)


def test_overflow_rooms_are_linked_to_the_full_one_and_nothing_has_ended(
    stage: Stage, context: BrowserContext
) -> None:
    full = Headroom(capacity=5_000, source="service", ratio=0.0, seconds_to_full=0.0)
    for minute in range(0, 30, 2):
        rooms = [room("n1", 5_000)]
        rooms += [room("n2", 100 * minute, f"Overflow {n}", f"o{n}") for n in (1, 2) if minute >= 10 * n]
        told = tuple(overflow(n) for n in (2, 1) if minute >= 10 * n)
        stage.show(observation(minute, rooms, headroom=full, relocations=told))
    tab = opened(context, stage)
    marked(tab, "overflow")
    assert sorted(texts(tab)) == ["capacity 5,000", "overflow", "overflow"]
    assert sorted((link["x0"], link["x1"], link["y0"]) for link in links(tab)) == [
        (at(10), at(10), 5_000),
        (at(20), at(20), 5_000),
    ]
    assert bands(tab) == []
    tab.wait_for_text(TILE, "overflowed into 2 rooms")
    tab.wait_to_find("document.querySelector('#relocations-body').innerText.split('3,000 in it').length", 3)


# --- what is not ---


def test_what_is_proposed_is_dashed_and_says_maybe(stage: Stage, context: BrowserContext) -> None:
    proposed = msgspec.structs.replace(
        relocated("Launch", "Launch 2", 168_000),
        status=Status.PROPOSED,
        confidence=0.62,
        evidence=("same title", "opened 118 s after"),
        lost=500_000,
        revisions=(Revision(STARTS_AT + 1400, "“Launch 2” may be its successor: 62% sure"),),
    )
    launch(stage, 168_000, proposed)
    tab = opened(context, stage)
    marked(tab, "maybe 25% carried over")
    assert "maybe 1 min 58 s dark" in texts(tab)
    (band,) = bands(tab)
    assert (band["line"]["dash"], "fillcolor" in band) == ("dash", False)
    tab.wait_to_read(f"{TILE} .number", "1")
    tab.wait_for_text(TILE, "maybe 25% carried over")
    for words in (
        "maybe",
        "62% sure",
        "Because: same title; opened 118 s after.",
        "500,000 people have not followed.",
        "18:23:20 “Launch 2” may be its successor: 62% sure",
    ):
        tab.wait_for_text("#relocations-body", words)
    assert tab.page.locator("#relocations-body .bar .hollow").count() == 1


def test_a_proposed_overflow_is_dotted_and_not_counted(stage: Stage, context: BrowserContext) -> None:
    rooms = [room("n1", 5_000), room("n2", 300, "Overflow 1", "o1")]
    for minute in (9, 10, 14):
        told = (overflow(1, status=Status.PROPOSED),) if minute > 9 else ()
        stage.show(observation(minute, rooms[: 1 + len(told)], relocations=told))
    tab = opened(context, stage)
    marked(tab, "maybe overflow")
    assert [link["line"]["dash"] for link in links(tab)] == ["dot"]
    tab.wait_to_read(f"{TILE} .number", "0")
    tab.wait_for_text(TILE, "maybe overflowed into 1 room")


def test_what_was_rejected_is_neither_counted_nor_drawn_and_can_be_looked_up(
    stage: Stage, context: BrowserContext
) -> None:
    rejected = msgspec.structs.replace(
        relocated("Launch", "Launch 2", 168_000), status=Status.REJECTED, judged_by="ana", settled=True
    )
    launch(stage, 168_000, rejected)
    tab = opened(context, stage)
    tab.wait_for_text("#relocations-body", "1 rejected")
    tab.wait(f"() => {CHART}?.data.length > 0")
    assert bands(tab) == []
    tab.wait_to_read(f"{TILE} .number", "0")
    tab.wait_for_text("#relocations-body", "No room has moved")
    assert not tab.page.is_visible("#relocations-body .told")
    tab.page.focus("#relocations-body summary")
    tab.page.keyboard.press("Enter")
    tab.wait_for_text("#relocations-body .told", "rejected by ana")
    line = tab.page.evaluate("getComputedStyle(document.querySelector('.told .way')).textDecorationLine")
    assert line == "line-through"


def test_a_room_that_goes_on_half_empty_is_not_said_to_have_ended(
    stage: Stage, context: BrowserContext
) -> None:
    left = msgspec.structs.replace(relocated("Launch", "Launch 2", 168_000), dark_seconds=0.0)
    launch(stage, 168_000, left, rooms=[room("n1", 90_000)])
    tab = opened(context, stage)
    marked(tab, "left by 668k")
    assert [text for text in texts(tab) if text.startswith("ended")] == []


# --- what lies ahead ---


def ahead(stage: Stage, headroom: Headroom, **changes: Any) -> None:
    for minute in range(0, 21, 2):
        stage.show(observation(minute, [room("n1", 4_000 + 40 * minute)], headroom=headroom, **changes))


def foretold(stage: Stage, context: BrowserContext, headroom: Headroom) -> Watched:
    """A tab that shows the forecast, of data that is fresh however long the page took to load."""
    ahead(stage, headroom)
    tab = opened(context, stage)
    stage.show(observation(20, [room("n1", 4_800)], headroom=headroom))
    tab.wait(f"() => ({CHART}?.data || []).some(each => each.name === 'forecast')")
    return tab


def test_the_forecast_goes_on_from_now_and_never_above_what_fits(
    stage: Stage, context: BrowserContext
) -> None:
    growing = Growing(capacity=5_000, source="service", growth=0.5, growth_low=0.25, growth_high=2.0)
    tab = foretold(stage, context, growing)
    band, line = drawn(tab, "forecast")
    assert (line["x"], line["y"]) == ([at(20), at(24)], [4_800, 4_920])
    assert line["line"]["dash"] == "dot"
    assert band["y"] == [4_800, 5_000, 5_000, 4_860, 4_800], "the upper edge stops at what fits"
    assert band["x"][1] == at(20 + 100 / 60)
    assert tab.page.evaluate(f"{CHART}.layout.xaxis.range[1]").startswith(at(24)[:19])


def test_the_peak_is_that_of_the_last_answer_though_no_frame_showed_it(
    stage: Stage, context: BrowserContext
) -> None:
    """Frames saw 660,000; the room was left by 668,000."""
    launch(stage, 170_000, relocated("Launch", "Launch 2", 170_000))
    tab = opened(context, stage)
    tab.wait_for_text("#tiles-body .tile", "from the peak of 668k")


def test_the_highest_point_outlives_the_thinning_of_the_past(stage: Stage, context: BrowserContext) -> None:
    """As it does where it is the last before a room ends: what comes next differs more."""
    stage.show(observation(0, [room("n1", 1)]))
    tab = opened(context, stage)
    peaks = """() => [500, 501, 502, 503].map((end) => {
      const series = new roomwatch.Series();
      for (let i = 0; i < 2000; i += 1) {
        const participants = i <= end ? 1000 + i : 0;
        series.push({ seq: i, at: i + 1, time: i, participants, complete: true, errors: {}, rooms: [] });
      }
      return roomwatch.peak(series.participants);
    })"""
    assert tab.page.evaluate(peaks) == [1500, 1501, 1502, 1503]


def test_the_forecast_of_a_room_that_empties_ends_at_nobody(stage: Stage, context: BrowserContext) -> None:
    tab = foretold(stage, context, Growing(growth=-40.0, growth_low=-60.0, growth_high=-30.0))
    for trace in drawn(tab, "forecast"):
        assert min(trace["y"]) == 0


@pytest.mark.parametrize(
    ("headroom", "changes"),
    [
        (Headroom(capacity=5_000, source="service"), {}),
        (Growing(capacity=5_000, source="service"), {}),
        (Growing(growth=1.0, growth_low=0.5, growth_high=2.0), {"complete": False}),
        (Growing(growth=1.0, growth_low=0.5, growth_high=2.0), {"participants": 90_000}),
    ],
    ids=["no growth", "growth not known", "people not all counted", "one of many rooms"],
)
def test_there_is_no_forecast_where_the_growth_of_a_room_is_not_known(
    stage: Stage, context: BrowserContext, headroom: Headroom, changes: dict[str, Any]
) -> None:
    ahead(stage, headroom, **changes)
    tab = opened(context, stage)
    tab.wait(f"() => {CHART}?.data.length > 0")
    assert drawn(tab, "forecast") == []
    assert tab.complaints == []
