"""The page that waits, in a browser: it goes on by itself when there is a room to go to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.browser import PATIENCE as PATIENCE_MS
from tests.browser import Watched, chromium
from tests.product import PATIENCE, Product, Rooms, service, up
from tests.servers import wait_until

pytestmark = pytest.mark.needs("chromium")

HOSTILE = "<img src=x onerror=alert(1)>"


class Scene(NamedTuple):
    rooms: Rooms
    running: Product
    browser: Browser

    @property
    def link(self) -> str:
        return f"{self.running.url}/go/launch"

    def state(self) -> str:
        answer = self.running.ask("/go/launch.json")
        return str(answer.json()["state"]) if answer.status_code == 200 else ""

    def becomes(self, state: str) -> None:
        wait_until(lambda: self.state() == state, PATIENCE, state)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def scene(browser: Browser, tmp_path: Path) -> Iterator[Scene]:
    """A room has ended, and people wait on the page."""
    with Rooms(**{"launch-1": 900}) as rooms:
        link = f"{rooms.url}/room/{{room}}"
        keys = {"name": "launch", "service": "spaces", "rooms": ["launch-*"], "link": link, "title": HOSTILE}
        public = {"public": {"events": ["launch"]}}
        with up(tmp_path, service("spaces", rooms.url), events=[keys], embed=public) as running:
            scene = Scene(rooms, running, browser)
            scene.becomes("open")
            rooms.rooms = {}
            scene.becomes("ended")
            yield scene


def test_it_goes_on_to_the_new_room_by_itself(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context())
    tab.page.goto(scene.link)
    assert tab.text("#heading") == "The room has ended"
    assert tab.text("h1") == HOSTILE
    scene.rooms.rooms = {"launch-2": 40}
    tab.page.wait_for_url("**/room/launch-2", timeout=PATIENCE_MS)
    assert tab.complaints == []
    tab.page.go_back()
    assert "/go/launch" not in tab.page.url, "the page that waited is not in the way back"
    tab.page.context.close()


def test_it_goes_on_without_scripts(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context(java_script_enabled=False))
    tab.page.goto(scene.link)
    scene.rooms.rooms = {"launch-2": 40}
    tab.page.wait_for_url("**/room/launch-2", timeout=PATIENCE_MS)
    tab.page.context.close()


def test_it_keeps_trying_while_there_is_no_answer_and_says_so(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context())
    tab.page.route("**/launch.json", lambda route: route.abort())
    tab.page.goto(scene.link)
    tab.wait_for_text("#doing", "We get no answer at the moment")
    assert tab.text("#heading") == "The room has ended", "what was known stays"
    scene.rooms.rooms = {"launch-2": 40}
    tab.page.unroute("**/launch.json")
    tab.page.wait_for_url("**/room/launch-2", timeout=PATIENCE_MS)
    tab.page.context.close()


def test_many_do_not_arrive_at_once_and_read_when_they_go(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context())
    tab.page.add_init_script("Math.random = () => 0.5")
    told = scene.running.json("/go/launch.json")
    crowd = {**told, "url": f"{scene.rooms.url}/room/launch-2", "spread_seconds": 20}
    tab.page.route("**/launch.json", lambda route: route.fulfill(json=crowd))
    tab.page.goto(scene.link)
    tab.wait_for_text("#doing", "You go there in about 10 seconds, for many are on their way.")
    tab.page.context.close()
