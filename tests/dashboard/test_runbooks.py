"""The runbooks as the board serves them, and as they agree with the alerts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import jwt
import pytest
from fastapi import FastAPI

from dashboard.runbooks import FIRST, FOLDERS, Runbooks, html, make_runbooks
from probes.alerting.rules import rules
from probes.alerting.table import ALERTS
from probes.settings import parse, read_config
from tests.janus import ADMIN_SECRET, JanusNode
from tests.product import service, up

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "config/runbooks"
HEADINGS = [
    "What people feel",
    "Look first",
    "Likely causes",
    "Commands",
    "What to tell the public",
    "When to relocate",
]
TOKEN_OF_ONE = {"name": "one", "token": "0123456789abcdef"}
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def text(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def commands(name: str) -> list[str]:
    """The lines that a page tells to run."""
    return [line.strip() for block in SHELL.findall(text(name)) for line in block.splitlines() if line]


async def asked(path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(make_runbooks(Runbooks()))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://board") as client:
        return await client.get(path)


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert {path.stem for path in PAGES.iterdir()} == ALERTS.keys() | {FIRST}
    assert set(Runbooks().names) == ALERTS.keys() | {FIRST}


@pytest.mark.parametrize("name", ALERTS)
def test_a_page_is_short_and_answers_the_same_questions_in_the_same_order(name: str) -> None:
    page = text(name)
    assert page.startswith(f"# {name}\n\n{ALERTS[name].meaning}")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADINGS
    assert len(page.splitlines()) <= 75


@pytest.mark.parametrize("name", [*ALERTS, FIRST])
def test_links_of_a_page_lead_to_pages(name: str) -> None:
    for page, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text(name)):
        assert (PAGES / page).is_file()
        assert not anchor or f'id="{anchor}"' in html((PAGES / page).read_text("utf-8"))


@pytest.mark.anyio
async def test_the_address_of_every_alert_opens() -> None:
    made = rules(parse(*read_config(ROOT / "config/roomwatch.yaml")))
    addresses = re.findall(r"runbook_url: http://127\.0\.0\.1:8050(\S+)", made)
    assert len(addresses) == len(ALERTS)
    for address in addresses:
        answer = await asked(address)
        assert answer.status_code == 200
        assert f'<h1 id="{address.rpartition("/")[2].lower()}">' in answer.text
        assert "script" not in answer.headers["Content-Security-Policy"]


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/runbooks", "/runbooks/"])
async def test_without_a_name_all_are_listed_with_what_they_mean(path: str) -> None:
    answer = await asked(path)
    assert answer.status_code == 200
    main = re.search(r"<main>(.*)</main>", answer.text, re.DOTALL)
    assert main is not None
    rows = re.findall(r'<td><a href="/runbooks/(\w+)">\1</a></td>\s*<td>(.+)</td>\s*<td>(\w+)</td>', main[1])
    assert rows == [(name, alert.meaning, alert.severity) for name, alert in ALERTS.items()]


@pytest.mark.anyio
async def test_the_first_page_and_names_with_their_suffix_open_and_others_do_not() -> None:
    assert "Before a launch" in (await asked("/runbooks/README.md")).text
    for name in ("Nothing", "..%2F..%2Fpyproject.toml", "%2Fetc%2Fpasswd", "README.md.md"):
        assert (await asked(f"/runbooks/{name}")).status_code == 404


def test_html_in_a_page_is_text(tmp_path: Path) -> None:
    (tmp_path / "X.md").write_text("# X\n\n<script>alert(1)</script> [a](javascript:alert(1))\n", "utf-8")
    page = Runbooks((tmp_path,)).page("X")
    assert page is not None
    assert "<script" not in page
    assert 'href="javascript' not in page


def test_pages_are_found_in_the_source_tree_and_where_it_was_installed() -> None:
    assert FOLDERS[0].parent.name == "dashboard"
    assert FOLDERS[1] == PAGES


def shell(line: str, **env: str) -> str:
    """What bash prints for a line after the functions of the first page are there. Raises where it fails."""
    functions = "\n".join(c for c in commands(FIRST) if re.match(r"\w+\(\) \{", c))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1", **env}
    script = ["bash", "-ec", f"set -o pipefail\n{functions}\n{line}"]
    return subprocess.run(script, env=ours, check=True, capture_output=True, text=True).stdout


def test_what_pages_tell_to_ask_janus_is_what_janus_answers() -> None:
    told = {line for name in [*ALERTS, FIRST] for line in commands(name) if line.startswith("audiobridge ")}
    assert len(told) >= 4
    with JanusNode() as node:
        env = {"JANUS": node.admin_url, "JANUS_ADMIN_SECRET": ADMIN_SECRET}
        node.create_room(1234)
        for line in sorted(told - {line for line in told if "jq" in line}):
            answer = shell(line, **env)
            assert '"janus":"success"' in answer
            assert "error" not in answer, f"{line}: {answer}"


def test_the_token_that_the_first_page_makes_is_one_of_livekit() -> None:
    env = {"LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "s" * 32}
    token = shell("livekit_token launch room_list room_admin", **env).strip()
    read = jwt.decode(token, "s" * 32, algorithms=["HS256"])
    assert read["iss"] == "key"
    assert (read["video"]["roomList"], read["video"]["roomAdmin"], read["video"]["room"]) == (
        True,
        True,
        "launch",
    )


def test_every_function_and_variable_of_the_pages_is_set_on_the_first() -> None:
    first = text(FIRST)
    for name in ALERTS:
        for line in commands(name):
            used = re.findall(r"\$\{?([A-Z_]+)", line) + re.findall(r"^(audiobridge|livekit)\b", line)
            assert all(f"{each}=" in first or f"{each}()" in first for each in used), line


def test_the_board_serves_them_behind_its_guard(tmp_path: Path) -> None:
    with up(tmp_path, service("rooms", "http://127.0.0.1:9"), auth={"tokens": [TOKEN_OF_ONE]}) as board:
        address = "/runbooks/RoomsEnded"
        assert board.ask(address).status_code == 401
        bearer = {"Authorization": f"Bearer {TOKEN_OF_ONE['token']}"}
        for method in ("GET", "HEAD"):
            answer = board.ask(address, method, **bearer)
            assert answer.status_code == 200
            assert answer.headers["Content-Type"].startswith("text/html")
        assert board.ask("/runbooks/Nothing", **bearer).status_code == 404
