"""Alerts and notes on the board: what is listed, what is marked on the charts, what a phone has room for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import combinations

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, BrowserContext

from probes.alerting.firing import Subject
from probes.alerting.table import Severity
from probes.timeline.entries import Acknowledgement, AlertView, Ending, Note, Silence, Source
from tests.e2e.stage import Stage, alert, observation, opened, relocated, room

pytestmark = pytest.mark.timeout(300)

HOSTILE = "<img src=x onerror=alert(1)>%{x}\u202e"
LABELS = "[...document.querySelectorAll('#concurrency-figure .annotation-text')].map(e => e.textContent)"
PLOT = "document.querySelector('#concurrency-figure .js-plotly-plot')"
BOXES = """[...document.querySelectorAll('#concurrency-figure .annotation-text')]
  .map(text => text.getBoundingClientRect()).map(box => [box.left, box.right, box.top, box.bottom])"""
LEGEND = "[...document.querySelectorAll('#concurrency-figure .legendtext')].map(e => e.textContent)"
FIRST_SCREEN = {"width": 1440, "height": 900}
BARS = "document.querySelectorAll('#{}-figure .shapelayer path').length"


def show(
    stage: Stage, alerts: list[AlertView] | None = None, notes: list[Note] | None = None, minutes: int = 10
) -> None:
    """The launch, a minute of it every 6 s, with these on its timeline."""
    now = time.time()
    for minute in range(minutes + 1):
        at = now - 6 * (minutes - minute)
        seen = observation(float(minute), [room("n1", 1000 + minute)], observed_at=at)
        last = minute == minutes
        stage.show(seen, alerts=(alerts or []) if last else (), notes=(notes or []) if last else (), at=at)


def check_apart(boxes: list[list[float]]) -> None:
    """No two lie on each other. A pixel's edge may touch."""
    for (l1, r1, t1, b1), (l2, r2, t2, b2) in combinations(boxes, 2):
        assert l1 > r2 - 1 or l2 > r1 - 1 or t1 > b2 - 1 or t2 > b1 - 1, boxes


def watchdog(heard_ago: float) -> AlertView:
    subject = Subject(alert="RoomwatchWatchdog")
    heard = time.time() - heard_ago
    return alert("w", time.time() - 9000, severity=Severity.NONE, subject=subject, heard_at=heard)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 390, "height": 844}, timezone_id="Asia/Tokyo")
    yield made
    made.close()


def test_where_nothing_fired_there_is_one_quiet_line(stage: Stage, context: BrowserContext) -> None:
    show(stage)
    tab = opened(context, stage)
    tab.wait_to_read("#alerts h2", "Alertsnone fires")
    assert tab.page.evaluate("document.querySelector('#alerts').offsetHeight") < 50
    assert tab.page.evaluate(BARS.format("concurrency")) == 0
    assert tab.complaints == []


def test_what_fires_is_listed_with_who_says_so_and_who_knows(stage: Stage, context: BrowserContext) -> None:
    silence = Silence(said="Alertmanager is silent about it", id="1", until=time.time() + 3590)
    known = Acknowledgement(by="ops", at=time.time() - 10, note=HOSTILE, silence=silence)
    link = "https://example.org/r"
    show(
        stage,
        [
            alert("RoomsEnded", summary=f"{HOSTILE} ended", acknowledged=known, runbook_url=link),
            alert("RoomsSoonFull", severity=Severity.TICKET, source=Source.OWN, summary="Full within 6 min"),
        ],
    )
    tab = opened(context, stage)
    tab.wait_for_text("#alerts h2", "2 firing")
    line = tab.page.locator("#alerts-body .alert.page")
    assert "<img src=x onerror=alert(1)>%{x} ended" in line.inner_text()
    assert "RoomsEnded · spaces · n1" in line.inner_text()
    assert "ops knows" in line.inner_text()
    assert "since" not in line.inner_text()
    line.get_by_role("button", name="ended").click()
    tab.wait_for_text("#alerts-body .more", "RoomsEnded · spaces · n1 · since 18:0")
    tab.page.get_by_role("button", name="1 ticket").click()
    first, second = tab.page.locator("#alerts-body .alert").all_inner_texts()
    assert "ops knows since 18:08:" in first, "times are the service's, as on the charts"
    assert "Alertmanager is silent about it for 60 min more." in first
    assert "Roomwatch’s own evaluation" in second
    assert "Roomwatch’s own evaluation" not in first
    shown = tab.page.locator("#alerts-body a").evaluate_all("all => all.map(a => [a.href, a.rel])")
    own = f"{stage.url.rstrip('/')}/runbooks/RoomsSoonFull"
    assert shown == [[link, "noopener noreferrer"], [own, "noopener noreferrer"]]
    assert tab.complaints == []


