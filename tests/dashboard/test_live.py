"""The event stream on real sockets: slow, deaf, leaving and too many viewers; nobody pays for another."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Self

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard import server
from dashboard.frames import EncodedFrame, encode, stream_event
from dashboard.hub import Hub
from dashboard.live import Live
from dashboard.recent import Recent
from dashboard.squeezing import Block
from probes.pipeline import Tick
from tests.product import PATIENCE
from tests.servers import wait_until

FRAME_BYTES = 300_000
"""Some 1,500 rooms' worth: more than the kernel keeps for a viewer."""


FRAMES = 100


class Streaming:
    """`/live` on a socket made as the product makes it. `show` publishes a frame."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.recent = Recent()
        self._seq = 0
        self._listener = server.bind("127.0.0.1", 0)
        app = Starlette(routes=[Route("/live", Live(self.hub, self.recent), methods=["GET"])])
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._listener])

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self._server.started, PATIENCE, "server")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _do(self, what: Callable[[], None]) -> None:
        async def do() -> None:
            what()

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(PATIENCE)

    def close(self) -> None:
        self._do(self.hub.close)

    def show(self, size: int = 100) -> int:
        """Publish a frame of about `size` bytes; returns its number."""
        self._seq += 1
        frame = encode(Tick(seq=self._seq, at=float(self._seq), observations=()), 1.0, [])
        body = json.dumps({"seq": self._seq, "filler": "x" * size}).encode()
        padded = EncodedFrame(frame.frame, frame.json, stream_event("frame", body, self._seq))

        def publish() -> None:
            self.recent.add(frame)
            self.hub.publish(padded)

        self._do(publish)
        return self._seq

    @contextmanager
    def viewer(self, method: str = "GET", query: str = "", header: str = "") -> Iterator[Viewer]:
        address = self._listener.getsockname()
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # what a viewer itself keeps
        connection.settimeout(PATIENCE)
        with closing(connection):
            connection.connect(address)
            connection.sendall(f"{method} /live{query} HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
            yield Viewer(connection)


class Viewer:
    """One connection; `told` is all that it has read."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.told = bytearray()
        self._searched = 0

    def read_until(self, what: bytes) -> bytearray:
        """Read on until `what` comes after all that was waited for before."""
        while (found := self.told.find(what, self._searched)) < 0:
            self._searched = max(self._searched, len(self.told) - len(what))
            more = self.connection.recv(1 << 20)
            assert more, f"the stream ended without {what!r}: {self.told[-300:]!r}"
            self.told += more
        self._searched = found + len(what)
        return self.told

    def read_to_the_end(self) -> bytearray:
        while more := self.connection.recv(1 << 20):
            self.told += more
        return self.told

    @property
    def seen(self) -> list[int]:
        """The numbers of the frames that it was given."""
        return [int(number) for number in re.findall(rb"id: (\d+)\nevent: frame", self.told)]


def id_of(seq: int) -> bytes:
    return b"id: %d\nevent: frame" % seq


@pytest.fixture
def streaming() -> Iterator[Streaming]:
    with Streaming() as streaming:
        yield streaming


def test_a_viewer_is_given_the_newest_frame_at_once_and_each_that_follows(streaming: Streaming) -> None:
    streaming.show()
    newest = streaming.show()
    with streaming.viewer() as viewer:
        head = viewer.read_until(id_of(newest)).partition(b"\r\n\r\n")[0]
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"content-type: text/event-stream; charset=utf-8" in head
        assert b"cache-control: no-store" in head
        for _ in range(3):
            viewer.read_until(id_of(streaming.show()))
    assert viewer.seen == [2, 3, 4, 5]
    assert viewer.told.count(b"retry: ") == 1


def test_one_that_comes_before_the_first_frame_waits_for_it(streaming: Streaming) -> None:
    with streaming.viewer() as viewer:
        viewer.read_until(b"retry: ")
        viewer.read_until(id_of(streaming.show()))
    assert viewer.seen == [1]


