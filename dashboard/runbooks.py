"""The runbooks, a page an alert, for those who were woken: read from Markdown, shown as plain pages.

They are behind the same guard as the board, load nothing, and run nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

from probes.alerting.table import ALERTS

PATH = "/runbooks"
FIRST = "README"
"""The page that the others start from."""

_HERE = Path(__file__).parent
FOLDERS = (_HERE / "runbook_pages", _HERE.parent / "config/runbooks")
"""Where the pages are: beside this file where Roomwatch was installed, else in the source tree."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Runbooks:
    """The pages by name, each rendered when it is first asked for."""

    def __init__(self, folders: tuple[Path, ...] = FOLDERS) -> None:
        found = next((sorted(folder.glob("*.md")) for folder in folders if folder.is_dir()), [])
        self._files = {path.stem: path for path in found}
        self._pages: dict[str, str] = {}

    @property
    def names(self) -> list[str]:
        return list(self._files)

    def page(self, name: str) -> str | None:
        """The page called `name`, with or without `.md`; None where there is none."""
        name = name.removesuffix(".md")
        if name in self._files and name not in self._pages:
            self._pages[name] = self._render(name)
        return self._pages.get(name)

    def contents(self) -> str:
        """A page that lists the others: each alert with what it means and what it does."""
        rows = [
            f"| [{alert.name}]({PATH}/{alert.name}) | {alert.meaning} | {alert.severity} |"
            for alert in ALERTS.values()
            if alert.name in self._files
        ]
        table = "\n".join(["| alert | what it means | severity |", "|---|---|---|", *rows])
        return _shown("Runbooks", f"# Runbooks\n\n{table}\n", [])

    def _render(self, name: str) -> str:
        return _shown(name, self._files[name].read_text("utf-8"), self.names)


def _shown(name: str, markdown: str, others: Sequence[str]) -> str:
    from dashboard.pages import render

    return render("runbook.html", name=name, first=FIRST, names=others, body=html(markdown))


def html(markdown: str) -> str:
    """Markdown as HTML; headings have ids to link to, and HTML in the Markdown is text."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    for heading, text in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", re.sub(r"[^a-z0-9]+", "-", text.content.lower()).strip("-"))
    return str(reader.renderer.render(tokens, reader.options, {}))


def make_runbooks(runbooks: Runbooks) -> APIRouter:
    """`/runbooks/*`, where `runbook_url` of every alert leads by default."""
    pages = APIRouter(prefix=PATH, include_in_schema=False)

    @pages.get("")
    @pages.get("/")
    async def contents() -> Response:
        found = await asyncio.to_thread(runbooks.contents)
        return Response(found, media_type="text/html", headers=_HEADERS)

    @pages.get("/{name}")
    async def page(name: str) -> Response:
        found = await asyncio.to_thread(runbooks.page, name)
        if found is None:
            raise HTTPException(404, f"There is no runbook of this name. They are listed at {PATH}")
        return Response(found, media_type="text/html", headers=_HEADERS)

    return pages
