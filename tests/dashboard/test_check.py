"""`roomwatch check`: the config, then every probe once, as a table that nothing from outside can colour."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dashboard.check import table
from probes.model import JoinAttempt, Outcome, ProbeResult, Room, SnapshotPart
from tests.dashboard.commands import Done, run, run_here
from tests.probes.raw_http import answer, sends, sends_json
from tests.product import Rooms, answering, service, write_config
from tests.servers import refusing_port

HOSTILE = "\x1b[31m[bold red]red[/] \x1b]0;title\x07 \u202eback\n"


def check(folder: Path, *services: dict[str, Any], run: Callable[..., Done] = run_here) -> Done:
    write_config(folder / "roomwatch.yaml", *services)
    return run(folder, "check", "--config", "roomwatch.yaml")


def test_all_good_is_exit_code_0_and_says_what_was_learned(tmp_path: Path) -> None:
    with Rooms(r1=1200, r2=50) as rooms:
        done = check(tmp_path, service("rooms", rooms.url), run=run)
    assert done.returncode == 0
    header, row = done.stdout.splitlines()
    assert header.split() == ["service", "node", "probe", "outcome", "seconds", "learned"]
    assert row.split()[:4] == ["rooms", rooms.url.removeprefix("http://"), "rooms", "ok"]
    assert row.endswith("2 rooms, 1,250 people")
    assert done.stderr == ""


def test_one_room_is_a_room(tmp_path: Path) -> None:
    with Rooms(r1=5) as rooms:
        (_, row) = check(tmp_path, service("rooms", rooms.url)).stdout.splitlines()
    assert row.endswith("1 room, 5 people")


def test_a_failed_probe_is_exit_code_1_and_the_others_are_told_too(tmp_path: Path) -> None:
    with Rooms(r1=5) as rooms, refusing_port() as port:
        done = check(tmp_path, service("good", rooms.url), service("gone", f"http://127.0.0.1:{port}"))
    assert done.returncode == 1
    _, good, gone = done.stdout.splitlines()
    assert " ok " in good
    assert " refused " in gone
    assert "refused the connection; is the service running?" in gone


def test_a_wrong_config_is_exit_code_2_and_nobody_is_asked(tmp_path: Path) -> None:
    with Rooms(r1=5) as rooms:
        done = check(tmp_path, service("rooms", rooms.url, evry="1s"))
        assert rooms.polls == 0
    assert done.returncode == 2
    assert done.stdout == ""
    assert "roomwatch.yaml:" in done.stderr


def test_joins_are_tried_once_and_told(tmp_path: Path) -> None:
    with Rooms(r1=5) as rooms, answering(sends_json({"code": "full"}, 403)) as door:
        join = {"via": "http", "room": "r1", "path": "/x", "code": "code", "codes": {"full": "room_full"}}
        nodes = [{"url": rooms.url, "id": "n1", "join_url": door.url}]
        watched = {**service("rooms", ""), "nodes": nodes, "join": join}
        del watched["url"]
        done = check(tmp_path, watched)
    assert done.returncode == 1
    assert " join " in done.stdout
    assert " room_full " in done.stdout
    assert len(door.requests) == 1


@pytest.mark.parametrize("what", ["code of a join", "id", "html"])
def test_nothing_that_a_service_says_acts_on_the_terminal(tmp_path: Path, what: str) -> None:
    join = {"via": "http", "room": "r1", "path": "/x", "code": "code"}
    bodies = {
        "code of a join": (json.dumps({"code": HOSTILE}), {"join": join}),
        "id": (json.dumps({"rooms": [{"id": HOSTILE, "participants": "[red]many[/]" + HOSTILE}]}), {}),
        "html": (HOSTILE, {}),
    }
    body, keys = bodies[what]
    with answering(sends(answer(body.encode(), 403 if what == "code of a join" else 200))) as server:
        done = check(tmp_path, service("rooms", server.url, **keys))
    assert done.returncode == 1
    for told in (done.stdout, done.stderr):
        assert not [c for c in told if not (c.isprintable() or c == "\n")]


def test_markup_stays_text_in_the_table() -> None:
    part = SnapshotPart(rooms=[Room(id="a", node="n")])
    joined = JoinAttempt(room="[link=http://x]r[/]", outcome=Outcome.JOINED)
    results = [
        result(HOSTILE, Outcome.OK, part=part, detail=f"[bold]note[/] {HOSTILE}"),
        result("[blink]n[/]", Outcome.JOINED, attempt=joined),
    ]
    console = Console(width=200, force_terminal=True, color_system=None)
    with console.capture() as printed:
        console.print(table(results))
    for kept in ("[bold]note[/]", "[blink]n[/]", "got into [link=http://x]r[/]", "[bold red]red[/]"):
        assert kept in printed.get()
    for acting in ("\x1b[31m", "\x1b]", "\x07", "\u202e"):
        assert acting not in printed.get()


def result(node: str, outcome: Outcome, **learned: Any) -> ProbeResult:
    return ProbeResult(service="s", node=node, probe="p", outcome=outcome, at=0, seconds=0.1, **learned)
