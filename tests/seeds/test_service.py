"""The seeds service as a process on a real port: what it serves, how tries end, how it stops."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import msgspec
import pytest

import seeds
from seeds.door import attempt
from seeds.play import Outcome, Played
from seeds.service import MAX_HELD, Playback, make_app
from tests.seeds.conftest import PATIENCE, ROOT, Play, Playing
from tests.servers import wait_until

MAY = "spaces-2023-05-24"
STARTS = 1_684_965_600.0

TOLD: dict[Outcome, tuple[int, str]] = {
    "joined": (200, "joined"),
    "unavailable": (503, "details_unavailable"),
    "aborted": (499, "client_crashed"),
    "room_full": (403, "room_full"),
    "timeout": (504, "timeout"),
}


@pytest.fixture(scope="module")
def play_may() -> Iterator[Playing]:
    """One slow play for tests that change nothing in it."""
    playing = Playing(MAY, "--speed", "0.01")
    yield playing
    playing.end()


def rooms(playing: Playing) -> dict[str, Any]:
    reply = playing.client.get("/rooms")
    assert reply.status_code == 200 and reply.headers["content-type"] == "application/json"
    body: dict[str, Any] = reply.json()
    return body


def held(playing: Playing) -> int:
    count: int = playing.client.get("/healthz").json()["held"]
    return count


@contextmanager
def waiting_tries(playing: Playing, count: int, room: str = "current") -> Iterator[list[socket.socket]]:
    """`count` clients that have sent a try, seen by the service, and wait for its answer."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", playing.port), PATIENCE))
            client.sendall(
                f"POST /rooms/{room}/join HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()
            )
            clients.append(client)
        wait_until(lambda: held(playing) == count, PATIENCE, f"sign of {count} held tries")
        yield clients


def test_playback_maps_the_wall_onto_the_event() -> None:
    now = [100.0]
    playback = Playback(10.0, clock=lambda: now[0])
    now[0] = 150.0
    assert playback.t == 0.0, "it has not begun"
    playback.begin()
    now[0] = 152.5
    playback.begin()
    assert playback.t == 25.0, "only the first begin counts"


def test_a_play_may_begin_in_the_middle_of_the_event(play: Play) -> None:
    """Its counters are those of then: who was let in before is not let in anew."""
    playing = play(MAY, "--speed", "50", "--start-at", "1200")
    assert playing.client.get("/").json()["t"] == 1200.0
    first = rooms(playing)
    assert STARTS + 1200 <= first["time"] < STARTS + 1201
    assert first["joins"]["joined"] >= Played(seeds.load(MAY)).at(1200).joins["joined"]


def test_the_first_poll_sees_the_first_second_however_late_it_comes(play: Play) -> None:
    playing = play(MAY, "--speed", "50")
    assert playing.client.get("/").json()["t"] == 0.0
    assert playing.client.post("/rooms/launch-1/join").status_code in {status for status, _ in TOLD.values()}
    first = rooms(playing)
    assert STARTS <= first["time"] < STARTS + 1
    assert first["speed"] == 50.0
    assert first["nodes"] == [{"id": "n1", "label": "Node 1"}, {"id": "n2", "label": "Node 2"}]


def test_what_it_serves_is_what_was_played(play: Play) -> None:
    playing = play(MAY, "--speed", "50", "--number", "9")
    played = Played(seeds.load(MAY), 9)
    for _ in range(20):
        served = rooms(playing)
        moment = played.at(served["time"] - STARTS)
        (room,) = served["rooms"]
        expected = msgspec.to_builtins(moment.rooms[0])
        # `time` loses some tenths of a microsecond beside 1.7 billion seconds.
        assert room.pop("participants") == pytest.approx(expected.pop("participants"), abs=2)
        assert room == {**expected, "hosts": ["host-1", "host-2"]}
        assert served["joins"] == pytest.approx(moment.joins, abs=2)


