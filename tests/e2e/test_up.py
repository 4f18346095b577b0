"""`roomwatch up`, whole: two services with real sockets, and everything that is served about them."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashboard.children import module_command, module_environment
from tests.product import AUTH, PATIENCE, WRITER, Product, Rooms, seeds_service, service, up, watching
from tests.servers import wait_until

HOSTILE = {
    "r1": "<img src=x onerror=alert(1)>",
    "r2": 'quote " backslash \\ newline \n end',
    "r3": "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "r4": "%{x} [bold red]markup[/] <!channel>",
    "r5": "\u202eright to left\u2066",
    "r6": "x" * 10_000,
    'r"7\\\n': "an id that needs escapes",
    "r8": "</script><script>alert(1)</script>",
}


@pytest.fixture(scope="module")
def rooms() -> Iterator[Rooms]:
    with Rooms(**dict.fromkeys(HOSTILE, 20)) as rooms:
        rooms.titles = HOSTILE
        yield rooms


@pytest.fixture(scope="module")
def board(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Watches a service with hostile rooms, and a seed."""
    with seeds_service() as seed:
        watched = (service("hostile", rooms.url), service("spaces", f"{seed}/rooms", time="time"))
        with up(tmp_path_factory.mktemp("up"), *watched, auth=AUTH) as board:
            board.ask = _with_token(board)  # type: ignore[method-assign]
            board.wait(
                lambda f: f["hostile"]["participants"] and f["spaces"]["participants"], "both services"
            )
            yield board


def _with_token(board: Product) -> Any:
    plain = board.ask

    def ask(path: str, method: str = "GET", **headers: str) -> Any:
        return plain(path, method, **{**WRITER, **headers})

    return ask


def test_the_frame_tells_what_the_services_tell(board: Product, rooms: Rooms) -> None:
    frame = board.json("/api/v1/frame")
    assert frame["seq"] == pytest.approx(frame["at"] * 20, abs=1)
    assert frame["at"] == pytest.approx(time.time(), abs=30)
    hostile, spaces = frame["services"]
    assert (hostile["name"], hostile["rooms_open"], hostile["participants"]) == ("hostile", 8, 160)
    assert (hostile["state"], hostile["complete"]) == ("ok", True)
    assert spaces["rooms_open"] >= 1
    assert spaces["service_time"] == pytest.approx(1684965600, abs=3600)
    assert [probe["outcome"] for s in (hostile, spaces) for probe in s["probes"]] == ["ok", "ok"]


def test_the_metrics_can_be_parsed_and_agree_with_the_frame(board: Product, rooms: Rooms) -> None:
    answer = board.ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    sizes = {
        sample.labels["room"]: sample.value
        for sample in families["rooms_participants"].samples
        if sample.labels["rooms_service"] == "hostile"
    }
    assert [sizes[room] for room in HOSTILE if room != 'r"7\\\n'] == [20.0] * 7
    assert sum(sizes.values()) == 160
    (total,) = (
        s for s in families["rooms_service_participants"].samples if s.labels["rooms_service"] == "hostile"
    )
    assert total.value == 160
    for name in ("roomwatch_build_info", "roomwatch_frame_timestamp_seconds", "roomwatch_loop_lag_seconds"):
        assert families[name].samples
    assert "_created" not in answer.text


def test_titles_are_inert_wherever_they_are_text(board: Product) -> None:
    api = board.ask("/api/v1/frame").text + board.ask("/api/v1/rooms?service=hostile").text
    page = board.ask("/").text
    for told in (api, page, board.ask("/metrics").text, board.log):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", told)
    inline = re.search(r'<script type="application/json" id="recent">(.*?)</script>', page, re.DOTALL)
    assert inline
    assert "<" not in inline[1]
    assert HOSTILE["r1"] in {room["title"] for room in json.loads(inline[1])["services"]["hostile"]["rooms"]}
    assert max(len(room["title"]) for room in board.json("/api/v1/rooms?service=hostile")["rooms"]) <= 128


def test_the_stream_gives_numbered_frames(board: Product) -> None:
    with watching(f"{board.url}/live", **WRITER) as events:
        retry, *frames = islice(events, 4)
    assert retry.keys() == {"retry"}
    assert 1000 <= int(retry["retry"]) <= 5000
    assert all(frame.keys() == {"id", "event", "data"} for frame in frames)
    assert {frame["event"] for frame in frames} == {"frame"}
    bodies = [json.loads(frame["data"]) for frame in frames]
    assert [int(frame["id"]) for frame in frames] == [body["seq"] for body in bodies]
    assert all(earlier["seq"] < later["seq"] for earlier, later in pairwise(bodies))
    assert bodies[0].keys() == board.json("/api/v1/frame").keys()


