"""The roster: one poll for each endpoint, and a join wherever the config wants one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from probes.http import Http
from probes.roster import roster
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


def test_a_join_is_tried_at_every_node_unless_some_are_named() -> None:
    assert keys("") == ["stage/a/rooms", "stage/b/rooms", "stage/a/join", "stage/b/join"]
    assert keys(", nodes: [b]") == ["stage/a/rooms", "stage/b/rooms", "stage/b/join"]
