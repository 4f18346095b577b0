"""A board on a stage, and a person's browser to look at it with."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from dashboard.board import Board
from tests.browser import chromium
from tests.e2e.stage import CONFIG, Stage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def board() -> Board:
    """Ready bytes, made once: half a second's work."""
    return Board(CONFIG, "0")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """One for all stages of a module, which nobody else gets: with it the browser knows their scripts."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def stage(board: Board, port: int) -> Iterator[Stage]:
    with Stage(board, port) as made:
        yield made


@pytest.fixture(scope="module")
def one_context(browser: Browser) -> Iterator[BrowserContext]:
    """A context costs half a second."""
    made = browser.new_context(
        viewport={"width": 1440, "height": 900}, timezone_id="Asia/Tokyo", color_scheme="dark"
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def resting() -> list[Page]:
    """A page without scripts that stays open: its process has compiled the board, which takes a second."""
    return []


@pytest.fixture
def context(one_context: BrowserContext, resting: list[Page]) -> Iterator[BrowserContext]:
    """One person's browser, in a time zone far from the event's. It remembers nothing of the test before."""
    yield one_context
    pages = [page for page in one_context.pages if page not in resting]
    if pages and not resting:
        resting.append(one_context.new_page())
        with suppress(Error):
            resting[0].goto(urljoin(pages[0].url, "/nothing"))
    for page in pages:
        page.close()
    for page in resting:
        with suppress(Error):
            page.evaluate("() => localStorage.clear()")
