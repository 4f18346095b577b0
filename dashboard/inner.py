"""Dash as an inner application that nobody can reach: asked once for its page, its layout and its scripts.

Its catch-all, its websocket and its callback routes stay in here; what came out is served by path.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
from dash import ClientsideFunction, Dash, Input, Output
from fastapi import FastAPI

from dashboard.conditional import digest
from dashboard.layout import layout
from dashboard.panels import PANELS

LAYOUT, DEPENDENCIES = "/_dash-layout", "/_dash-dependencies"

GRAPH = "/_dash-component-suites/dash/dcc/async-graph.js"
PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
"""What Dash's scripts ask for when the first graph is drawn, both without a fingerprint."""

_FINGERPRINT = re.compile(r"\.v\w+m\d+\.")
"""Dash's, from a file's time: it differs between machines with the same file, so it gives way to a digest."""

UNUSED = ("/dash_table/",)
"""What Dash puts on every page and this one has no use for."""


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Harvest:
    """What the inner application said. `scripts`: the paths of the page's scripts, in order."""

    page: str
    scripts: Sequence[str]
    answers: Mapping[str, Answer]


def harvest(services: Sequence[str], index: str) -> Harvest:
    """Build the inner application around the page template `index` and ask it for everything once."""
    app = _dash(services, index)
    with ThreadPoolExecutor(1) as thread:  # the caller may be inside an event loop of its own
        return thread.submit(asyncio.run, _ask(app.server)).result()


def _dash(services: Sequence[str], index: str) -> Any:
    app = Dash(
        "roomwatch",
        server=FastAPI(openapi_url=None),
        title="Roomwatch",
        update_title=None,
        include_assets_files=False,
        index_string=index,
        add_log_handler=False,
    )
    app.layout = layout(services)
    choice = Input("choice", "value")
    newest = (Input("frame", "data"), choice)
    seen = (Input("past", "data"), choice, Input("scheme", "data"))
    for name, panel in PANELS.items():
        if panel.figure:
            _fill_by(app, name, Output(f"{name}-figure", "figure"), *seen)
        else:
            _fill_by(app, name, Output(f"{name}-body", "data-seq"), *newest)
    _fill_by(app, "about", Output("about-body", "data-seq"), *newest)
    _fill_by(app, "moment", Output("moment-body", "data-seq"), *newest)
    _fill_by(app, "clock", Output("clock-body", "data-seq"), *newest, Input("link", "data"))
    return app


def _fill_by(app: Any, name: str, output: Output, *inputs: Input) -> None:
    """Have the browser's function `name` run at each change of an input.

    A text function draws by itself and answers with the number of the frame it drew.
    """
    app.clientside_callback(ClientsideFunction("roomwatch", name), output, *inputs)


async def _ask(server: FastAPI) -> Harvest:
    transport = httpx.ASGITransport(server)
    async with httpx.AsyncClient(transport=transport, base_url="http://roomwatch") as client:
        answers: dict[str, Answer] = {}

        async def ask(path: str) -> Answer:
            response = await client.get(path)
            response.raise_for_status()
            return Answer(response.content, response.headers["content-type"])

        page = (await ask("/")).body.decode()
        every = re.findall(r'<script src="([^"]+)"></script>', page)
        scripts = [path for path in every if not any(part in path for part in UNUSED)]
        for path in (LAYOUT, DEPENDENCIES, GRAPH, PLOTLY):
            answers[path] = await ask(path)
        renamed = []
        for path in scripts:
            answer = await ask(path)
            renamed.append(_FINGERPRINT.sub(f".{digest(answer.body)}.", path))
            answers[renamed[-1]] = answer
        return Harvest(page, renamed, answers)