def test_one_that_reads_nothing_skips_and_holds_nobody_up_and_then_gets_the_newest(
    streaming: Streaming,
) -> None:
    """30 MB are published to it; what it finds when it reads again is a few frames and the newest."""
    with streaming.viewer() as slow, streaming.viewer() as quick:
        wait_until(lambda: streaming.hub.viewers == 2, PATIENCE, "two viewers")
        for _ in range(FRAMES):
            quick.read_until(id_of(streaming.show(FRAME_BYTES)))
        assert quick.seen == list(range(1, FRAMES + 1))
        assert streaming.hub.skipped > FRAMES / 2
        slow.read_until(id_of(FRAMES))
        slow.read_until(id_of(streaming.show()))
    print(f"the slow one was given {slow.seen}")
    assert slow.seen == sorted(slow.seen)
    assert len(slow.seen) < 10
    assert len(slow.told) < 10 * FRAME_BYTES
    assert streaming.hub.skipped == FRAMES + 1 - len(slow.seen)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="needs Linux: TCP_USER_TIMEOUT")
def test_one_that_takes_nothing_for_long_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_DEAF_MS", 500)
    with Streaming() as streaming, streaming.viewer():
        wait_until(lambda: streaming.hub.viewers == 1, PATIENCE, "viewer")
        for _ in range(10):
            streaming.show(FRAME_BYTES)

        def is_gone() -> bool:
            streaming.show(FRAME_BYTES)
            return streaming.hub.viewers == 0

        wait_until(is_gone, PATIENCE, "end of the deaf viewer")


@pytest.mark.parametrize("is_stuck", [False, True], ids=["waiting", "stuck"])
def test_one_that_leaves_is_forgotten(streaming: Streaming, is_stuck: bool) -> None:
    with streaming.viewer() as viewer:
        viewer.read_until(id_of(streaming.show()))
        if is_stuck:
            for _ in range(20):
                streaming.show(FRAME_BYTES)
            assert streaming.hub.skipped > 0
    wait_until(lambda: streaming.hub.viewers == 0, PATIENCE, "end of the viewer")
    before = streaming.hub.skipped
    streaming.show()
    assert streaming.hub.skipped == before


def test_the_end_is_said_to_everyone_and_to_those_who_come_too_late(streaming: Streaming) -> None:
    with streaming.viewer() as viewer:
        viewer.read_until(id_of(streaming.show()))
        streaming.close()
        assert viewer.read_until(b"\r\n0\r\n\r\n").endswith(b"event: bye\ndata: {}\n\n\r\n0\r\n\r\n")
        with streaming.viewer(header="Connection: close\r\n") as late:
            assert late.read_to_the_end().endswith(b"event: bye\ndata: {}\n\n\r\n0\r\n\r\n")


def test_head_is_no_viewer(streaming: Streaming) -> None:
    streaming.show()
    with streaming.viewer("HEAD", header="Connection: close\r\n") as viewer:
        head, _, body = viewer.read_to_the_end().partition(b"\r\n\r\n")
    assert b"content-type: text/event-stream" in head
    assert body == b""
    assert streaming.hub.viewers == 0


@pytest.mark.parametrize(
    ("query", "header"),
    [("?after=2", ""), ("", "Last-Event-ID: 2\r\n"), ("?after=1", "Last-Event-ID: 2\r\n")],
)
def test_one_that_comes_back_gets_one_catch_up_and_then_frames(
    streaming: Streaming, query: str, header: str
) -> None:
    for _ in range(5):
        streaming.show()
    with streaming.viewer(query=query, header=header) as viewer:
        viewer.read_until(id_of(5))
        viewer.read_until(id_of(streaming.show()))
    assert viewer.told.count(b"event: catchup") == 1
    assert viewer.told.index(b"id: 5\nevent: catchup") < viewer.told.index(id_of(5))
    assert viewer.seen == [5, 6]


