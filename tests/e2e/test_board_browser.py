"""The board in a real Chromium: right numbers, inert titles, one stream for all tabs, honest when lost."""

from __future__ import annotations

import unicodedata

import pytest
from playwright.sync_api import BrowserContext

from probes.model import Headroom, Observation, Outcome, ProbeView, State
from tests.browser import Watched
from tests.e2e.stage import Stage, observation, opened, relocated, room, shows
from tests.servers import wait_until

pytestmark = pytest.mark.timeout(300)

HOSTILE = {
    "markup": "<img src=x onerror=alert(1)>",
    "link": '<a href="javascript:alert(1)">press</a>',
    "script": "</script><script>alert(1)</script>",
    "plotly": "<b>bold</b> %{x} %{y} %{meta} <br>",
    "quotes": "\"'`&quot;&lt;b&gt; {{x}} {%scripts%}",
    "rich": "[bold red]rich[/] \x1b[31mansi\x1b[0m",
    "lines": "one\ntwo\r\n\tthree\u2028four",
    "direction": "\u202egnp.exe\u202c \u200fright",
    "length": "x" * 10_000,
}


def test_the_numbers_on_the_board_are_the_frames_and_follow_it(stage: Stage, context: BrowserContext) -> None:
    stage.show(observation(20, [room("n1", 650_000)]))
    tab = opened(context, stage)
    shows(tab, "650k")
    stage.show(
        observation(
            27.5,
            [room("n2", 168_000, "Launch 2", "r2")],
            state=State.FAILING,
            reasons=("Room “Launch” ended at 22:21:02 UTC with 668k listening",),
            relocations=(relocated("Launch", "Launch 2", now=168_000),),
        )
    )
    tab.wait_to_find(
        "[...document.querySelectorAll('#tiles-body .tile')].map(tile => tile.innerText.split(/\\n+/))",
        [
            ["In the room", "168k", "▼ 500k from the peak of 668k"],
            ["At the door, estimated", "41k", "360 tries/s"],
            ["Joins that got in", "94.1%", "time to join not measured"],
            ["Time to full", "—", "76% headroom of 700k"],
            ["Relocations", "1", "25% carried over · 1 min 58 s dark"],
        ],
    )
    assert tab.page.get_attribute("#tiles-body .number", "title") == "168,000"
    tab.wait_for_text("#banner-body", "FAILING")
    tab.wait_for_text("#banner-body", "ended at 18:21:02 with 668k listening.")
    tab.wait_for_text("#relocations-body", "Launch @ n1 → Launch 2 @ n2")
    tab.wait_for_text("#relocations-body", "18:23:00")
    tab.wait_for_text("#relocations-body", "168k of 668k · 1 min 58 s dark")
    tab.wait_for_text("#concurrency-note", "times in UTC−4")
    tab.wait("() => document.querySelector('#concurrency-figure').textContent.includes('1 min 58 s dark')")
    tab.wait_for_text("#clock-body", "00:27:30")
    tab.wait_for_text("#about-body", "Campaign launch · spaces")
    tab.wait_for_text("#about-body", "replay ×10")
    assert tab.complaints == []


def test_the_window_in_the_page_is_drawn_before_dash_is_there(stage: Stage, context: BrowserContext) -> None:
    """The first paint waits for no query, no event stream and no layout."""
    stage.show(observation(20, [room("n1", 650_000)]))
    tab = Watched(context)
    for path in ("**/live*", "**/_dash-layout", "**/plotly.min.js"):
        tab.page.route(path, lambda route: None)  # never answered
    tab.page.goto(stage.url, wait_until="commit")
    tab.wait_for_text("[data-first='tiles-body'] .number", "650k")
    tab.wait_for_text("[data-first='banner-body']", "All is well.")
    assert tab.page.query_selector("#board") is None


def test_a_hostile_title_is_text_everywhere(stage: Stage, context: BrowserContext) -> None:
    """Those in the window that the page brings, and each on a room that is drawn large."""
    stage.show(observation(19, [room("n1", 1, title, name) for name, title in HOSTILE.items()]))
    for step in range(50):  # enough for the mouse to be near a point
        stage.show(hostile("Launch", 20 + step / 10))
    tab = opened(context, stage)
    for step, title in enumerate(HOSTILE.values()):
        stage.show(hostile(title, 25 + step / 10))
        visible = readable(title)[:30]
        short = visible[:21]
        wait_until(lambda seen=short: seen in readable(largest_in_legend(tab)), 60, f"{short} in the legend")
        for place in ("#relocations-body", "#probes-body", "#banner-body", "#concurrency-words"):
            assert visible in readable(tab.page.text_content(place) or ""), place
        assert f"650,000 {visible}" in readable(hovered(tab))
        assert injected(tab) == []
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.complaints == []


LARGEST = """() => {
  const figure = document.querySelector('#concurrency-figure');
  const plot = figure.querySelector('.js-plotly-plot') ?? figure;
  if (!plot.data) return '';
  const named = plot.data.filter((trace) => trace.showlegend !== false);
  const peak = (trace) => Math.max(...trace.y.filter((n) => n !== null));
  const largest = named.indexOf([...named].sort((a, b) => peak(b) - peak(a))[0]);
  return figure.querySelectorAll('.legendtext')[largest]?.textContent ?? '';
}"""