def test_what_ended_is_folded_with_the_notes_before(stage: Stage, context: BrowserContext) -> None:
    now = time.time()
    ended = alert("RoomsEnded", now - 50, ended_at=now - 20, ending=Ending.RESOLVED)
    lost = alert("RoomsNodeDown", now - 40, ended_at=now - 30, ending=Ending.UNHEARD)
    notes = [Note(id=f"n{n}", at=now - n, by="ops", text=f"note {n} {HOSTILE}") for n in range(5)]
    show(stage, [ended, lost], notes)
    tab = opened(context, stage)
    tab.wait_for_text("#alerts-body summary", "2 alerts ended lately, 3 earlier notes")
    assert "note 0 <img" in tab.text("#alerts-body")
    assert "note 4" not in tab.text("#alerts-body")
    tab.page.click("#alerts-body summary")
    tab.wait_for_text("#alerts-body details", "note 4")
    assert "not heard of since; whether it ended is not known" in tab.text("#alerts-body details")
    assert tab.complaints == []


def test_the_watchdog_is_not_listed_but_missed(stage: Stage, context: BrowserContext) -> None:
    show(stage, [watchdog(40)])
    tab = opened(context, stage)
    tab.wait_for_text("#alerts h2", "none fires · Prometheus’ watchdog was heard 4")
    assert tab.page.query_selector("#alerts-body .alert") is None
    show(stage, [replace(watchdog(1000), ended_at=time.time() - 1000, ending=Ending.UNHEARD)])
    tab.wait_for_text("#alerts-body .late", "watchdog was heard 16 min 4")
    assert "nobody may be paged" in tab.text("#alerts-body .late")
    assert tab.page.query_selector("#alerts-body details") is None


def test_alerts_and_notes_are_marks_on_both_charts(stage: Stage, context: BrowserContext) -> None:
    now = time.time()
    show(
        stage,
        [
            alert("RoomsEnded", now - 20, summary="x"),
            alert("RoomsNodeDown", now - 45, ended_at=now - 35, ending=Ending.RESOLVED),
            alert("RoomsElsewhere", now - 30, subject=Subject(alert="RoomsElsewhere", service="other")),
        ],
        [
            Note(id="n", at=now - 55, by="ops", text="doors<b> open"),
            Note(id="o", at=now - 1e5, by="ops", text="old"),
        ],
    )
    tab = opened(context, stage)
    tab.wait_to_find(f"{LABELS}.slice(-3).sort()", ["Ended", "NodeDown", "doors<b> open"])
    hovered = f"{PLOT}.data.at(-1).text"
    tab.wait_to_find(
        hovered,
        ["RoomsEnded: x", "RoomsNodeDown: The room ended with 668,000 people in it", "doors&lt;b&gt; open"],
    )
    for name in ("concurrency", "door"):
        marks = tab.page.evaluate(
            f"document.querySelector('#{name}-figure .js-plotly-plot').layout.shapes.map(s => [s.x0, s.x1])"
        )
        begun = sorted(x0[11:16] for x0, x1 in marks if x0 == x1)
        assert begun == ["18:00", "18:02", "18:06"]
        ((start, end),) = [(x0[11:16], x1[11:16]) for x0, x1 in marks if x0 != x1 and x1[11:16] < "18:09"]
        assert (start, end) == ("18:02", "18:04")
    assert tab.complaints == []


