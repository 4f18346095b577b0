"""Ends and deaths: everything goes within seconds, nothing that was seen is lost, nothing is invented."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.demo import MAPPING
from tests.hindrance import Stopwatch
from tests.product import PATIENCE, Product, Rooms, is_running, seeds_service, service, up
from tests.servers import wait_until

VIEWERS = 100
ENDING = 2.0
"""Seconds promised from being told to end until everything has."""

MOST = 5.0
"""What a busy machine may make of it."""

A_TICK = 1.0
"""Seconds: the tick unless a config says otherwise; what may be lost at most."""


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    with Rooms(r1=300, r2=50) as rooms:
        yield rooms


@contextlib.contextmanager
def viewers(board: Product, count: int) -> Iterator[list[socket.socket]]:
    """Open event streams that have had their first frame."""
    host, port = board.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as held:
        connections = [
            held.enter_context(socket.create_connection((host, int(port)), PATIENCE)) for _ in range(count)
        ]
        for connection in connections:
            connection.sendall(f"GET /live HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        for connection in connections:
            told = b""
            while b"event: frame" not in told:
                told += connection.recv(65536)
        yield connections


def rest(connection: socket.socket) -> bytes:
    """What comes until the other end closes, or is gone."""
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(65536):
            told += more
    return told


def seen(board: Product) -> dict[str, list[float]]:
    """What the page itself carries of the past, without a question to the API."""
    found = re.search(r'id="recent">(.*?)</script>', board.ask("/").text, re.DOTALL)
    assert found
    window = json.loads(found[1])["services"].get("rooms", {"at": [], "participants": []})
    return {"at": window["at"], "participants": window["participants"]}


def started(board: Product) -> None:
    board.wait(lambda f: f["rooms"]["participants"] == 350, "people")


def test_told_to_end_it_ends_with_everything_and_says_bye_to_every_viewer(
    tmp_path: Path, rooms: Rooms
) -> None:
    board = up(tmp_path, service("rooms", rooms.url))
    # A shell's usual soft limit may be smaller than a crowd: it is raised to the hard one.
    board.command = ["sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh", *board.command]
    with board:
        started(board)
        with viewers(board, VIEWERS) as connections:
            code, seconds = board.end(signal.SIGTERM)
            ends = [rest(connection) for connection in connections]
        print(f"with {VIEWERS} viewers: everything had ended after {seconds:.2f} s")
        assert code == 0
        assert all(end.endswith(b"event: bye\ndata: {}\n\n\r\n0\r\n\r\n") for end in ends)
        assert seconds < MOST
        assert "Traceback" not in board.log
        assert "error" not in board.log.lower()


def test_viewers_that_take_nothing_hold_up_no_end(tmp_path: Path, rooms: Rooms) -> None:
    rooms.rooms = {f"room-{n}": n for n in range(200)}
    with up(tmp_path, service("rooms", rooms.url)) as board:
        board.wait(lambda f: f["rooms"]["rooms_open"] == 200, "rooms")
        with viewers(board, 5):
            wait_until(
                lambda: board.metrics("roomwatch_frames_skipped_total") > 0, PATIENCE, "skipped frames"
            )
            code, seconds = board.end(signal.SIGINT)
        print(f"with viewers that take nothing: {seconds:.2f} s")
        assert code == 0
        assert seconds < MOST + 1


def test_a_killed_web_process_takes_the_prober_along_and_its_port_is_free(
    tmp_path: Path, rooms: Rooms
) -> None:
    with up(tmp_path, service("rooms", rooms.url)) as board:
        started(board)
        board.command[-1] = str(board.port)
        with viewers(board, 3):
            (prober,) = board.kill_web()
        seconds = Stopwatch(prober.pid).until(lambda: not is_running(prober), PATIENCE)
        print(f"the prober ended {seconds:.2f} s after the web process was killed")
        assert seconds < MOST
        polls = rooms.polls
        board.start()
        started(board)
        assert rooms.polls > polls


def test_a_second_one_on_the_same_history_is_refused_until_the_first_is_gone(
    tmp_path: Path, rooms: Rooms
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shared = {"path": "../history.sqlite"}
    with up(tmp_path, service("rooms", rooms.url)) as first:
        started(first)
        second = up(elsewhere, service("rooms", rooms.url), history=shared)
        with pytest.raises(AssertionError, match="exit code 1"):
            second.start()
        assert f"The history {tmp_path / 'history.sqlite'} is kept by another Roomwatch." in second.log
        assert "set history.path to another file" in second.log
        assert "Traceback" not in second.log
        first.prober.kill()
        goes_on_after(first, time.time())
        assert "not kept" not in first.log
        first.kill_web()
        with second:
            started(second)


def test_a_killed_prober_is_started_again_and_nothing_is_invented(tmp_path: Path, rooms: Rooms) -> None:
    with up(tmp_path, service("rooms", rooms.url)) as board:
        started(board)
        old = board.prober
        past = seen(board)["at"]
        old.kill()
        goes_on_after(board, time.time())
        assert board.prober.pid != old.pid
        assert board.metrics("roomwatch_prober_restarts_total") == 1
        assert board.frame()["rooms"]["relocations"] == []
        assert seen(board)["at"][0] == past[0]
        assert board.metrics("rooms_relocations_total") == 0
        at = time.time()
        kept = board.json(f"/api/v1/history?service=rooms&start={at - 600}&end={at + 600}")["at"]
        assert kept[0] <= past[0] + 1


def test_a_restart_is_no_recovery(tmp_path: Path) -> None:
    """Half of the joins fail: not for a moment is all well after the prober, or everything, was killed."""
    with seeds_service(start_at=300) as url:
        watched = {"name": "spaces", "kind": "http-json", "url": f"{url}/rooms", "every": "1s", **MAPPING}
        with up(tmp_path, watched) as board:
            failing = board.wait(lambda f: f["spaces"]["state"] == "failing", "failing joins")
            began = failing["spaces"]["observed_at"]
            board.prober.kill()
            has_a_share_after(board, time.time())
            board.kill()
            board.start()
            has_a_share_after(board, time.time())
            kept = board.json(f"/api/v1/history?service=spaces&start={began}&end={time.time() + 60}")["state"]
    assert set(kept) <= {"failing", "unknown"}
    assert kept[-1] == "failing"


def test_a_relocation_is_known_after_a_restart_and_not_counted_again(tmp_path: Path) -> None:
    nodes = {"rooms": {"list": "rooms", "id": "id", "participants": "participants"}, "every": "200ms"}
    with Rooms(r1=300) as a, Rooms() as b:
        two = [{"id": "a", "url": a.url}, {"id": "b", "url": b.url}]
        watched = {"name": "rooms", "kind": "http-json", "nodes": two, **nodes}
        with up(tmp_path, watched) as board:
            board.wait(lambda f: f["rooms"]["participants"] == 300, "people")
            a.rooms, b.rooms = b.rooms, a.rooms
            (moved,) = board.wait(lambda f: f["rooms"]["relocations"], "relocation")["rooms"]["relocations"]
            wait_until(
                lambda: moved["id"] in (tmp_path / "history.sqlite-wal").read_bytes().decode("latin-1"),
                PATIENCE,
                "relocation in the history",
            )
            board.prober.kill()
            goes_on_after(board, time.time(), people=300)
            again = board.frame()["rooms"]["relocations"]
            assert [(r["id"], r["cause"]) for r in again] == [(moved["id"], "moved")]


def test_killed_with_everything_the_history_opens_and_at_most_the_last_tick_is_missing(
    tmp_path: Path, rooms: Rooms
) -> None:
    """Both processes at once, in the middle of polling, writing and showing; ten ticks a second."""
    with up(tmp_path, service("rooms", rooms.url, every="100ms")) as board:
        started(board)
        frames = frames_until_killed(board, time.time())
        board.start()
        kept = kept_between(board, frames[0], frames[-1])
        page = seen(board)
        assert "cannot be read" not in board.log
        assert "not kept" not in board.log
        assert 350 in page["participants"], "the first page shows nothing of before"
        assert max(page["at"]) >= max(kept, default=0)
        lost = [at for at in frames if at > max(kept, default=0)]
        assert set(frames) - set(lost) <= set(kept), "a tick in the middle is missing"
        assert not lost or frames[-1] - lost[0] < A_TICK, "more than the last tick is missing"
        started(board)
        assert board.frame()["rooms"]["relocations"] == []
    print(f"frames of 100 ms missing: {len(lost)}")


def frames_until_killed(board: Product, since: float) -> list[float]:
    """The times of all frames that somebody saw before everything was killed."""
    told = b""
    with viewers(board, 1) as (connection,):
        while max(times(told), default=0) <= since:
            told += connection.recv(65536)
        board.kill()
        told += rest(connection)
    return times(told)


def times(told: bytes) -> list[float]:
    return [float(at) for at in re.findall(rb'^data: \{"seq":\d+,"at":([0-9.]+),', told, re.MULTILINE)]


def kept_between(board: Product, first: float, last: float) -> list[float]:
    past = board.json(f"/api/v1/history?service=rooms&start={first - 0.01}&end={last + 0.01}")
    kept: list[float] = past["at"]
    return kept


def has_a_share_after(board: Product, at: float) -> None:
    """Return when it was answered later than `at`, and how joins go is known."""

    def knows(seen: dict[str, dict[str, Any]]) -> bool:
        door = seen["spaces"]["door"] or {}
        return (seen["spaces"]["observed_at"] or 0) > at and door.get("success_ratio") is not None

    board.wait(knows, "share of joins")


def goes_on_after(board: Product, at: float, people: int = 350) -> None:
    """Return when there is a frame later than `at` with everyone in it."""

    def goes_on() -> bool:
        frame = board.json("/api/v1/frame")
        return bool(frame["at"] > at and frame["services"][0]["participants"] == people)

    wait_until(goes_on, PATIENCE, "frames that go on")
