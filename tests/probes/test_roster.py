"""The roster: one poll for each endpoint, and a join wherever the config wants one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from probes.http import Http
from probes.roster import Opened, roster
from probes.settings import parse

TEXT = """
services:
  - name: stage
    kind: http-json
    nodes: [{id: a, url: "http://127.0.0.1:1/"}, {id: b, url: "http://127.0.0.1:2/"}]
    join: {via: http, room: r%s}
"""


def keys(more: str) -> list[str]:
    async def main() -> list[str]:
        http = Http()
        try:
            return [probe.key for probe in roster(parse(TEXT % more, "x.yaml", Path()), http)]
        finally:
            await http.close()

    return asyncio.run(main())


def test_a_service_that_is_as_it_was_is_not_opened_again() -> None:
    """What it knows holds on through a reload."""

    async def main() -> None:
        http = Http()
        opened: Opened = {}
        try:
            for text, same in (("", False), ("", True), (", nodes: [b]", False)):
                before = opened.get("stage")
                roster(parse(TEXT % text, "x.yaml", Path()), http, opened)
                assert (before is not None and before[1] is opened["stage"][1]) is same
        finally:
            await http.close()

    asyncio.run(main())


def test_a_join_is_tried_at_every_node_unless_some_are_named() -> None:
    assert keys("") == ["stage/a/rooms", "stage/b/rooms", "stage/a/join", "stage/b/join"]
    assert keys(", nodes: [b]") == ["stage/a/rooms", "stage/b/rooms", "stage/b/join"]
