"""The page and its files as bytes: all that the page asks for is there, and nothing of a title gets out."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboard.board import CONTENT_SECURITY_POLICY, HERE, IMMUTABLE, SCRIPTS, Board
from dashboard.inner import DEPENDENCIES, GRAPH, LAYOUT, PLOTLY, digest
from dashboard.panels import PANELS
from probes.settings import parse

SECRET = "a-secret-of-more-than-16-letters"
CONFIG = f"""
services:
  - name: spaces
    kind: http-json
    nodes:
      - {{url: "http://10.1.2.3:8088/secret-path", id: n1}}
    headers: {{Authorization: "Bearer {SECRET}"}}
events:
  - name: launch
    service: spaces
    starts_at: 2023-05-24T18:00:00-04:00
    link: https://x.com/{{room}}
embed: {{public: {{events: [launch], address: "https://status.example.org/"}}}}
auth:
  tokens: [{{name: ops, token: {SECRET}}}]
"""


@pytest.fixture(scope="module")
def board() -> Board:
    return Board(parse(CONFIG, "roomwatch.yaml", Path()), "1.2.3")


class Reader(HTMLParser):
    """What a browser finds in the page: the urls it asks for, inline scripts, and data by id."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.inline: list[str] = []
        self.data: dict[str, str] = {}
        self.tags: list[str] = []
        self._script: dict[str, str | None] | None = None
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        url = values.get("src") or (values.get("href") if tag == "link" else None)
        if url:
            self.asked.append(url)
        if tag == "script":
            self._script = values
        for name in values:
            if name.startswith("on") or name == "style":
                self.inline.append(f"{tag} {name}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is None or not data.strip():
            return
        if self._script.get("type") == "application/json":
            self.data[self._script["id"] or ""] = data
        else:
            self.inline.append(data)


def test_every_path_that_the_page_asks_for_is_in_the_files(board: Board) -> None:
    asked = Reader(board.page(b"{}")).asked
    assert asked
    assert [path for path in asked if path not in board.files] == []


def test_what_is_asked_for_later_is_in_the_files_and_nothing_else_of_dash(board: Board) -> None:
    asked = set(Reader(board.page(b"{}")).asked)
    assert board.files.keys() == asked
    assert {LAYOUT, DEPENDENCIES, GRAPH, PLOTLY} <= board.files.keys()
    closed = ("/", "/_dash-update-component", "/_reload-hash", "/_dash-ws-callback", "/_favicon.ico")
    assert [path for path in closed if path in board.files] == []


def test_no_script_of_the_page_is_inline_so_the_policy_allows_none(board: Board) -> None:
    assert Reader(board.page(b"{}")).inline == []
    assert board.content_security_policy == CONTENT_SECURITY_POLICY
    script_rule = next(r for r in CONTENT_SECURITY_POLICY.split("; ") if r.startswith("script-src"))
    assert script_rule == "script-src 'self'"


@pytest.mark.parametrize(
    "title",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        "{%scripts%}",
        "{%recent%}",
        "\\u003c",
        "&lt;",
    ],
)
def test_a_title_stays_inside_the_recent_window(board: Board, title: str) -> None:
    window = {"frame": {"services": [{"rooms": [{"title": title}]}]}}
    page = Reader(board.page(json.dumps(window).encode()))
    assert json.loads(page.data["recent"]) == window
    assert page.inline == []
    assert page.tags == Reader(board.page(b"{}")).tags


def test_fingerprinted_files_last_and_the_others_are_asked_for_again(board: Board) -> None:
    again = {path for path, file in board.files.items() if file.cache != IMMUTABLE}
    assert again == {LAYOUT, DEPENDENCIES, GRAPH, PLOTLY}
    lasting = [path for path in board.files if path not in again]
    assert [path for path in lasting if not re.search(r"\.[0-9a-f]{16}\.", path)] == []
    assert len({file.etag for file in board.files.values()}) == len(board.files)


def test_compressed_bytes_are_the_same_bytes(board: Board) -> None:
    for path, file in board.files.items():
        if file.gzip is not None:
            assert gzip.decompress(file.gzip) == file.body, path
            assert len(file.gzip) < len(file.body), path
    sizes = {path: (len(file.body), len(file.gzip or file.body)) for path, file in board.files.items()}
    for path, (plain, packed) in sorted(sizes.items(), key=lambda item: -item[1][1]):
        print(f"{packed / 1000:9.1f} kB of {plain / 1000:8.1f} kB  {path}")
    print(f"{sum(packed for _, packed in sizes.values()) / 1000:9.1f} kB in all")
    assert sum(packed for _, packed in sizes.values()) < 2_300_000


def test_no_address_and_no_secret_of_the_config_is_on_the_page(board: Board) -> None:
    everything = b"".join([board.page(b"{}"), *(board.files[path].body for path in (LAYOUT, DEPENDENCIES))])
    for hidden in (SECRET.encode(), b"secret-path", b"10.1.2.3", b'python_version":"3'):
        assert hidden not in everything
    known = json.loads(Reader(board.page(b"{}")).data["settings"])
    assert known["services"]["spaces"]["nodes"] == [{"id": "n1", "label": ""}]
    assert known["events"]["launch"]["utc_offset"] == -4 * 3600
    assert known["links"] == {"launch": "https://status.example.org/go/launch"}


def test_every_panel_has_its_script_its_place_and_its_callback(board: Board) -> None:
    layout = json.dumps(json.loads(board.files[LAYOUT].body))
    callbacks = json.loads(board.files[DEPENDENCIES].body)
    served = {c["clientside_function"]["function_name"]: c["output"] for c in callbacks}
    for name, panel in PANELS.items():
        assert f"panels/{name}.js" in SCRIPTS
        assert panel.title in layout
        place = f"{name}-figure.figure" if panel.figure else f"{name}-body.data-seq"
        assert served.pop(name) == place
        assert json.dumps(place.partition(".")[0]) in layout
    assert served.keys() == {"about", "clock", "moment"}
    assert {c["clientside_function"]["namespace"] for c in callbacks} == {"roomwatch"}


def test_every_asset_is_served_and_every_panel_file_is_in_the_table() -> None:
    assets = HERE / "assets"
    scripts = {str(path.relative_to(assets)) for path in assets.rglob("*.js")} - {"theme.js"}
    assert scripts == set(SCRIPTS)
    files = {path.stem for path in (HERE / "panels").glob("*.py")} - {"__init__", "base"}
    assert files == set(PANELS)


def test_the_first_paint_has_the_places_that_the_browser_fills(board: Board) -> None:
    page = board.page(b"{}").decode()
    first = page[page.index('<div id="first"') : page.index('<div id="react-entry-point"')]
    for name, panel in PANELS.items():
        place = f"{name}-words" if panel.figure else f"{name}-body"
        assert f'data-first="{place}"' in first
        assert panel.figure or f'id="{name}-body"' not in first, "ids are Dash's alone"


def test_replicas_have_the_same_paths_and_bytes(board: Board) -> None:
    """Behind a balancer one replica's page asks the other for its files, whenever each was installed."""
    for path, file in board.files.items():
        if file.cache == IMMUTABLE:
            assert f".{digest(file.body)}." in path
    other = Board(parse(CONFIG, "roomwatch.yaml", Path()), "1.2.3")
    assert dict(other.files) == dict(board.files)
