"""An operator's word from the board: by keyboard, with a token that no address holds, refusals in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Request

from tests.browser import Watched
from tests.product import TOKEN, Product, Rooms, service, up

pytestmark = pytest.mark.timeout(300)

READER = "a-token-that-may-only-read"
AUTH = {
    "tokens": [{"name": "ops", "token": TOKEN}, {"name": "eye", "token": READER, "may": "read"}],
    "local_reads": True,
}
TOLD = "#relocations-body .told"


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    with Rooms(first=500, other=7) as made:
        yield made


@pytest.fixture
def product(tmp_path: Path, rooms: Rooms) -> Iterator[Product]:
    """A service whose first room has ended with 500 people, while another one is open."""
    with up(tmp_path, service("stage", rooms.url), auth=AUTH) as made:
        made.wait(lambda f: f["stage"]["participants"] == 507, "both rooms")
        del rooms.rooms["first"]
        made.wait(lambda f: f["stage"]["relocations"], "end of the first room")
        yield made


def looking(context: BrowserContext, product: Product) -> tuple[Watched, list[Request]]:
    """A tab with the first room's row unfolded, and all that the tab asks for from now on."""
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
    (told,) = product.frame()["stage"]["relocations"]
    return told["cause"], told["status"], told["judged_by"]


def test_a_successor_is_named_confirmed_and_rejected_with_one_token(
    product: Product, context: BrowserContext
) -> None:
    tab, asked = looking(context, product)
    press(tab, "Name its successor")
    tab.page.get_by_role("combobox").select_option(label="other @ n1")
    press(tab, "Name it")
    give(tab, TOKEN)
    tab.wait_for_text(TOLD, "confirmed by ops")
    tab.wait_for_text(TOLD, "first @ n1 → other @ n1")
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
        ("not-the-token-at-all", "Refused: A write needs a bearer token"),
        (READER, "Refused: This token may only read"),
    ],
)
def test_a_token_that_is_refused_says_why_and_another_can_be_given(
    product: Product, context: BrowserContext, token: str, words: str
) -> None:
    tab, _ = looking(context, product)
    press(tab, "Confirm")
    give(tab, token)
    tab.wait_for_text(".said", words)
    assert status_of(product) == ("ended", "standing", "")
    assert tab.page.evaluate("sessionStorage.length") == 0
    press(tab, "Confirm")
    give(tab, TOKEN)
    tab.wait_for_text(TOLD, "confirmed by ops")


def test_without_a_token_nothing_is_sent(product: Product, context: BrowserContext) -> None:
    tab, asked = looking(context, product)
    press(tab, "Reject")
    tab.wait("() => document.activeElement?.type === 'password'")
    tab.page.keyboard.press("Enter")
    press(tab, "Cancel")
    assert [request for request in asked if request.method == "POST"] == []
    assert status_of(product) == ("ended", "standing", "")


def test_what_cannot_be_is_said_in_the_servers_words(
    product: Product, rooms: Rooms, context: BrowserContext
) -> None:
    """The room that was chosen closes before the word arrives."""
    tab, _ = looking(context, product)
    tab.page.evaluate("token => sessionStorage.setItem('roomwatch-token', token)", TOKEN)
    press(tab, "Name its successor")
    tab.page.get_by_role("combobox").select_option(label="other @ n1")

    def late(route: object) -> None:
        del rooms.rooms["other"]
        rooms.rooms["third"] = 1
        product.wait(lambda f: [r["id"] for r in f["stage"]["rooms"]] == ["third"], "end of the other room")
        route.continue_()  # type: ignore[attr-defined]

    tab.page.route("**/api/v1/relocations", late)
    press(tab, "Name it")
    tab.wait_for_text(".said", "Refused: No room “other” is open on n1")