def test_a_reconnect_gets_one_catch_up_with_what_was_missed_then_frames(board: Product) -> None:
    seen = board.json("/api/v1/frame")["seq"]
    board.wait(lambda f: f["seq"] > seen + 20, "later frames")
    with watching(f"{board.url}/live", Last_Event_ID=str(seen), **WRITER) as events:
        _, catchup, frame = islice(events, 3)
    assert (catchup["event"], frame["event"]) == ("catchup", "frame")
    window = json.loads(catchup["data"])
    assert window.keys() == board.json("/api/v1/recent").keys()
    told = window["services"]["hostile"]["seq"]
    assert any(seen < number <= int(catchup["id"]) for number in told)
    assert len(told) == len(window["services"]["hostile"]["participants"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_an_unknown_path_is_not_found(board: Product, method: str) -> None:
    known = ("/api/v1/frame", "/live", "/-/ready", "/metrics", "/api/docs")
    wrong = ("/nothing", "/api", "/api/v1", "/docs", "/redoc", "/-/", "/assets/", "//", "/%2e%2e/etc/passwd")
    for path in (*wrong, "/_dash-update-component", *(f"{path}/" for path in known)):
        assert board.ask(path, method).status_code == 404, path


@pytest.mark.parametrize("path", ["/", "/api/v1/frame", "/metrics", "/live", "/-/healthy", "/api/docs"])
def test_a_known_path_refuses_other_methods(board: Product, path: str) -> None:
    answer = board.ask(path, "POST")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/live",
        "/metrics",
        "/-/healthy",
        "/-/ready",
        "/api/v1/frame",
        "/api/v1/recent",
        "/api/openapi.json",
    ],
)
def test_head_is_the_head_of_get(board: Product, path: str) -> None:
    head = board.ask(path, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"]


def test_health_and_readiness_need_no_token(board: Product) -> None:
    for path in ("/-/healthy", "/-/ready"):
        answer = board.ask(path, Authorization="", Host="10.2.3.4:8050")
        assert answer.status_code == 200
    assert board.ask("/api/v1/frame", Authorization="").status_code == 401


@contextlib.contextmanager
def stopped_prober(board: Product) -> Iterator[None]:
    board.prober.suspend()
    try:
        yield
    finally:
        board.prober.resume()
    board.wait(lambda f: f["hostile"]["participants"] and f["spaces"]["participants"], "both services again")


def test_health_fails_after_five_missed_ticks_and_comes_back(board: Product) -> None:
    with stopped_prober(board):
        wait_until(lambda: board.ask("/-/healthy").status_code == 503, PATIENCE, "503")
        assert re.fullmatch(r"no tick for \d+\.\d s\n", board.ask("/-/healthy").text)
        assert board.ask("/api/v1/frame").status_code == 200
    wait_until(lambda: board.ask("/-/healthy").status_code == 200, PATIENCE, "200")


def test_the_api_is_described_and_its_page_loads_nothing_from_elsewhere(board: Product) -> None:
    described = board.json("/api/openapi.json")
    assert {"/api/v1/frame", "/api/v1/rooms", "/api/v1/relocations", "/api/v1/history", "/-/reload"} <= set(
        described["paths"]
    )
    page = board.ask("/api/docs")
    assert page.status_code == 200
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(""", page.text)
    assert all(path in page.text for path in described["paths"])


def test_every_route_of_the_api_answers_as_described(board: Product) -> None:
    at = time.time()
    history = board.json(f"/api/v1/history?service=hostile&start={at - 600}&end={at + 600}")
    assert 160 in history["participants"]
    assert board.json("/api/v1/relocations?service=hostile") == {
        "services": [{"service": "hostile", "relocations": []}]
    }
    first = board.json("/api/v1/rooms?service=hostile&limit=5")
    second = board.json(f"/api/v1/rooms?service=hostile&limit=5&after={quote(first['next'])}")
    assert (first["total"], len(first["rooms"]), len(second["rooms"]), second["next"]) == (8, 5, 3, "")
    assert {room["id"] for room in first["rooms"] + second["rooms"]} >= {"r1", "r8"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/rooms", 422),
        ("/api/v1/rooms?service=none", 404),
        ("/api/v1/rooms?service=hostile&limit=1001", 422),
        ("/api/v1/rooms?service=hostile&limit=0", 422),
        ("/api/v1/relocations?service=none", 404),
        ("/api/v1/history?service=hostile&start=5&end=5", 422),
        ("/api/v1/history?service=hostile&start=0&end=inf", 422),
        ("/api/v1/history?service=hostile&start=nan&end=1", 422),
        ("/api/v1/recent?after=-1", 422),
        ("/api/v1/recent?after=" + "9" * 5000, 422),
        ("/api/v1/rooms?service=hostile&after=garbage", 200),
    ],
)
def test_a_bad_question_is_told_so(board: Product, path: str, status: int) -> None:
    answer = board.ask(path)
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["detail"]


def test_an_answer_that_the_asker_has_is_not_sent_again(board: Product) -> None:
    with stopped_prober(board):  # so that no frame comes in between
        for path in ("/api/v1/frame", "/api/v1/recent"):
            first = board.ask(path)
            for held in (first.headers["etag"], f'"x", W/{first.headers["etag"]}'):
                again = board.ask(path, If_None_Match=held)
                assert (again.status_code, again.content) == (304, b"")
            assert board.ask(path, If_None_Match='"other"').status_code == 200


def test_assets_are_compressed_fingerprinted_and_kept(board: Product) -> None:
    page = board.ask("/")
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    scripts = re.findall(r'<script defer src="([^"]+)"', page.text)
    assert scripts
    for path in scripts:
        script = board.ask(path)
        assert script.status_code == 200
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["content-encoding"] == "gzip"
        assert script.headers["x-content-type-options"] == "nosniff"
        plain = board.ask(path, Accept_Encoding="gzip;q=0, identity")
        assert "content-encoding" not in plain.headers
        assert plain.content == script.content
        assert board.ask(path, If_None_Match=script.headers["etag"]).status_code == 304


def test_the_first_page_carries_the_recent_window(board: Product) -> None:
    page = board.ask("/").text
    inline = re.search(r'id="recent">(.*?)</script>', page, re.DOTALL)
    assert inline
    window = json.loads(inline[1])
    assert window["frame"]["seq"] == window["seq"]
    assert window["services"]["hostile"]["participants"][-1] == 160


def test_a_token_is_needed_to_write_and_other_sites_are_refused(board: Product) -> None:
    assert board.ask("/-/reload", "POST", Authorization="").status_code == 401
    refused = board.ask("/-/reload", "POST", Sec_Fetch_Site="cross-site")
    assert (refused.status_code, refused.text) == (403, "Requests from other sites are refused.\n")
    assert board.ask("/", Host="evil.example").status_code == 421


def test_a_request_that_is_no_http_and_one_that_never_ends_harm_nobody(board: Product) -> None:
    host, port = board.url.removeprefix("http://").split(":")
    held = [socket.create_connection((host, int(port))) for _ in range(50)]
    try:
        for number, connection in enumerate(held):
            connection.sendall(
                b"\x16\x03\x01 not http \r\n\r\n" if number % 2 else b"GET /metrics HTTP/1.1\r\nX-"
            )
        assert board.ask("/api/v1/frame").status_code == 200
    finally:
        for connection in held:
            connection.close()


def test_nobody_listens_to_the_world_without_rules(tmp_path: Path, rooms: Rooms) -> None:
    with pytest.raises(AssertionError, match="exit code 2"):
        open_to_all(tmp_path, rooms).start()
    told = (tmp_path / "log").read_text()
    assert "listening on 0.0.0.0 would show everything to everyone who can reach it" in told
    assert "set `auth:`" in told


def test_with_rules_it_listens_to_the_world(tmp_path: Path, rooms: Rooms) -> None:
    with open_to_all(tmp_path, rooms, auth=AUTH) as board:
        board.url = board.url.replace("0.0.0.0", "127.0.0.1")
        wait_until(lambda: board.ask("/-/ready").status_code == 200, PATIENCE, "readiness")
        assert board.ask("/api/v1/frame").status_code == 401
        assert board.ask("/api/v1/frame", **WRITER).status_code == 200
        (tmp_path / "roomwatch.yaml").write_text(
            (tmp_path / "roomwatch.yaml").read_text().replace("auth:", "objectives: {}\nx_auth:")
        )
        assert board.ask("/-/reload", "POST", **WRITER).status_code == 422


def open_to_all(folder: Path, rooms: Rooms, **keys: Any) -> Product:
    board = up(folder, service("rooms", rooms.url), **keys)
    board.command += ["--host", "0.0.0.0"]
    return board


def test_a_port_in_use_is_told(board: Product, tmp_path: Path) -> None:
    port = board.url.rsplit(":", 1)[1]
    command = module_command(
        "dashboard.cli", "up", "--config", str(board.folder / "roomwatch.yaml"), "--port", port
    )
    done = subprocess.run(
        command, cwd=tmp_path, env=module_environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use. Choose another --port." in done.stderr
    assert "Traceback" not in done.stderr


def test_it_ends_at_once_when_told_before_its_first_frame(tmp_path: Path, rooms: Rooms) -> None:
    with up(tmp_path, service("rooms", rooms.url)) as board:
        code, _ = board.end(signal.SIGINT)
        assert code == 0
        assert "Traceback" not in board.log
