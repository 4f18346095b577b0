"""A board on a stage, and a person's browser to look at it with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

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


@pytest.fixture
def stage(board: Board) -> Iterator[Stage]:
    with Stage(board) as made:
        yield made


@pytest.fixture(scope="module")
def one_context(browser: Browser) -> Iterator[BrowserContext]:
    """A context costs half a second; what a page keeps is its origin's, and each stage has its own."""
    made = browser.new_context(
        viewport={"width": 1440, "height": 900}, timezone_id="Asia/Tokyo", color_scheme="dark"
    )
    yield made
    made.close()


@pytest.fixture
def context(one_context: BrowserContext) -> Iterator[BrowserContext]:
    """One person's browser, in a time zone far from the event's."""
    yield one_context
    for page in one_context.pages:
        page.close()