def largest_in_legend(tab: Watched) -> str:
    """What the legend calls the largest room."""
    return str(tab.page.evaluate(LARGEST))


def hostile(title: str, minute: float) -> Observation:
    join = ProbeView(
        name="join",
        node="n1",
        outcome=Outcome.NOT_FOUND,
        success=False,
        seconds=0.1,
        observed_at=0.0,
        code=title,
        detail=title,
    )
    return observation(
        minute,
        [room("n1", 650_000, title), room("n2", 100_000, title, "r2")],
        reasons=(title,),
        relocations=(relocated(title, title, 5),),
        probes=(join,),
    )


def readable(text: str) -> str:
    """Without what cannot be seen."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)
    return " ".join("".join(kept).split())


def hovered(tab: Watched) -> str:
    """What the graph says under the mouse."""
    area = tab.page.locator("#concurrency-figure .nsewdrag").bounding_box()
    assert area is not None
    for step in (0.5, 0.6):  # Plotly wants the mouse to move
        tab.page.mouse.move(area["x"] + area["width"] * step, area["y"] + area["height"] / 2)
    tab.wait("() => document.querySelector('#concurrency-figure .hoverlayer').textContent")
    return tab.page.text_content("#concurrency-figure .hoverlayer") or ""


def injected(tab: Watched) -> list[str]:
    """Elements that only a title can have brought, and letters that one made bold."""
    found: list[str] = tab.page.evaluate(
        """() => {
          const scripts = 'body script:not([src]):not([type="application/json"])';
          const foreign = `img, iframe, a[href]:not(.moment), svg a, ${scripts}`;
          const styles = [...document.querySelectorAll('tspan[style]')];
          const bold = styles.filter((each) => /bold/.test(each.getAttribute('style')));
          return [...document.querySelectorAll(foreign), ...bold].map((element) => element.outerHTML);
        }"""
    )
    return found


def test_seven_tabs_share_one_stream_and_when_its_tab_closes_another_takes_over(
    stage: Stage, context: BrowserContext
) -> None:
    """One more than the six connections that a browser allows an origin."""
    tabs = []
    for _ in range(7):
        stage.show(observation(1, [room("n1", 100_000)]))
        tabs.append(opened(context, stage))
    stage.show(observation(2, [room("n1", 200_000)]))
    for tab in tabs:
        shows(tab, "200k")
    assert (stage.viewers, stage.opened) == (1, 1)

    leader = next(tab for tab in tabs if leads(tab))
    tabs.remove(leader)
    leader.page.close()
    wait_until(lambda: stage.opened == 2 and stage.viewers == 1, 60, "second stream")
    stage.show(observation(3, [room("n1", 300_000)]))
    for tab in tabs:
        shows(tab, "300k")
    assert (stage.viewers, stage.opened) == (1, 2)
    assert [complaint for tab in tabs for complaint in tab.complaints] == []


def test_a_leader_that_says_nothing_is_replaced(stage: Stage, context: BrowserContext) -> None:
    """A tab may be frozen by its browser while it holds the stream."""
    stage.show(observation(1, [room("n1", 100_000)]))
    leader, follower = opened(context, stage), Watched(context)
    follower.page.clock.install()
    follower.open(stage.url)
    assert leads(leader)
    leader.page.evaluate("() => { roomwatch.live.stream.channel.postMessage = () => {}; }")
    follower.page.clock.fast_forward("00:11")
    follower.wait("() => roomwatch.live.stream.stream !== null")
    leader.wait("() => roomwatch.live.stream.stream === null")
    wait_until(lambda: stage.viewers == 1, 60, "single stream")
    stage.show(observation(2, [room("n1", 200_000)]))
    for tab in (leader, follower):
        shows(tab, "200k")


def leads(tab: Watched) -> bool:
    return bool(tab.page.evaluate("() => roomwatch.live.stream.stream !== null"))


def test_a_lost_stream_is_said_in_words_with_its_age_and_caught_up_later(
    stage: Stage, context: BrowserContext
) -> None:
    stage.show(observation(1, [room("n1", 100_000)]))
    tab, other = opened(context, stage), opened(context, stage)
    stage.stop()
    for each in (tab, other):
        each.wait_for_text("#notice-body", "Connection lost")
        assert each.page.evaluate("document.documentElement.dataset.fresh") == "lost"
    first = tab.text("#notice-body .notice")
    tab.wait("before => document.querySelector('#notice-body .notice').innerText !== before", first)
    assert "What you see is from 18:01:00." in first
    assert float(tab.page.evaluate("getComputedStyle(document.querySelector('.tile')).opacity")) < 1

    stage.start(*(observation(minute, [room("n1", 100_000 * minute)]) for minute in (2, 3, 4)))
    for each in (tab, other):
        shows(each, "400k")
        each.wait("() => !document.querySelector('#notice-body').innerText.includes('Connection lost')")
        counts = each.page.evaluate("() => roomwatch.past.of('spaces').participants")
        assert counts == [100_000, 200_000, 300_000, 400_000]


def test_data_that_grows_old_is_said_and_never_looks_fresh(stage: Stage, context: BrowserContext) -> None:
    stage.show(observation(1, [room("n1", 100_000)]))
    tab = opened(context, stage)
    tab.wait_for_text("#notice-body", "old: no newer answer has come. What you see is from 18:01:00.")
    assert tab.page.evaluate("document.documentElement.dataset.fresh") == "old"

    def fresh_again() -> bool:
        stage.show(observation(2, [room("n1", 200_000)]))
        return bool(tab.page.evaluate("document.documentElement.dataset.fresh === 'fresh'"))

    wait_until(fresh_again, 60, "fresh data")
    shows(tab, "200k")


def test_data_is_not_old_before_a_service_that_is_polled_less_often_could_answer(
    stage: Stage, context: BrowserContext
) -> None:
    stage.show(observation(1, [room("n1", 100_000)], poll_interval=60.0))
    tab = opened(context, stage)
    shows(tab, "100k")
    tab.wait("() => roomwatch.live.now() - roomwatch.frame.services[0].observed_at > 7")
    assert tab.page.evaluate("document.documentElement.dataset.fresh") == "fresh"


def test_a_silent_node_leaves_a_gap_and_a_replay_that_starts_again_drops_what_lies_ahead(
    stage: Stage, context: BrowserContext
) -> None:
    for minute, people in enumerate((100_000, 200_000, None, 400_000)):
        stage.show(observation(minute, [room("n1", people)], participants=people))
    tab = opened(context, stage)
    drawn = "document.querySelector('#concurrency-figure .js-plotly-plot').data"
    tab.wait(f"() => {drawn}[1]?.y.length === 4")
    area, line = tab.page.evaluate(drawn)
    assert (line["y"], line["connectgaps"]) == ([100_000, 200_000, None, 400_000], False)
    assert (area["fill"], area["y"][2]) == ("tozeroy", 0)

    stage.show(observation(0.5, [room("n1", 150_000)]))
    shows(tab, "150k")
    assert tab.page.evaluate("() => roomwatch.past.of('spaces').participants") == [100_000, 150_000]


def test_what_is_not_known_is_said_in_words(stage: Stage, context: BrowserContext) -> None:
    tab = Watched(context)
    tab.page.goto(stage.url)
    tab.wait_for_text("#banner-body", "Waiting for the first frame.")
    nothing = {
        "state": State.UNKNOWN,
        "reasons": (),
        "observed_at": None,
        "service_time": None,
        "participants": None,
        "door": None,
        "headroom": Headroom(),
        "probes": (),
    }
    stage.show(observation(0, [], **nothing))
    tab.wait_for_text("#banner-body", "Waiting for the first answer from 127.0.0.1:8088.")
    tab.wait_for_text("#clock-body", "no answer yet")
    tab.wait_for_text("#probes-body", "No join probe is configured: add `join:` to the service.")
    stage.show(observation(1, [], participants=0, rooms_open=0, door=None))
    tab.wait("() => document.querySelector('#concurrency-figure').textContent.includes('No room is open.')")
    tab.wait_for_text("#relocations-body", "No room has moved")


def test_each_service_can_be_chosen_and_the_worst_comes_first(stage: Stage, context: BrowserContext) -> None:
    fine = observation(1, [room("n1", 100_000)])
    bad = observation(
        1, [room("m1", 7)], name="other", state=State.FAILING, reasons=("Joins fail",), pace=1.0
    )
    stage.show(fine, bad)
    tab = opened(context, stage)
    shows(tab, "7")
    tab.wait_for_text("#banner-body .state", "FAILING")
    tab.wait_for_text("#banner-body .state", "other: Joins fail.")
    tab.page.click("#choice >> text=spaces")
    shows(tab, "100k")
    tab.wait("() => !document.querySelector('#banner-body').innerText.includes('Joins fail')")


def test_the_scheme_is_the_systems_until_one_is_chosen_and_the_choice_is_remembered(
    stage: Stage, context: BrowserContext
) -> None:
    stage.show(observation(1, [room("n1", 100_000)]))
    tab = opened(context, stage)
    scheme = "document.documentElement.dataset.mantineColorScheme"
    assert tab.page.evaluate(scheme) == "dark"
    tab.page.emulate_media(color_scheme="light")
    tab.wait(f"() => {scheme} === 'light'")
    tab.page.click("#toggle")
    tab.wait(f"() => {scheme} === 'dark'")
    tab.page.reload()
    assert tab.page.evaluate(scheme) == "dark"


def test_the_board_fits_its_window(stage: Stage, context: BrowserContext) -> None:
    stage.show(
        observation(
            27, [room("n2", 168_000, "L" * 128, "r2")], relocations=(relocated("L" * 128, "M" * 128, 5),)
        )
    )
    tab = Watched(context)
    for width in (390, 1024, 1440):
        tab.page.set_viewport_size({"width": width, "height": 900})
        if width == 390:
            tab.open(stage.url)
        tab.wait("width => document.documentElement.scrollWidth <= width", width)
    assert tab.complaints == []