def test_on_a_phone_labels_of_marks_never_meet(stage: Stage, phone: BrowserContext) -> None:
    now = time.time()
    show(stage, [alert(f"Rooms{n}", now - 3 * n) for n in range(1, 12)])
    tab = opened(phone, stage)
    tab.wait_for_text("#alerts h2", "11 firing")
    tab.wait(f"{LABELS}.length > 0")
    boxes = tab.page.evaluate(BOXES)
    assert 0 < len(boxes) <= 3  # the ceiling has one, too
    check_apart(boxes)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_note_is_written_about_a_service_or_all(stage: Stage, context: BrowserContext) -> None:
    """The stage has no API: the form says so in words, and what was typed is sent as it is."""
    show(stage)
    tab = opened(context, stage)
    sent: list[object] = []
    tab.page.route(
        "**/api/v1/notes",
        lambda route: (sent.append(route.request.post_data_json), route.fulfill(status=204)),
    )
    tab.page.evaluate("sessionStorage.setItem('roomwatch-token', 'a-token-of-enough-length')")
    tab.page.get_by_role("button", name="Write a note").click()
    tab.page.get_by_label("Kind").select_option("announcement")
    tab.page.get_by_label("Text").fill("  the new room is open ")
    tab.page.keyboard.press("Enter")
    tab.wait_for_text("#alerts .said", "Saved.")
    assert sent == [{"text": "the new room is open", "kind": "announcement", "service": "spaces"}]


def test_what_was_typed_is_kept_where_it_is_refused_and_what_is_known_can_be_changed(
    stage: Stage, context: BrowserContext
) -> None:
    known = Acknowledgement(by="ops", at=time.time() - 10, note="on it", silence=None)
    show(stage, [alert("RoomsEnded", acknowledged=known)])
    tab = opened(context, stage)
    refused = "A write needs a bearer token."
    tab.page.route("**/acknowledge", lambda route: route.fulfill(status=503, body=refused))
    tab.page.evaluate("sessionStorage.setItem('roomwatch-token', 'a-token-of-enough-length')")
    change, note = tab.page.get_by_role("button", name="Change the note"), tab.page.get_by_label("Note")
    wide = "document.querySelector('.alert .said-of').getBoundingClientRect().width"
    since = tab.page.evaluate(wide)
    change.click()
    assert note.input_value() == "on it"
    note.fill("the platform is called")
    tab.page.keyboard.press("Enter")
    tab.wait_for_text("#alerts .said", f"Refused: {refused}")
    assert tab.page.evaluate(wide) >= since, "what was answered takes no room from what fires"
    change.click()
    assert note.input_value() == "the platform is called"
    tab.page.get_by_role("button", name="Cancel").click()
    change.click()
    assert note.input_value() == "on it"


def test_a_line_of_rooms_is_named_by_the_title_of_its_room(stage: Stage, context: BrowserContext) -> None:
    told = relocated(HOSTILE, None)
    subject = Subject(alert="RoomsEnded", service="spaces", lineage=told.lineage)
    gone = alert("a", subject=replace(subject, lineage="l0"))
    stage.show(observation(1, [], relocations=(told,)), alerts=(alert("b", subject=subject), gone))
    tab = opened(context, stage)
    tab.wait_for_text("#alerts h2", "2 firing")
    tab.wait_for_text("#alerts-body", "RoomsEnded · spaces · “<img src=x onerror=alert(1)>%{x}”")
    tab.wait_for_text("#alerts-body", "RoomsEnded · spaces · l0")


