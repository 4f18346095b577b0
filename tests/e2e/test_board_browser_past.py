"""The board in the past: what was kept of a launch, opened by its address, paused, and back to live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

import seeds
from dashboard.demo import demo_config
from tests.browser import Watched
from tests.product import TOKEN, Product, seeds_service, up_with, watching

SEED, SPEED = "spaces-2023-05-24", 60.0
START_AT = 900
"""Event seconds: six minutes before the room ends, so that nobody waits for those before."""
MINUTES_AFTER = 5 * 60.0


@pytest.fixture(scope="module")
def told() -> dict[int, Any]:
    """Every frame that the stream of events brought, by number."""
    return {}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, told: dict[int, Any]) -> Iterator[Product]:
    """Watching a launch, some minutes after its first room has ended."""
    folder = tmp_path_factory.mktemp("past")
    with seeds_service(SEED, SPEED, START_AT) as url:
        config = demo_config(seeds.load(SEED), url, SPEED, folder, TOKEN).text
        with up_with(folder, config) as running:
            with watching(f"{running.url}/live") as stream:
                for event in stream:
                    if event.get("event") != "frame":
                        continue
                    frame = json.loads(event["data"])
                    told[frame["seq"]] = frame
                    if minutes_since_the_end(frame) > MINUTES_AFTER:
                        break
            yield running


def minutes_since_the_end(frame: dict[str, Any]) -> float:
    """Seconds of service time since the first room's end; before it nothing."""
    (service,) = frame["services"]
    ends = [each["at"] for each in service["relocations"]]
    return float(service["service_time"] - min(ends)) if ends else 0.0


@pytest.fixture
def ended(told: dict[int, Any]) -> dict[str, Any]:
    """The frame that was the first to tell of the end."""
    return next(frame for frame in told.values() if frame["services"][0]["relocations"])


def said(alert: dict[str, Any]) -> list[Any]:
    """Of what had ended the last words are kept."""
    words = [alert["summary"], alert["said_at"]] if alert["ended_at"] is None else []
    return [alert["id"], alert["ended_at"], *words]


def like(past: dict[str, Any], frame: dict[str, Any]) -> bool:
    """Whether it is that frame, with the words of then of what fired."""
    fired = [[said(alert) for alert in each["alerts"]] for each in (past, frame)]
    but_words = [{**each, "alerts": [], "left_out": {}} for each in (past, frame)]
    return fired[0] == fired[1] and but_words[0] == but_words[1]


@pytest.fixture
def tab(context: BrowserContext) -> Watched:
    return Watched(context)


def streams(tab: Watched) -> list[str]:
    """Event streams that this tab asks for from now on."""
    asked: list[str] = []
    tab.page.on("request", lambda r: asked.append(r.url) if "/live" in r.url else None)
    return asked


def shown(tab: Watched) -> dict[str, Any]:
    """What is on the board."""
    found: dict[str, Any] = tab.page.evaluate(
        """() => ({
          frame: roomwatch.frame, now: roomwatch.live.now(),
          words: document.querySelector('#main').innerText,
        })"""
    )
    return found


def opened(tab: Watched, board: Product, at: object) -> None:
    tab.open(f"{board.url}/?at={at}")
    tab.wait_for_text("#moment-body", "Paused.")


def test_the_end_of_a_room_is_on_the_board_of_then_as_it_was_told(
    board: Product, tab: Watched, ended: dict[str, Any]
) -> None:
    asked = streams(tab)
    opened(tab, board, ended["at"])
    tab.wait_for_text("#banner-body", "ended at 18:2")
    before = shown(tab)
    assert like(before["frame"], ended)
    assert "The past: 18:2" in before["words"]
    assert "(wall time " in before["words"]
    assert tab.page.title().startswith("18:2")
    tab.wait_for_text("#relocations-body", "no successor known")
    tab.page.click("#relocations-body .unfold")
    tab.wait_for_text("#relocations-body", "ended")
    assert tab.page.query_selector("#relocations-body .judge") is None

    tab.page.wait_for_timeout(2_500)  # in which a live board would have gone on
    after = shown(tab)
    assert (after["frame"]["seq"], after["now"]) == (ended["seq"], ended["at"])
    assert tab.text("#tiles-body") in before["words"]
    assert asked == [], "the past needs no stream"
    assert tab.complaints == []


