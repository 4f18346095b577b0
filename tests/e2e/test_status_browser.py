"""The public page in a browser: it goes on by itself, without a script, in the dark, on a phone."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import uvicorn
from playwright.sync_api import Browser
from starlette.responses import PlainTextResponse

from dashboard.frames import encode
from dashboard.public.desk import Desk
from dashboard.public.front import Front
from dashboard.public.status.reading import Days
from dashboard.public.visitors import Visitors
from dashboard.recent import Recent
from probes.history import HISTORIES
from probes.model import Door, Observer, Outcome, Place, State
from probes.pipeline import Tick
from tests.browser import Watched
from tests.dashboard.public.status.played import config
from tests.probes.seen import node, observation, relocation

DARK, LIGHT = "rgb(11, 14, 20)", "rgb(255, 255, 255)"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
TITLE = "A very long title <b>that</b> nobody has cut " * 2


class PublicSide:
    """What is public on a real port, fed with ticks that a test makes up."""

    def __init__(self, *services: str) -> None:
        self._services = ("spaces", *services)
        settings = config(self._services)
        self._recent = Recent()
        self._days = Days(lambda: settings, lambda: HISTORIES["sqlite"].read(Path("no such file")))
        self._desk = Desk(self._recent, lambda: settings, self._days)
        self._visitors = Visitors(lambda: settings)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._ready = threading.Event()
        self._seq = 0
        self.url = ""

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        private = Desk(self._recent, self._visitors.private)
        app = Front(PlainTextResponse("not public", 404), self._desk, private, self._visitors)
        options: dict[str, Any] = {"log_level": "critical", "lifespan": "off", "ws": "none"}
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, **options))
        serving = asyncio.create_task(self._server.serve())
        await self._days.read()
        while not self._server.started:
            await asyncio.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self._ready.set()
        await serving

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server did not end"

    def show(self, state: State, success: float, **changes: Any) -> None:
        """Make the next tick, seen now."""
        self._seq += 1
        door = Door(
            observer=Observer.SERVICE,
            success_ratio=success,
            errors={Outcome.TIMEOUT: 1 - success},
            totals={Outcome.JOINED: 100},
        )
        known = {"service_time": None, "pace": 1.0, "relocations": (), **changes}
        seen = tuple(observation(name, state=state, door=door, **known) for name in self._services)
        encoded = encode(Tick(seq=self._seq, at=time.time(), observations=seen), 1.0, ())
        asyncio.run_coroutine_threadsafe(self._publish(encoded), self._loop).result(30)

    async def _publish(self, encoded: Any) -> None:
        self._recent.add(encoded)
        self._desk.show(encoded)


@pytest.fixture
def side() -> Iterator[PublicSide]:
    with PublicSide() as made:
        made.show(State.OK, 1.0, participants=1_234)
        made.show(State.OK, 1.0, participants=1_234)
        yield made


@pytest.fixture
def tab(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(timezone_id="Asia/Tokyo", color_scheme="dark")
    yield Watched(context)
    context.close()


def test_it_goes_on_by_itself_without_being_loaded_again(side: PublicSide, tab: Watched) -> None:
    tab.page.goto(f"{side.url}/status")
    tab.wait_for_text("[data-part=banner]", "All is well")
    tab.page.evaluate("window.stayed = true")
    side.show(State.FAILING, 0.6, participants=99_000)
    tab.wait_for_text("[data-part=banner]", "Some people cannot get in")
    tab.wait_for_text("[data-part=today]", "Some people cannot get in")
    assert "99k" in tab.text("[data-part=services]")
    assert tab.page.get_attribute(".banner", "class") == "banner bad"
    assert tab.page.title().startswith("Some people cannot get in")
    assert tab.page.evaluate("window.stayed")
    assert tab.complaints == []


def test_the_last_that_was_seen_stays_when_it_cannot_be_reached(side: PublicSide, tab: Watched) -> None:
    tab.page.goto(f"{side.url}/status")
    tab.wait_for_text("[data-part=banner]", "All is well")
    side.stop()
    tab.wait_for_text("#age", "cannot be reached")
    assert "All is well" in tab.text("[data-part=banner]")


def test_it_says_everything_without_a_script(side: PublicSide, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{side.url}/status")
    said = page.inner_text("main")
    for words in ("All is well", "1,234", "Joining a room", "Today", "As of", "UTC"):
        assert words in said
    context.close()


@pytest.mark.parametrize(
    ("scheme", "path", "background"),
    [
        ("dark", "/status", DARK),
        ("light", "/status", LIGHT),
        ("light", "/status/dark", DARK),
        ("dark", "/status/light", LIGHT),
    ],
)
def test_it_is_dark_where_the_reader_or_the_path_says_so(
    side: PublicSide, tab: Watched, scheme: Any, path: str, background: str
) -> None:
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.goto(side.url + path)
    assert tab.page.evaluate(BACKGROUND) == background


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_nothing_is_wider_than_the_screen(side: PublicSide, tab: Watched, width: int) -> None:
    place = (Place("r0", "n1", TITLE), Place("r1", "n1", TITLE))
    moved = relocation(at=time.time() - 60, from_=place[0], to=place[1])
    side.show(State.FAILING, 0.6, relocations=(moved,), nodes=(node(), node("n2")))
    tab.page.set_viewport_size({"width": width, "height": 800})
    tab.page.goto(f"{side.url}/status")
    tab.wait_for_text("[data-part=services]", "A very long title <b>that</b>")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.complaints == []


def test_on_no_width_of_a_phone_does_the_name_of_a_service_break(tab: Watched) -> None:
    with PublicSide("stage") as side:
        side.show(State.OK, 1.0)
        side.show(State.FAILING, 0.6)
        tab.page.set_viewport_size({"width": 390, "height": 800})
        tab.page.goto(f"{side.url}/status")
        tab.wait_for_text("[data-part=today]", "The spaces")
    heights = tab.page.evaluate(
        """() => [...Array(150).keys()].map((narrower) => {
          document.body.style.width = `${390 - narrower}px`;
          return document.querySelector(".tag").offsetHeight;
        })"""
    )
    assert len(set(heights)) == 1


def test_times_are_written_as_people_write_them_there(side: PublicSide, browser: Browser) -> None:
    """No zero before an hour of one digit, as everywhere else in public."""
    west = datetime.now(UTC).hour - 5
    west -= 24 if west > 12 else 0
    context = browser.new_context(locale="en-US", timezone_id=f"Etc/GMT{west:+d}")
    tab = Watched(context)
    side.show(State.FAILING, 0.6)
    tab.page.goto(f"{side.url}/status")
    tab.wait_for_text("[data-part=today]", "AM")
    assert re.fullmatch(r"[456]:\d\d\sAM", tab.text("[data-part=today] time"))
    context.close()
