"""An operator's word from the board: by keyboard, with a token that no address holds, refusals in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Request

from tests.browser import Watched
from tests.product import TOKEN, Product, Rooms, service, up

pytestmark = pytest.mark.timeout(300)

READER = "a-token-that-may-only-read"
AUTH = {
    "tokens": [{"name": "ops", "token": TOKEN}, {"name": "eye", "token": READER, "may": "view"}],
    "local_reads": True,
}
TOLD = "#relocations-body .told"
NAMES = ("astronomy", "gardening", "markets", "poetry", "theatre")
"""Of the rooms that end: so unlike that none is held to go on in another."""


@pytest.fixture(scope="module")
def rooms() -> Iterator[Rooms]:
    with Rooms(other=7) as made:
        yield made


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, rooms: Rooms) -> Iterator[Product]:
    with up(tmp_path_factory.mktemp("judged"), service("stage", rooms.url), auth=AUTH) as made:
        yield made


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(NAMES)


@pytest.fixture
def lost(product: Product, rooms: Rooms, names: Iterator[str]) -> str:
    """A room that has just ended with 500 people, while another one is open; its relocation comes first."""
    name = next(names)
    rooms.rooms[name] = 500
    product.wait(lambda f: f["stage"]["participants"] == 507, "both rooms")
    del rooms.rooms[name]
    product.wait(lambda f: _newest(f) == name, "end of the room")
    return name


def _open(frame: dict[str, Any]) -> list[str]:
    return [room["id"] for room in frame["stage"]["rooms"]]


def _newest(frame: dict[str, Any]) -> str:
    """The room that the newest relocation led from."""
    return next((str(told["from"]["room"]) for told in frame["stage"]["relocations"]), "")


def looking(context: BrowserContext, product: Product) -> tuple[Watched, list[Request]]:
    """A tab with the lost room's row unfolded, and all that the tab asks for from now on."""
    tab = Watched(context)
    tab.open(product.url)
    asked: list[Request] = []
    tab.page.on("request", lambda request: asked.append(request))  # Playwright marks what it is given
    tab.page.focus(f"{TOLD} .unfold")
    tab.page.keyboard.press("Enter")
    return tab, asked


def press(tab: Watched, name: str) -> None:
    """Press a button by the keyboard alone."""
    tab.page.get_by_role("button", name=name, exact=True).focus()
    tab.page.keyboard.press("Enter")


def give(tab: Watched, token: str) -> None:
    """Type the token where the cursor is put for it."""
    tab.wait("() => document.activeElement?.type === 'password'")
    tab.page.keyboard.type(token)
    tab.page.keyboard.press("Enter")


def status_of(product: Product) -> tuple[str, str, str]:
    """Of the newest relocation."""
    told = product.frame()["stage"]["relocations"][0]
    return told["cause"], told["status"], told["judged_by"]


def test_a_successor_is_named_confirmed_and_rejected_with_one_token(
    product: Product, lost: str, context: BrowserContext
) -> None:
    tab, asked = looking(context, product)
    press(tab, "Name its successor")
    tab.page.get_by_role("combobox").select_option(label="other @ n1")
    press(tab, "Name it")
    give(tab, TOKEN)
    tab.wait_for_text(TOLD, "confirmed by ops")
    tab.wait_for_text(TOLD, f"{lost} @ n1 → other @ n1")
    assert status_of(product) == ("succeeded", "confirmed", "ops")
    tab.wait_for_text(".revisions", "ops named “other” as its successor")
    assert tab.page.get_by_role("button", name="Confirm", exact=True).count() == 0

    press(tab, "Reject")  # nobody is asked for the token again
    tab.wait_for_text(TOLD, "no successor known")
    press(tab, "Confirm")
    tab.wait_for_text(TOLD, "confirmed by ops")
    assert status_of(product) == ("ended", "confirmed", "ops")
    press(tab, "Reject")
    tab.wait_for_text("#relocations-body summary", "1 rejected")

    posts = [request for request in asked if request.method == "POST"]
    assert {request.headers["authorization"] for request in posts} == {f"Bearer {TOKEN}"}
    assert [request.url for request in asked if TOKEN in request.url] == []
    assert tab.page.evaluate("[Object.values(sessionStorage), JSON.stringify(localStorage)]")[0] == [TOKEN]
    assert TOKEN not in tab.page.evaluate("JSON.stringify(localStorage)")
    assert tab.complaints == []


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("not-the-token-at-all", "Refused: This needs a bearer token"),
        (READER, "Refused: This token has `may: view`"),
    ],
)
def test_a_token_that_is_refused_says_why_and_another_can_be_given(
    product: Product, lost: str, context: BrowserContext, token: str, words: str
) -> None:
    tab, _ = looking(context, product)
    press(tab, "Confirm")
    give(tab, token)
    tab.wait_for_text("#relocations-body .said", words)
    assert status_of(product) == ("ended", "standing", "")
    assert tab.page.evaluate("sessionStorage.length") == 0
    press(tab, "Confirm")
    give(tab, TOKEN)
    tab.wait_for_text(TOLD, "confirmed by ops")


def test_without_a_token_nothing_is_sent(product: Product, lost: str, context: BrowserContext) -> None:
    tab, asked = looking(context, product)
    press(tab, "Reject")
    tab.wait("() => document.activeElement?.type === 'password'")
    tab.page.keyboard.press("Enter")
    press(tab, "Cancel")
    assert [request for request in asked if request.method == "POST"] == []
    assert status_of(product) == ("ended", "standing", "")


def test_what_cannot_be_is_said_in_the_servers_words(
    product: Product, rooms: Rooms, lost: str, context: BrowserContext
) -> None:
    """The room that was chosen closes before the word arrives."""
    rooms.rooms["brief"] = 3
    product.wait(lambda f: "brief" in _open(f), "another room")
    tab, _ = looking(context, product)
    tab.page.evaluate("token => sessionStorage.setItem('roomwatch-token', token)", TOKEN)
    press(tab, "Name its successor")
    tab.page.get_by_role("combobox").select_option(label="brief @ n1")

    def late(route: object) -> None:
        del rooms.rooms["brief"]
        product.wait(lambda f: "brief" not in _open(f), "end of that room")
        route.continue_()  # type: ignore[attr-defined]

    tab.page.route("**/api/v1/relocations", late)
    press(tab, "Name it")
    tab.wait_for_text("#relocations-body .said", "Refused: No room “brief” is open on n1")