def test_whatever_fires_the_chart_is_on_the_first_screen_and_the_rest_one_key_away(
    stage: Stage, browser: Browser
) -> None:
    """Seven pages, four tickets, a note, something that ended: 900 pixels show it with the chart."""
    now = time.time()
    long = "The last 3 joins of our own at a-very-long-host-name.example.org failed, as it answered them so"
    fired = [
        *(alert(f"RoomsP{n}", now - n, summary=f"{n} {long}") for n in range(7)),
        *(alert(f"RoomsT{n % 2}", now - n, id=f"t{n}", severity=Severity.TICKET) for n in range(4)),
        alert("RoomsOver", now - 50, ended_at=now - 20, ending=Ending.RESOLVED),
    ]
    show(stage, fired, [Note(id="n", at=now, by="ops", text="doors open")])
    context = browser.new_context(viewport=FIRST_SCREEN)
    tab = opened(context, stage)
    tab.wait_for_text("#alerts h2", "11 firing")
    lines = tab.page.locator("#alerts-body .alert:visible")
    assert lines.count() == 4
    assert max(lines.evaluate_all("all => all.map(line => line.offsetHeight)")) < 36
    below = tab.page.evaluate(
        """() => document.querySelector('#concurrency-figure').getBoundingClientRect().bottom
          - document.querySelector('#banner-body').getBoundingClientRect().top"""
    )
    assert below <= 900 - 65, "under the head; a notice above, that nothing new has come, is the stage's"
    tab.wait_for_text("#alerts-body", "3 more pages")
    tab.wait_for_text("#alerts-body", "RoomsT0 ×2 · RoomsT1 ×2")
    tab.page.get_by_role("button", name="4 tickets").focus()
    tab.page.keyboard.press("Enter")
    assert lines.count() == 8
    tab.page.get_by_role("button", name="Acknowledge").nth(6).click()
    tab.page.get_by_label("Note").fill("half a sen")
    more = [alert("RoomsNew", now, summary="new"), *fired]
    stage.show(observation(11, [room("n1", 1011)]), alerts=more)
    tab.wait_for_text("#alerts h2", "12 firing")
    assert lines.count() == 8, "what was opened stays open"
    assert tab.page.get_by_label("Note").input_value() == "half a sen"
    tab.page.get_by_role("button", name="4 more pages").click()
    assert lines.count() == 12
    assert tab.page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert tab.complaints == []
    context.close()


def test_words_of_another_time_say_of_when_they_are(stage: Stage, context: BrowserContext) -> None:
    now = time.time()
    show(stage, [alert("RoomsEnded", now - 40, said_at=now - 30), alert("RoomsFull", now - 40, said_at=now)])
    tab = opened(context, stage)
    tab.wait_for_text("#alerts h2", "2 firing")
    stale, fresh = tab.page.locator("#alerts-body .as-of").all_inner_texts()
    assert stale.startswith("as of 18:0")
    assert fresh == ""


def test_words_on_the_chart_do_not_meet_whatever_comes_at_once(stage: Stage, context: BrowserContext) -> None:
    """A room ends, is followed at once, three pages fire then and everybody is told: all within a minute."""
    now = time.time()
    move = relocated("Launch", "Launch 2", 170_000)
    told = [Note(id=f"n{n}", at=now - 2 * n, by="ops", text="a new room is open now") for n in range(5)]
    fired = [alert(f"Rooms{name}", now - n) for n, name in enumerate(("Ended", "Collapsed", "FewFollowed"))]
    for minute in range(25):
        first, second = [room("n1", 660_000)], [room("n2", 160_000, "Launch 2", "r2")]
        seen = observation(
            float(minute), first if minute < 21 else second, relocations=(move,), observed_at=now
        )
        last = minute == 24
        stage.show(seen, alerts=fired if last else (), notes=told if last else (), at=now - 2 * (24 - minute))
    tab = opened(context, stage)
    tab.wait_for_text("#alerts h2", "3 firing")
    tab.wait(f"{LABELS}.includes('FewFollowed')")
    said = tab.page.evaluate(LABELS)
    assert {"ended 668k", "25% carried over"} <= set(said)
    check_apart(tab.page.evaluate(BOXES))
    assert tab.page.evaluate(f"{PLOT}.data.at(-1).text.length") == 8, (
        "pointing at a mark tells what has no room"
    )


def test_long_names_leave_the_chart_its_room(stage: Stage, context: BrowserContext) -> None:
    now = time.time()
    name = "The third annual all-hands of everybody who ever worked here"
    rooms = [room("a-node-of-a-long-name", 1000 + n, f"{n} {name}", f"r{n}") for n in range(8)]
    rooms.append(room("another", 900, "small", "s"))
    for minute in range(3):
        stage.show(observation(float(minute), rooms, observed_at=now), at=now - 2 * (2 - minute))
    tab = opened(context, stage)
    tab.wait("document.querySelectorAll('#concurrency-figure .legendtext').length > 2")
    plot = tab.page.evaluate(f"{PLOT}._fullLayout._size.h")
    whole = tab.page.evaluate("document.querySelector('#concurrency-figure').offsetHeight")
    assert plot > 0.6 * whole
    names = tab.page.evaluate(LEGEND)
    assert names[0] == "7 The third annual al… @ a-node-of…"
    assert names[-1].startswith("+")
    assert f"{name}" in tab.page.evaluate(f"{PLOT}.data[0].customdata[0]")
