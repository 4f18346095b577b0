"""Answers that are broken, or larger than they may be: each is one outcome and one sentence."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from probes.http import Limits
from probes.http.body import PIECE, Gunzip, read_body
from probes.model import Outcome
from tests.probes.asking import fails, opened, run
from tests.probes.raw_http import Exchange, answer, endless_header, sends, serving


class TestBrokenAnswers:
    @pytest.mark.parametrize(
        "raw",
        [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"\x00\xff" * 200 + b"\r\n\r\n", b"HTTP/1.1 two hundred\r\n\r\n"],
        ids=["other protocol", "noise", "bad status"],
    )
    def test_something_that_is_not_http(self, raw: bytes) -> None:
        assert fails(sends(raw)) == (
            Outcome.PROTOCOL,
            "127.0.0.1:PORT answered with something that is not HTTP",
        )

    def test_a_header_without_end(self) -> None:
        assert fails(endless_header)[0] is Outcome.PROTOCOL

    @pytest.mark.parametrize(
        "raw",
        [
            answer(b'{"rooms": [', length=5000),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 5000)[:-9],
        ],
        ids=["content length", "chunked", "gzip"],
    )
    def test_half_an_answer(self, raw: bytes) -> None:
        outcome, detail = fails(sends(raw))
        assert outcome is Outcome.UNAVAILABLE
        assert detail.startswith("127.0.0.1:PORT sent half an answer")

    def test_a_connection_that_is_dropped_before_the_answer(self) -> None:
        assert fails(sends(b""))[0] is Outcome.UNAVAILABLE

    def test_a_connection_that_is_reset(self) -> None:
        async def reset(exchange: Exchange) -> None:
            exchange.writer.transport.abort()

        assert fails(reset) == (
            Outcome.UNAVAILABLE,
            "127.0.0.1:PORT dropped the connection before its answer was whole",
        )

    def test_an_encoding_that_was_not_asked_for(self) -> None:
        raw = answer(b"\x0b\x02\x80hello\x03", headers={"Content-Encoding": "br"})
        assert fails(sends(raw)) == (
            Outcome.PROTOCOL,
            "127.0.0.1:PORT answered in the encoding br where gzip or none was asked for",
        )

    def test_gzip_that_is_none(self) -> None:
        raw = answer(b"not gzip at all", headers={"Content-Encoding": "gzip"})
        assert fails(sends(raw))[0] is Outcome.PROTOCOL

    def test_garbage_after_a_gzip_member(self) -> None:
        raw = answer(gzip.compress(b"{}") + b"garbage", headers={"Content-Encoding": "gzip"})
        assert fails(sends(raw))[0] is Outcome.PROTOCOL


class TestLimits:
    TOO_LARGE = "127.0.0.1:PORT answered with more than 10 MB; raise max_body or ask for less"

    def test_a_body_over_the_limit(self) -> None:
        raw = answer(b"x" * 11_000_000)
        assert fails(sends(raw), Limits(max_body=10_000_000)) == (Outcome.PROTOCOL, self.TOO_LARGE)

    def test_a_body_at_the_limit_is_read(self) -> None:
        async def main() -> None:
            async with serving(sends(answer(b"x" * 1_000_000))) as server, opened() as http:
                got = await http.ask("GET", server.url, limits=Limits(max_body=1_000_000))
                assert len(got.body) == 1_000_000

        run(main())

    def test_a_body_without_end_is_left_at_the_limit(self) -> None:
        """The client goes away instead of reading on."""
        sent: list[int] = []

        async def endless(exchange: Exchange) -> None:
            exchange.writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while not exchange.writer.is_closing():
                    exchange.writer.write(b"x" * 65536)
                    sent.append(65536)
                    await exchange.writer.drain()
            finally:
                sent.append(0)

        assert fails(endless, Limits(max_body=10_000_000)) == (Outcome.PROTOCOL, self.TOO_LARGE)
        assert sum(sent) < 40_000_000

    def test_a_gzip_body_that_inflates_over_the_limit(self) -> None:
        raw = answer(gzip.compress(b"0" * 11_000_000), headers={"Content-Encoding": "gzip"})
        assert fails(sends(raw), Limits(max_body=10_000_000)) == (Outcome.PROTOCOL, self.TOO_LARGE)

    def test_a_gzip_body_that_inflates_to_nothing(self) -> None:
        """Compressed bytes count too: a million empty members are no way around the limit."""
        raw = answer(gzip.compress(b"") * 60_000, headers={"Content-Encoding": "gzip"})
        outcome, _ = fails(sends(raw), Limits(max_body=1_000_000))
        assert outcome is Outcome.PROTOCOL

    def test_dense_gzip_comes_in_pieces_that_do_not_hold_the_loop(self) -> None:
        gunzip = Gunzip()
        pieces = [len(piece) for piece in gunzip.feed(gzip.compress(bytes(10_500_000)))]
        assert (sum(pieces), max(pieces), gunzip.whole) == (10_500_000, PIECE, True)

    def test_a_gzip_bomb_leaves_memory_flat(self) -> None:
        """500 MB in 500 kB, read with the usual limit of 64 MB: the process grows by less than 200 MB."""
        done = subprocess.run(
            [sys.executable, "-c", BOMB], capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "answered with more than 64 MB" in done.stdout
        grown = int(done.stdout.split()[0])
        assert grown < 200_000_000


BOMB = """
import asyncio, resource, zlib
from probes.failure import ProbeFailed
from probes.http import Http
packer = zlib.compressobj(wbits=31)
bomb = b"".join([*(packer.compress(bytes(10_000_000)) for _ in range(50)), packer.flush()])
async def serve(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    head = f"HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: {len(bomb)}\\r\\n\\r\\n"
    writer.write(head.encode() + bomb)
    writer.close()
async def main():
    http = Http()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            await http.ask("GET", url)
        except ProbeFailed as failure:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            print(grown * 1024, failure.detail)
        await http.close()
asyncio.run(main())
"""


def test_others_have_their_turn_while_many_small_members_are_inflated() -> None:
    """Members of no content cost time and never make a large piece."""
    members = 20_000
    turns = 0

    async def one_chunk() -> AsyncIterator[bytes]:
        yield gzip.compress(b"") * members

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def main() -> None:
        beside = asyncio.create_task(others())
        response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=one_chunk())
        assert await read_body(response, 1_000_000, "a:80") == b""
        beside.cancel()

    run(main())
    assert turns >= members // 1000
