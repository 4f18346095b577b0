"""Connections: in order, bounded, and not held open by those who ask for nothing."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dashboard import connection
from tests.dashboard.public.desks import Serving, read_to_the_end
from tests.product import PATIENCE
from tests.servers import wait_until

PATH = "/embed/concurrency.json"
ASK = f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
LAST = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


@pytest.fixture
def serving() -> Iterator[Serving]:
    with Serving() as made:
        made.lay_ready(PATH)
        yield made


def body(serving: Serving) -> bytes:
    ready = serving.desk.at_hand(PATH)
    assert ready is not None
    return ready.body


def test_many_requests_at_once_are_answered_in_order_whoever_answers_them(serving: Serving) -> None:
    other = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
    sent = b"".join(ASK * 3 + other % number for number in range(100))
    told = serving.told(sent + LAST)
    assert re.findall(rb"GET /(\d+) ", told) == [b"%d" % number for number in range(100)]
    assert told.count(body(serving)) == 301
    assert told.startswith(b"HTTP/1.1 200 ")


def test_one_that_reads_nothing_is_read_from_no_more_and_gets_all_when_it_does(serving: Serving) -> None:
    """More than the kernel keeps on the way: what waits here stays bounded, and nothing is lost."""
    size, count = len(body(serving)), 20_000
    long = ASK.replace(b".json", b".json?" + b"x" * 3_000)
    with serving.connected() as deaf:
        deaf.setblocking(False)
        sent = 0
        stuck = time.monotonic() + 1
        everything = long * count + LAST
        while sent < len(everything) and time.monotonic() < stuck:
            try:
                sent += deaf.send(everything[sent : sent + 65536])
                stuck = time.monotonic() + 1
            except BlockingIOError:
                time.sleep(0.01)
        (protocol,) = serving.connections
        wait_until(lambda: protocol.flow.write_paused, PATIENCE, "end of reading")
        assert serving.answered < count, "it was read from for ever"
        assert protocol.transport.get_write_buffer_size() < 65536 + 2 * size
        assert len(protocol._held) <= 1 << 18
        told = serving.told(LAST)
        assert told.endswith(body(serving)), "others wait for it"

        deaf.settimeout(PATIENCE)
        reader = _Reader(deaf)
        reader.start()
        deaf.sendall(everything[sent:])
        reader.join(PATIENCE)
    assert reader.told.count(b"HTTP/1.1 200 OK") == count + 1


class _Reader(threading.Thread):
    def __init__(self, reads: socket.socket) -> None:
        super().__init__()
        self._reads = reads
        self.told = b""

    def run(self) -> None:
        self.told = read_to_the_end(self._reads)


def test_a_head_that_does_not_become_whole_ends_the_connection(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing at all, a byte now and then, and a second request that is never finished."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.5)
    with serving.connected() as silent, serving.connected() as slow, serving.connected() as second:
        second.sendall(ASK + ASK[:-2])
        slow.sendall(ASK[:10])
        began = time.monotonic()
        wait_until(lambda: _trickle(slow, began), PATIENCE, "end of the slow one")
        assert read_to_the_end(silent) == b""
        assert read_to_the_end(second).count(b"HTTP/1.1 ") == 1
    wait_until(lambda: not serving.connections, PATIENCE, "end of all")


def _trickle(slow: socket.socket, began: float) -> bool:
    try:
        slow.sendall(b"x")
    except OSError:
        return True
    return False


def test_one_that_asks_in_time_is_not_taken_for_slow(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    with serving.connected() as quick, serving.connected() as plain:
        for asked, sent in ((quick, ASK), (plain, ASK.replace(b"Host", b"Origin"))):
            asked.sendall(sent)
            assert asked.recv(1 << 20)
        time.sleep(0.5)
        for asked in (quick, plain):
            asked.sendall(ASK)
            assert asked.recv(1 << 20).startswith(b"HTTP/1.1 200")


def test_a_head_without_end_is_refused(serving: Serving) -> None:
    endless = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000
    with serving.connected() as connected:
        connected.sendall(endless[:70_000])
        told = read_to_the_end(connected)
    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.endswith(b"The head of the request is too long.")


@pytest.mark.parametrize("first", [ASK, ASK.replace(PATH.encode(), b"/other")], ids=["hatch", "server"])
def test_an_idle_connection_is_closed_some_time_after_its_last_answer(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    """The time starts anew with each answer, though there is one timer for many."""
    serving.configs["quick"].timeout_keep_alive = 1
    with serving.connected() as idle:
        idle.sendall(first)
        assert idle.recv(1 << 20)
        time.sleep(0.6)
        asked = time.monotonic()
        idle.sendall(ASK)
        assert idle.recv(1 << 20)
        assert idle.recv(1) == b""
        assert time.monotonic() - asked > 0.9


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (ASK, b"\r\n"),
        (ASK.replace(PATH.encode(), b"/other"), b"\r\n"),
        (ASK.replace(b"GET", b"PUT").replace(b"Host", b"Content-Length: 10\r\nHost"), b"x"),
    ],
    ids=["after the hatch", "after the server", "in a body that nobody reads"],
)
def test_a_byte_after_an_answer_that_begins_no_request_does_not_hold_the_connection(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, first: bytes, more: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.5)
    with serving.connected() as held:
        held.sendall(first)
        assert held.recv(1 << 20)
        held.sendall(more)
        held.settimeout(5)
        assert held.recv(1) == b""


def test_a_long_answer_after_one_of_the_hatch_is_not_cut_off(serving: Serving) -> None:
    """Both come in one piece; the idle time of the first must not end the second."""
    serving.configs["quick"].timeout_keep_alive = 1
    slow = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving.connected() as both:
        both.sendall(ASK + slow)
        told = both.recv(1 << 20)
        while b"GET /slow" not in told:
            more = both.recv(1 << 20)
            assert more, "it was cut off"
            told += more


def test_one_connection_too_many_is_told_so_and_fits_when_another_ends() -> None:
    with Serving(most=2) as serving:
        serving.lay_ready(PATH)
        with serving.connected() as first, serving.connected() as second:
            for held in (first, second):
                held.sendall(ASK)
                assert held.recv(1 << 20).startswith(b"HTTP/1.1 200 ")
            with serving.connected() as third:
                told = read_to_the_end(third)
            assert told.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 60" in told
            assert told.endswith(b"No more connections fit. Try again in a minute.\n")
        wait_until(lambda: not serving.connections, PATIENCE, "place")
        assert serving.told(LAST).startswith(b"HTTP/1.1 200 ")


def test_the_end_of_the_server_ends_idle_connections() -> None:
    with Serving() as serving:
        serving.lay_ready(PATH)
        with serving.connected() as idle:
            idle.sendall(ASK)
            assert idle.recv(1 << 20)
            serving.end()
            assert idle.recv(1) == b""