def test_event_time_runs_speed_times_as_fast_as_the_wall(play: Play) -> None:
    playing = play(MAY, "--speed", "25")
    sent_1 = time.monotonic()
    first = rooms(playing)["time"]
    answered_1 = time.monotonic()
    wait_until(lambda: time.monotonic() > answered_1 + 0.3, PATIENCE, "third of a second gone")
    sent_2 = time.monotonic()
    second = rooms(playing)["time"]
    answered_2 = time.monotonic()
    assert (sent_2 - answered_1) * 25 - 0.001 <= second - first <= (answered_2 - sent_1) * 25 + 0.001


def test_after_the_event_there_are_no_rooms_and_time_goes_on(play: Play) -> None:
    playing = play(MAY, "--speed", "10000")
    wait_until(lambda: rooms(playing)["rooms"] == [], PATIENCE, "end of the event")
    wait_until(lambda: rooms(playing)["time"] > STARTS + 5460, PATIENCE, "time after the event")
    assert rooms(playing)["joins"] == Played(seeds.load(MAY)).at(1e9).joins
    assert playing.client.post("/rooms/current/join").status_code == 404
    assert playing.client.post("/rooms/launch-2/join").status_code == 404


def test_tries_end_in_the_order_that_the_number_draws(play: Play) -> None:
    """Until the first poll the event stands at its start, so 60 tries meet one door."""
    playing = play(MAY, "--speed", "5000", "--number", "2")
    shares = Played(seeds.load(MAY), 2).at(0).doors["launch-1"].shares
    told = []
    for _ in range(60):
        reply = playing.client.post("/rooms/current/join")
        told.append((reply.status_code, reply.json()["code"]))
    drawn = [attempt(shares, 2, nth)[0] for nth in range(1, 61)]
    assert told == [TOLD[outcome] for outcome in drawn]
    assert set(drawn) == {"joined", "unavailable", "timeout", "aborted"}


def test_a_full_room_says_so(play: Play) -> None:
    playing = play("clubhouse-2021-02-01", "--speed", "300")

    def full() -> bool:
        reply = playing.client.post("/rooms/show-1/join")
        return (reply.status_code, reply.json()["code"]) == (403, "room_full")

    rooms(playing)
    wait_until(full, PATIENCE, "try that is told `room_full`")


@pytest.mark.parametrize(
    "room",
    [
        "nope",
        "launch-2",
        "%3Cimg%20src=x%20onerror=alert(1)%3E",
        "..%2F..",
        "%00",
        "%25%7Bx%7D",
        "a" * 10_000,
        "%F0%9F",
        "small-0-1",
    ],
)
def test_a_join_of_no_room_is_a_404_that_repeats_nothing(play_may: Playing, room: str) -> None:
    reply = play_may.client.post(f"/rooms/{room}/join")
    assert (reply.status_code, reply.json()) == (404, {"code": "not_found"})


def test_unknown_paths_and_methods_are_refused_in_json(play_may: Playing) -> None:
    assert play_may.client.get("/nope").status_code == 404
    assert play_may.client.get("/nope").json() == {"code": "no_such_path"}
    assert play_may.client.get("/rooms/current/join").status_code == 405
    assert play_may.client.delete("/rooms").json() == {"code": "method_not_allowed"}


def test_a_try_whose_client_leaves_is_let_go(play_may: Playing) -> None:
    with waiting_tries(play_may, 3):
        pass
    wait_until(lambda: held(play_may) == 0, PATIENCE, "moment without a held try")


def test_beyond_the_most_that_are_held_a_try_is_refused_at_once(play: Play) -> None:
    playing = play(MAY, "--speed", "0.001")
    with waiting_tries(playing, MAX_HELD):
        reply = playing.client.post("/rooms/current/join")
        assert (reply.status_code, reply.json()) == (503, {"code": "overloaded"})
        assert rooms(playing)["rooms"], "polls go on"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_told_although_tries_are_held(play: Play, number: signal.Signals) -> None:
    playing = play(MAY, "--speed", "0.001")
    with waiting_tries(playing, 20) as clients:
        playing.process.send_signal(number)
        assert playing.process.wait(PATIENCE / 3) == 0
        assert all(client.recv(20).startswith(b"HTTP/1.1 ") for client in clients), "each has its answer"
    assert playing.process.stdout is not None and playing.process.stderr is not None
    assert (playing.process.stdout.read(), playing.process.stderr.read()) == ("", "")


