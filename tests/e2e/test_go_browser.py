"""The page that waits, in a browser: it goes on by itself when there is a room to go to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import PATIENCE as PATIENCE_MS
from tests.browser import Watched, chromium
from tests.product import PATIENCE, Product, Rooms, service, up
from tests.servers import wait_until

pytestmark = pytest.mark.needs("chromium")

HOSTILE = "<img src=x onerror=alert(1)>"


class Scene:
    """A launch whose rooms open and end as a test says."""

    def __init__(self, rooms: Rooms, running: Product, browser: Browser) -> None:
        self.rooms = rooms
        self.running = running
        self.browser = browser
        self.link = f"{running.url}/go/launch"
        self._opened = 0

    def open_room(self) -> str:
        """A new room opens; returns its id."""
        self._opened += 1
        name = f"launch-{self._opened}"
        self.rooms.rooms = {name: 900}
        return name

    def end_room(self) -> None:
        """The room ends, and people wait on the page."""
        url = f"{self.rooms.url}/room/{self.open_room()}"
        wait_until(lambda: self.told()["url"] == url, PATIENCE, url)
        self.rooms.rooms = {}
        wait_until(lambda: self.told()["state"] == "ended", PATIENCE, "end of the room")

    def told(self) -> dict[str, Any]:
        answer = self.running.ask("/go/launch.json")
        return answer.json() if answer.status_code == 200 else {"url": None, "state": None}


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with chromium() as browser, Rooms() as rooms:
        link = f"{rooms.url}/room/{{room}}"
        keys = {"name": "launch", "service": "spaces", "rooms": ["launch-*"], "link": link, "title": HOSTILE}
        public = {"public": {"events": ["launch"], "address": "https://status.example.org"}}
        folder = tmp_path_factory.mktemp("go")
        with up(folder, service("spaces", rooms.url), events=[keys], embed=public) as running:
            yield Scene(rooms, running, browser)


@pytest.fixture
def scene(launch: Scene) -> Scene:
    launch.end_room()
    return launch


def test_it_goes_on_to_the_new_room_by_itself(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context())
    tab.page.goto(scene.link)
    assert tab.text("#heading") == "The room has ended"
    assert tab.text("h1") == HOSTILE
    opened = scene.open_room()
    tab.page.wait_for_url(f"**/room/{opened}", timeout=PATIENCE_MS)
    assert tab.complaints == []
    tab.page.go_back()
    assert "/go/launch" not in tab.page.url, "the page that waited is not in the way back"
    tab.page.context.close()


def test_it_goes_on_without_scripts(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context(java_script_enabled=False))
    tab.page.goto(scene.link)
    opened = scene.open_room()
    tab.page.wait_for_url(f"**/room/{opened}", timeout=PATIENCE_MS)
    tab.page.context.close()


def test_it_keeps_trying_while_there_is_no_answer_and_says_so(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context())
    tab.page.route("**/launch.json", lambda route: route.abort())
    tab.page.goto(scene.link)
    tab.wait_for_text("#doing", "We get no answer at the moment")
    assert tab.text("#heading") == "The room has ended", "what was known stays"
    opened = scene.open_room()
    tab.page.unroute("**/launch.json")
    tab.page.wait_for_url(f"**/room/{opened}", timeout=PATIENCE_MS)
    tab.page.context.close()


def test_many_do_not_arrive_at_once_and_read_when_they_go(scene: Scene) -> None:
    tab = Watched(scene.browser.new_context())
    tab.page.add_init_script("Math.random = () => 0.5")
    told = scene.told()
    crowd = {**told, "url": f"{scene.rooms.url}/room/launch-2", "spread_seconds": 20}
    tab.page.route("**/launch.json", lambda route: route.fulfill(json=crowd))
    tab.page.goto(scene.link)
    tab.wait_for_text("#doing", "You go there in about 10 seconds, for many are on their way.")
    tab.page.context.close()


def test_the_board_tells_the_link_to_those_who_post_it(launch: Scene) -> None:
    tab = Watched(launch.browser.new_context())
    tab.open(f"{launch.running.url}/")
    tab.wait_for_text(
        "#relocations-body", "Public link, always to the room: https://status.example.org/go/launch · QR code"
    )
    links = tab.page.eval_on_selector_all(
        "#relocations-body a", "all => all.map(a => a.getAttribute('href'))"
    )
    assert links[-2:] == [
        "https://status.example.org/go/launch",
        "https://status.example.org/go/launch/qr.svg",
    ]
    tab.page.context.close()