@pytest.mark.parametrize(
    "query", ["?after=5", "?after=6", "?after=999999999999", "?after=-1", "?after=x", "?after=%C2%B2"]
)
def test_one_that_missed_nothing_or_knows_a_later_number_gets_frames_alone(
    streaming: Streaming, query: str
) -> None:
    """A later number comes from another machine, or from a clock that was ahead."""
    for _ in range(5):
        streaming.show()
    with streaming.viewer(query=query) as viewer:
        viewer.read_until(id_of(5))
        viewer.read_until(id_of(streaming.show()))
    assert b"catchup" not in viewer.told


def test_one_too_many_is_told_so_and_fits_when_another_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.connection.descriptors", lambda: 258)
    with Streaming() as streaming:
        streaming.show()
        held = [streaming.viewer() for _ in range(16)]
        for one in held:
            one.__enter__().read_until(id_of(1))
        with streaming.viewer(header="Connection: close\r\n") as refused:
            answer = refused.read_to_the_end()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 60" in answer
        assert b"16 viewers are connected, and no more fit." in answer
        held.pop().__exit__(None, None, None)
        wait_until(lambda: streaming.hub.viewers == 15, PATIENCE, "place")
        with streaming.viewer() as viewer:
            viewer.read_until(id_of(1))
        for one in held:
            one.__exit__(None, None, None)


def events_of(body: bytes) -> bytes:
    """The events in a stream, less what is said to each viewer alone."""
    return re.sub(rb"retry: \d+\n\n", b"", body)


def unchunked(told: bytes) -> tuple[bytes, bytes]:
    """Head and body of an answer that has come as a whole."""
    head, _, rest = told.partition(b"\r\n\r\n")
    body = b""
    while rest and not rest.startswith(b"0\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return head, body


@pytest.mark.parametrize("query", ["", "?after=2"])
def test_who_takes_gzip_is_sent_the_same_events_compressed_to_the_last_byte(
    streaming: Streaming, query: str
) -> None:
    """Two that came at different times, and one that takes none, beside each other; until the end."""
    for _ in range(5):
        streaming.show(3_000)
    close = "Connection: close\r\n"
    with (
        streaming.viewer(query=query, header=f"Accept-Encoding: br, gzip\r\n{close}") as squeezed,
        streaming.viewer(query=query, header=f"Accept-Encoding: gzip;q=0\r\n{close}") as plain,
    ):
        plain.read_until(id_of(5))
        for _ in range(20):
            plain.read_until(id_of(streaming.show(3_000)))
        wait_until(lambda: streaming.hub.viewers == 2, PATIENCE, "viewers")
        streaming.close()
        head, body = unchunked(bytes(squeezed.read_to_the_end()))
        plain_head, plain_body = unchunked(bytes(plain.read_to_the_end()))
    assert b"content-encoding: gzip" in head
    assert b"content-encoding" not in plain_head
    assert b"vary: accept-encoding" in head
    assert b"vary: accept-encoding" in plain_head
    assert events_of(gzip.decompress(body)) == events_of(plain_body)
    assert len(body) < len(plain_body) / 10


def test_a_frame_is_compressed_once_whoever_comes_when(
    streaming: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []

    class Counted(Block):
        def __init__(self, data: bytes) -> None:
            made.append(data)
            super().__init__(data)

    monkeypatch.setattr("dashboard.streams.Block", Counted)
    for _ in range(3):
        streaming.show()
    with contextlib.ExitStack() as held:
        for number in range(20):
            query = "?after=1" if number % 2 else ""
            viewer = held.enter_context(streaming.viewer(query=query, header="Accept-Encoding: gzip\r\n"))
            viewer.read_until(b"retry: ")
        wait_until(lambda: len(made) >= 2, PATIENCE, "blocks")
        streaming.show()
        wait_until(lambda: len(made) >= 3, PATIENCE, "block")
    assert len(made) == len(set(made)) == 3