def test_it_ends_although_a_client_does_not_read_its_answer(play: Play) -> None:
    playing = play(MAY, "--rooms", "60000")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", playing.port))
        client.sendall(b"GET /rooms HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1) == b"H"
        playing.process.terminate()
        assert playing.process.wait(PATIENCE / 3) == 0


def test_it_ends_with_its_standard_input_when_asked_to(play: Play) -> None:
    playing = play(MAY, "--until-eof")
    assert playing.client.get("/healthz").json() == {"healthy": True, "held": 0}
    assert playing.process.stdin is not None
    playing.process.stdin.close()
    assert playing.process.wait(PATIENCE) == 0


def test_it_serves_as_many_small_rooms_as_asked_and_lets_people_into_them(play: Play) -> None:
    playing = play(MAY, "--rooms", "20000", "--speed", "50")
    small = playing.client.get("/rooms").json()["rooms"][1:]
    assert len({room["id"] for room in small}) == 20_000
    assert playing.client.post("/rooms/nothing-like-it/join").status_code == 404

    def lets_in() -> bool:
        newest = playing.client.get("/rooms").json()["rooms"][-1]
        reply = playing.client.post(f"/rooms/{newest['id']}/join")
        return reply.status_code == 200 and reply.json() == {"code": "joined", "room": newest["id"]}

    wait_until(lets_in, PATIENCE, "small room that lets someone in")


def test_many_polls_and_tries_at_once_are_all_answered(play: Play) -> None:
    playing = play(MAY, "--speed", "1000")

    def one(index: int) -> int:
        with httpx.Client(base_url=playing.url, timeout=PATIENCE, trust_env=False) as client:
            return (client.get("/rooms") if index % 2 else client.post("/rooms/current/join")).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(80)))
    assert set(statuses[1::2]) == {200}
    assert set(statuses[::2]) <= {404} | {status for status, _ in TOLD.values()}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["spaces-2032"], 2, "Did you mean spaces-20"),
        (["zzz"], 2, "Seeds: clubhouse-2021-02-01, spaces-2023-05-24, spaces-2024-08-12."),
        ([MAY, "--speed", "0"], 2, "expected a speed above 0 and up to 10000, not '0'"),
        ([MAY, "--speed", "nan"], 2, "expected a speed above 0"),
        ([MAY, "--port", "70000"], 2, "expected a whole number from 0 to 65535, not '70000'"),
        ([MAY, "--rooms", "-1"], 2, "expected a whole number from 0 to 200000"),
    ],
)
def test_a_wrong_argument_is_answered_with_a_sentence(arguments: list[str], code: int, said: str) -> None:
    command = [sys.executable, "-m", "seeds", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_taken_port_is_answered_with_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "seeds", MAY, "--port", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


def test_the_app_stands_alone_in_another_server() -> None:
    """`make_app` needs nothing but a seed: polled without the process around it."""
    app = make_app(seeds.load(MAY), speed=2.0)

    async def poll() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://seeds") as client:
            body: dict[str, Any] = (await client.get("/rooms")).json()
            return body

    assert asyncio.run(poll())["time"] == pytest.approx(STARTS, abs=20)


def test_a_link_into_a_room_shows_a_page_that_says_where_one_is(play_may: Playing) -> None:
    rooms(play_may)
    here, nowhere = (play_may.client.get(f"/room/{room}") for room in ("launch-1", "<b>launch-2"))
    assert (here.status_code, nowhere.status_code) == (200, 404)
    assert "<h1>Campaign launch</h1>" in here.text and "You are in this room" in here.text
    assert here.headers["content-type"].startswith("text/html") and "<b>" not in nowhere.text
    assert here.headers["content-security-policy"] == "default-src 'none'"
