"""What holds behind every cache that is shipped: a crowd, an origin that dies, and the private paths."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.counting import Counting
from tests.product import PATIENCE, TOKEN, Product, Rooms, service, up, watching
from tests.servers import Server, wait_until

HOST = "status.example.org"
PANELS = ("state", "concurrency", "nodes")
PATH = "/embed/state.json"
GO = "/go/launch"
PUBLIC = {"panels": list(PANELS), "services": ["spaces"], "numbers": "exact", "events": ["launch"]}
EMBED = {"public": {**PUBLIC, "address": f"https://{HOST}"}}
AUTH = {"hosts": [HOST, "roomwatch"], "tokens": [{"name": "ops", "token": TOKEN}]}
READER = {"Authorization": f"Bearer {TOKEN}"}

Cache = Callable[[int], Server]


class Behind:
    """A real Roomwatch behind a real cache, with a count of what comes through."""

    def __init__(self, product: Product, rooms: Rooms, way: Counting, cache: Server) -> None:
        self.product = product
        self.rooms = rooms
        self.way = way
        self.url = f"http://127.0.0.1:{cache.port}"
        self.port = cache.port

    def ask(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(self.url + path, headers={"Host": HOST, **named}, timeout=PATIENCE, trust_env=False)

    def leads_to(self) -> str:
        """Where the link leads, empty where there is no room."""
        return str(self.ask(GO).headers.get("location", ""))

    def raw(self, sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(sent)
            told = b""
            while more := connection.recv(1 << 20):
                told += more
            return told


@contextlib.contextmanager
def behind(folder: Path, cache: Cache) -> Iterator[Behind]:
    """It has begun to answer in public."""
    with (
        Rooms(r1=40) as rooms,
        up(
            folder,
            service("spaces", rooms.url),
            events=[
                {"name": "launch", "service": "spaces", "rooms": ["r*"], "link": f"{rooms.url}/{{room}}"}
            ],
            embed=EMBED,
            auth=AUTH,
        ) as product,
        Counting(product.port) as way,
        cache(way.port) as running,
    ):
        made = Behind(product, rooms, way, running)
        wait_until(lambda: 'observed_at":1' in made.ask(PATH).text, PATIENCE, "public answer")
        yield made


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {HOST}", *headers, "", ""]).encode()


class CrowdCases:
    """Each file of tests gives `crowd`: what stands before Roomwatch."""

    def test_a_crowd_costs_one_request_a_second_for_each_panel(self, crowd: Behind) -> None:
        paths = [f"/embed/{panel}.json" for panel in PANELS]
        for path in paths:
            crowd.ask(path)
        crowd.way.asked.clear()
        many = b"".join(get(f"{path}?{n}", f"X: {n}") for n in range(100) for path in paths)
        began, asked, told = time.monotonic(), 0, b""
        while time.monotonic() < began + 4 or asked < 3_000:
            told = crowd.raw(many + get(PATH, "Connection: close"))
            asked += told.count(b"HTTP/1.1 200 OK")
            assert told.count(b"HTTP/1.1 ") == told.count(b"HTTP/1.1 200 OK") == 301
        seconds = time.monotonic() - began
        print(f"{asked} requests in {seconds:.1f} s cost {dict(crowd.way.asked)}")
        assert set(crowd.way.asked) == set(paths), "a query went through"
        assert all(2 <= count <= seconds + 1 for count in crowd.way.asked.values())

    def test_one_copy_serves_those_who_take_gzip_and_those_who_do_not(self, crowd: Behind) -> None:
        path = "/embed/concurrency.json"

        def both() -> tuple[httpx.Response, httpx.Response]:
            return crowd.ask(path, Accept_Encoding="gzip"), crowd.ask(path, Accept_Encoding="identity")

        both()
        squeezed, plain = both()
        assert "content-encoding" not in plain.headers
        assert plain.json().keys() == squeezed.json().keys()
        assert squeezed.headers["cache-control"].startswith("public, max-age=1")

    def test_who_has_it_already_is_told_so(self, crowd: Behind) -> None:
        etag = crowd.ask("/embed/nodes.json").headers["etag"]
        again = crowd.ask("/embed/nodes.json", If_None_Match=etag)
        assert (again.status_code, again.content) in ((304, b""), (200, again.content))

    def test_the_last_answer_stays_up_when_roomwatch_is_killed(self, crowd: Behind) -> None:
        """How old it is stands in it, what was not kept is told in a sentence; and it is new again as soon as
        Roomwatch is.
        """
        before, room = crowd.ask(PATH).json(), crowd.leads_to()
        crowd.product.kill()
        time.sleep(2.5)
        for _ in range(5):
            told = crowd.ask(PATH)
            assert told.status_code == 200
            assert told.json()["observed_at"] >= before["observed_at"]
            assert time.time() - told.json()["observed_at"] > 2
            assert crowd.leads_to() == room != ""
        nothing = crowd.ask("/embed/never-asked-for")
        assert (nothing.status_code, nothing.headers["Retry-After"]) == (503, "5")
        assert nothing.text.startswith("Roomwatch does not answer, and nothing was kept of this.")
        crowd.product.start()
        crowd.way.target = crowd.product.port
        wait_until(
            lambda: time.time() - (crowd.ask(PATH).json()["observed_at"] or 0) < 2, PATIENCE, "new answer"
        )

    def test_the_link_leads_nobody_to_where_the_room_was_when_it_was_last_asked_for(
        self, crowd: Behind
    ) -> None:
        """The first who asks after a while is no worse off than a crowd."""
        wait_until(lambda: crowd.leads_to() != "", PATIENCE, "a room")
        before, asked = crowd.leads_to(), time.monotonic()
        crowd.rooms.rooms = {f"{before.rpartition('/')[2]}x": 50}
        after = before + "x"
        wait_until(
            lambda: crowd.product.ask(GO).headers.get("location") == after, PATIENCE, "the room that follows"
        )
        time.sleep(max(0.0, asked + 4.5 - time.monotonic()))
        assert crowd.leads_to() == after

    @pytest.mark.parametrize(
        "path",
        ["//embed/state.json", "/embed/%73tate.json", "/x/../embed/state.json", "/embed/state.json%0a",
         "/embed/state.json%00", "/embed/state.json/"],
    )  # fmt: skip
    def test_an_odd_address_does_not_take_the_place_of_the_answer(self, crowd: Behind, path: str) -> None:
        time.sleep(1.1)  # what is kept is old enough to be asked for anew
        crowd.raw(get(path, "Connection: close"))
        for _ in range(3):
            told = crowd.raw(get(PATH, "Connection: close"))
            assert told.startswith(b"HTTP/1.1 200 ")
            assert b'"panel":"state"' in told

    def test_the_private_paths_are_asked_for_anew_with_the_rights_of_who_asks(self, crowd: Behind) -> None:
        assert crowd.ask("/api/v1/frame").status_code == 401
        frames = {crowd.ask("/api/v1/frame", **READER).json()["seq"] for _ in range(2) if not time.sleep(1.1)}
        assert len(frames) == 2
        assert crowd.ask("/api/v1/frame").status_code == 401
        assert crowd.ask("/").status_code == 401
        assert crowd.ask("/-/healthy").status_code == 200

    def test_the_event_stream_comes_through_at_once(self, crowd: Behind) -> None:
        headers = {**READER, "Host": HOST, "Accept_Encoding": "gzip"}
        with watching(f"{crowd.url}/live", **headers) as events:
            seen = []
            for event in events:
                if event.get("event") == "frame":
                    found = re.search(r'"at":([0-9.]+)', event["data"])
                    assert found is not None
                    seen.append(time.time() - float(found[1]))
                if len(seen) == 5:
                    break
        print(f"ages: {seen}")
        assert min(seen[1:]) < 0.5