def test_what_came_after_is_on_the_chart_and_not_in_the_numbers(
    board: Product, tab: Watched, ended: dict[str, Any]
) -> None:
    opened(tab, board, ended["at"])
    drawn = "document.querySelector('#concurrency-figure .js-plotly-plot')"
    tab.wait(f"() => {drawn}.data.some((trace) => trace.name === 'later')")
    times = tab.page.evaluate(
        "() => [roomwatch.past.of('spaces').at.at(-1), roomwatch.later.of('spaces').at[0]]"
    )
    assert times[0] == ended["at"] < times[1]
    assert (
        tab.page.evaluate(
            f"() => {drawn}.layout.shapes.filter((s) => s.line.color === roomwatch.colour('past')).length"
        )
        == 1
    )


def test_one_click_leads_back_to_live_and_the_browsers_back_to_the_past(
    board: Product, tab: Watched, ended: dict[str, Any]
) -> None:
    asked = streams(tab)
    opened(tab, board, ended["at"])
    tab.page.evaluate("() => { window.sameDocument = true; }")
    past = tab.page.url
    tab.page.click("text=Back to live")
    tab.wait("seq => roomwatch.frame.seq > seq", ended["seq"] + 1)
    tab.wait("() => document.querySelector('#moment-body').innerText === ''")
    assert (tab.page.url, tab.page.title(), len(asked)) == (f"{board.url}/", "Roomwatch", 1)
    newest = tab.page.evaluate("() => roomwatch.frame.seq")
    tab.wait("seq => roomwatch.frame.seq > seq", newest)
    gaps = tab.page.evaluate(
        "() => roomwatch.past.of('spaces').at.slice(-40).map((t, i, all) => i ? t - all[i - 1] : 0)"
    )
    assert max(gaps) < 15, "what was missed meanwhile is there"

    tab.page.go_back()
    tab.wait("seq => roomwatch.frame.seq === seq", ended["seq"])
    assert tab.page.url == past
    assert tab.page.evaluate("() => window.sameDocument"), "the page was not loaded again"
    assert tab.page.evaluate("() => roomwatch.live.stream.stream === null"), "nor does its stream go on"
    assert tab.complaints == []


def test_links_on_the_board_lead_to_moments_and_from_one_to_the_next(
    board: Product, tab: Watched, ended: dict[str, Any]
) -> None:
    tab.open(f"{board.url}/?service=spaces")
    tab.page.click("#relocations-body .moment")
    tab.wait_for_text("#moment-body", "Paused.")
    assert "service=spaces" in tab.page.url
    first = tab.page.evaluate("() => roomwatch.frame")
    assert first["services"][0]["relocations"], "it is known at that moment"
    tab.page.click("text=previous")
    tab.wait("seq => roomwatch.frame.seq < seq", first["seq"])
    tab.page.click("text=next")
    tab.wait("seq => roomwatch.frame.seq === seq", first["seq"])
    tab.page.click("text=− 1 min")
    tab.wait("seq => roomwatch.frame.seq < seq", first["seq"])
    assert first["at"] - tab.page.evaluate("() => roomwatch.frame.at") < 5, "a minute of the replay"
    tab.page.click("text=Back to live")
    tab.page.click("#clock-body .hold")
    tab.wait_for_text("#moment-body", "Paused.")
    assert tab.complaints == []


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("yesterday", "must be Unix seconds or an ISO time"),
        ("5", "No board of 00:00:05 UTC on 1 Jan 1970 is in the history. Boards are kept from"),
        ("9000000000", "has not come yet."),
    ],
)
def test_a_moment_that_cannot_be_shown_is_a_sentence_and_live_is_one_click_away(
    board: Product, tab: Watched, at: str, sentence: str
) -> None:
    tab.page.goto(f"{board.url}/?at={at}")
    tab.wait_for_text("#moment-body", sentence)
    assert not tab.page.is_visible("#tiles-body"), "nothing looks as if it were of then"
    tab.page.click("text=Back to live")
    tab.wait("() => roomwatch.frame && document.querySelector('#tiles-body .number').innerText !== '—'")
    assert tab.page.is_visible("#tiles-body")


def test_the_board_of_then_fits_a_phone(browser: Browser, board: Product, ended: dict[str, Any]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="light")
    tab = Watched(context)
    opened(tab, board, ended["at"])
    tab.wait("() => document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_after_a_restart_the_same_address_shows_the_same(
    board: Product, tab: Watched, ended: dict[str, Any]
) -> None:
    question = f"/api/v1/frame?at={ended['at']}"
    before = board.ask(question).raise_for_status()
    board.end()
    board.start()
    after = board.ask(question).raise_for_status()
    assert after.content == before.content
    assert board.ask(question, If_None_Match=before.headers["etag"]).status_code == 304
    opened(tab, board, ended["at"])
    assert like(shown(tab)["frame"], ended)
