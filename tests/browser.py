"""A real Chromium for tests, without a screen, and a page that remembers what went wrong on it.

with chromium() as browser:
    page = Watched(browser.new_context())
    page.open(url)
    ...
    assert page.complaints == []
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Response,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.servers import require

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",
)
PATIENCE = 60_000.0
"""Milliseconds for anything to come about: the machine may be shared and slow."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, ended with everything it started. Skips the test where there is none (see `require`)."""
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS), timeout=PATIENCE)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """One tab. `complaints`: errors of scripts, refused by policy, not found, and every dialog."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("response", self._response)

    def open(self, url: str) -> None:
        """Open the board and wait until its graphs are drawn."""
        self.page.goto(url)
        self.page.wait_for_selector("#concurrency-figure .main-svg")

    def wait(self, condition: str, argument: object = None) -> None:
        """Wait until a JavaScript expression (or a function of `argument`) is true. Raises TimeoutError."""
        self.page.wait_for_function(condition, arg=argument)

    def wait_for_text(self, selector: str, text: str) -> None:
        """Wait until the first element there shows `text` somewhere."""
        self.wait(
            "([selector, text]) => (document.querySelector(selector)?.innerText || '').includes(text)",
            [selector, text],
        )

    def wait_to_read(self, selector: str, text: str) -> None:
        """Wait until the first element there shows `text` and nothing else."""
        self.wait(
            "([selector, text]) => document.querySelector(selector)?.innerText === text", [selector, text]
        )

    def wait_to_find(self, expression: str, expected: object) -> None:
        """Wait until a JavaScript expression gives `expected`; fails with what it gave at last."""
        with suppress(PlaywrightTimeout):
            self.wait(f"wanted => JSON.stringify({expression}) === JSON.stringify(wanted)", expected)
        assert self.page.evaluate(expression) == expected

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")
