"""Every way in which an HTTP exchange goes wrong is one outcome and one sentence, against real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme

from probes.failure import ProbeFailed
from probes.http import Answer, Http, Limits
from probes.http_body import PIECE, Gunzip
from probes.http_faults import bad_status, not_json, outcome_of_status, place
from probes.model import Outcome
from tests.probes.raw_http import Exchange, Handler, answer, sends, sends_json, serving

USUAL = Limits()


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await main

    asyncio.run(bounded())


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Http]:
    http = Http()
    try:
        yield http
    finally:
        await http.close()


async def failure_of(url: str, limits: Limits = USUAL, method: str = "GET", **more: Any) -> ProbeFailed:
    async with opened() as http:
        with pytest.raises(ProbeFailed) as caught:
            await http.ask(method, url, limits=limits, **more)
    return caught.value


def fails(handler: Handler, limits: Limits = USUAL) -> tuple[Outcome, str]:
    """The outcome and the sentence of one question to `handler`, with the port written as PORT."""
    got: list[ProbeFailed] = []

    async def main() -> None:
        async with serving(handler) as server:
            failure = await failure_of(f"{server.url}/secret-path", limits)
            failure.detail = failure.detail.replace(str(server.port), "PORT")
            got.append(failure)

    run(main())
    assert "secret-path" not in got[0].detail
    return got[0].outcome, got[0].detail


class TestAnswers:
    def test_an_answer_has_its_status_headers_body_and_place(self) -> None:
        async def main() -> None:
            async with serving(sends_json({"rooms": []}, status=404)) as server, opened() as http:
                got = await http.ask("GET", server.url)
                assert (got.status, got.body, got.where) == (
                    404,
                    b'{"rooms": []}',
                    f"127.0.0.1:{server.port}",
                )
                assert got.headers["content-type"] == "application/json"

        run(main())

    def test_what_is_sent(self) -> None:
        """The body as JSON, the given headers, gzip only, and no word of the environment."""

        async def main() -> None:
            async with serving(sends_json([])) as server, opened() as http:
                await http.ask("POST", server.url + "/a?b=c", headers={"X-Key": "k"}, json={"a": 1})
                await http.ask("POST", server.url, content=b"plain")
                asked = server.requests
                assert (asked[0].method, asked[0].target, json.loads(asked[0].body)) == (
                    "POST",
                    "/a?b=c",
                    {"a": 1},
                )
                assert asked[0].headers["accept-encoding"] == "gzip"
                assert asked[0].headers["x-key"] == "k"
                assert asked[1].body == b"plain"
                assert server.connections == 1

        run(main())

    def test_cookies_are_not_kept(self) -> None:
        async def main() -> None:
            raw = answer(b"{}", headers={"Set-Cookie": "id=1; Path=/"})
            async with serving(sends(raw, keep=True)) as server, opened() as http:
                for host in ("127.0.0.1", "localhost", "localhost"):  # aiohttp keeps none of an address
                    await http.ask("GET", f"http://{host}:{server.port}")
                    await http.ask("GET", f"http://{host}:{server.port}")
                assert not any("cookie" in asked.headers for asked in server.requests)

        run(main())

    def test_proxies_of_the_environment_are_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        async def main() -> None:
            async with serving(sends_json({})) as server, opened() as http:
                assert (await http.ask("GET", server.url)).status == 200

        run(main())

    @pytest.mark.parametrize(
        ("raw", "body"),
        [
            (gzip.compress(b"hello " * 1000), b"hello " * 1000),
            (gzip.compress(b"one") + gzip.compress(b" two"), b"one two"),
            (gzip.compress(b"padded") + b"\0" * 512, b"padded"),
            (b"", b""),
        ],
        ids=["one member", "two members", "padding", "nothing"],
    )
    def test_gzip_is_inflated(self, raw: bytes, body: bytes) -> None:
        async def slowly(exchange: Exchange) -> None:
            exchange.writer.write(answer(b"", headers={"Content-Encoding": "gzip"}, length=len(raw)))
            for at in range(0, len(raw), 7):
                exchange.writer.write(raw[at : at + 7])
                await exchange.writer.drain()

        async def main() -> None:
            async with serving(slowly) as server, opened() as http:
                assert (await http.ask("GET", server.url)).body == body

        run(main())

    def test_a_server_that_was_started_again_is_asked_again(self) -> None:
        """A connection of the server's former life is not used."""

        async def main() -> None:
            async with opened() as http:
                async with serving(sends_json({})) as first:
                    await http.ask("POST", first.url, json={})
                async with serving(sends(answer(b"again")), port=first.port):
                    assert (await http.ask("POST", first.url, json={})).body == b"again"

        run(main())


class TestNoConnection:
    def test_refused(self) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
            failures: list[ProbeFailed] = []

            async def main() -> None:
                failures.append(await failure_of(f"http://127.0.0.1:{port}/"))

            run(main())
        assert failures[0].outcome is Outcome.REFUSED
        assert failures[0].detail == f"127.0.0.1:{port} refused the connection; is the service running?"

    def test_a_name_that_nobody_knows(self) -> None:
        async def main() -> None:
            failure = await failure_of("http://rooms.invalid/")
            assert failure.outcome is Outcome.DNS
            assert failure.detail.startswith("the host name of rooms.invalid:80 cannot be resolved")

        run(main())

    def test_a_name_that_cannot_be_one(self) -> None:
        async def main() -> None:
            failure = await failure_of(f"http://{'a' * 64}.invalid/")
            assert failure.outcome in (Outcome.DNS, Outcome.PROTOCOL)

        run(main())

    def test_tls_to_a_plain_port(self) -> None:
        async def main() -> None:
            async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.read(1)
                writer.write(answer(b"plain"))
                await writer.drain()
                writer.close()

            async with await asyncio.start_server(plain, "127.0.0.1", 0) as listener:
                port = listener.sockets[0].getsockname()[1]
                failure = await failure_of(f"https://127.0.0.1:{port}/")
                assert failure.outcome is Outcome.TLS
                assert f"127.0.0.1:{port} cannot be asked over TLS" in failure.detail

        run(main())

    def test_a_plain_request_to_a_tls_port(self) -> None:
        async def main() -> None:
            async with serving(sends_json({}), tls=_certificate("127.0.0.1")) as server:
                failure = await failure_of(server.url)
                assert failure.outcome in (Outcome.UNAVAILABLE, Outcome.PROTOCOL)

        run(main())

    @pytest.mark.parametrize("name", ["127.0.0.1", "elsewhere.example"])
    def test_a_certificate_that_is_not_trusted(self, name: str) -> None:
        async def main() -> None:
            async with serving(sends_json({}), tls=_certificate(name)) as server:
                failure = await failure_of(server.url.replace("http:", "https:"))
                assert failure.outcome is Outcome.TLS
                assert f"the certificate of 127.0.0.1:{server.port} is not trusted" in failure.detail

        run(main())

    def test_an_authority_of_the_environment_is_trusted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

        async def main() -> None:
            async with (
                serving(sends_json({}), tls=_certificate("localhost", authority)) as server,
                opened() as http,
            ):
                assert (await http.ask("GET", f"https://localhost:{server.port}")).status == 200
                with pytest.raises(ProbeFailed, match=r"certificate of 127\.0\.0\.1"):
                    await http.ask("GET", f"https://127.0.0.1:{server.port}")

        run(main())

    def test_verifying_can_be_left_out(self) -> None:
        async def main() -> None:
            async with serving(sends_json({}), tls=_certificate("127.0.0.1")) as server, opened() as http:
                url = server.url.replace("http:", "https:")
                got = await http.ask("GET", url, limits=Limits(verify_tls=False))
                assert got.status == 200

        run(main())


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
        async def endless(exchange: Exchange) -> None:
            exchange.writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not exchange.writer.is_closing():
                exchange.writer.write(b"x" * 65536)
                await exchange.writer.drain()

        assert fails(endless)[0] is Outcome.PROTOCOL

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


class TestDeadlines:
    """The deadline is the caller's; an exchange that is given up closes its connection."""

    @staticmethod
    def _given_up(handler: Handler) -> None:
        asked, gone = asyncio.Event(), asyncio.Event()

        async def watched(exchange: Exchange) -> None:
            answering = asyncio.ensure_future(handler(exchange))
            asked.set()
            await exchange.reader.read()  # ends when the client goes away
            answering.cancel()
            gone.set()

        async def main() -> None:
            async with serving(watched) as server, opened() as http:
                asking = asyncio.ensure_future(http.ask("GET", server.url))
                await asked.wait()
                await asyncio.wait([asking], timeout=0.2)
                asking.cancel()
                await gone.wait()
                with pytest.raises(asyncio.CancelledError):
                    await asking

        run(main())

    def test_a_server_that_never_answers(self) -> None:
        async def silent(exchange: Exchange) -> None:
            await asyncio.Event().wait()

        self._given_up(silent)

    def test_a_server_that_answers_drop_by_drop(self) -> None:
        async def trickling(exchange: Exchange) -> None:
            exchange.writer.write(answer(b"", length=1_000_000))
            while True:
                exchange.writer.write(b"x")
                await asyncio.sleep(0.02)

        self._given_up(trickling)

    def test_a_server_that_accepts_and_does_not_speak_tls(self) -> None:
        async def main() -> None:
            asked, gone = asyncio.Event(), asyncio.Event()

            async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                asked.set()
                while await reader.read(65536):
                    pass
                gone.set()
                writer.close()

            async with await asyncio.start_server(silent, "127.0.0.1", 0) as listener, opened() as http:
                port = listener.sockets[0].getsockname()[1]
                asking = asyncio.ensure_future(http.ask("GET", f"https://127.0.0.1:{port}/"))
                await asked.wait()
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
                await gone.wait()

        run(main())


def redirects(target: str, status: int = 302) -> Handler:
    return sends(answer(b"", status, {"Location": target}), keep=True)


class TestRedirects:
    FOLLOW = Limits(follow_redirects=True)

    def test_not_followed_unless_allowed(self) -> None:
        assert fails(redirects("http://elsewhere.example/a")) == (
            Outcome.PROTOCOL,
            "127.0.0.1:PORT redirects to elsewhere.example:80; "
            "set the url that answers, or allow it with follow_redirects",
        )

    def test_followed_where_allowed(self) -> None:
        async def main() -> None:
            async with (
                serving(sends_json({"a": 1})) as goal,
                serving(redirects(f"{goal.url}/rooms")) as server,
                opened() as http,
            ):
                got: Answer = await http.ask("GET", server.url, limits=self.FOLLOW)
                assert (got.body, got.where) == (b'{"a": 1}', f"127.0.0.1:{goal.port}")
                assert goal.requests[0].target == "/rooms"

        run(main())

    def test_a_loop_ends_after_five(self) -> None:
        async def main() -> None:
            async with serving(redirects("/again")) as server:
                failure = await failure_of(server.url, self.FOLLOW)
                assert failure.outcome is Outcome.PROTOCOL
                assert "redirected more than 5 times" in failure.detail
                assert len(server.requests) == 6

        run(main())

    def test_headers_stay_with_the_first_host(self) -> None:
        """Any header of the config may be a secret, not only Authorization."""

        async def main() -> None:
            async with (
                serving(sends_json({})) as goal,
                serving(redirects(f"{goal.url}/rooms")) as server,
                opened() as http,
            ):
                secrets = {"Authorization": "Bearer t", "X-Api-Key": "k", "Cookie": "c=1"}
                await http.ask("GET", server.url, headers=secrets, limits=self.FOLLOW)
                assert server.requests[0].headers["x-api-key"] == "k"
                assert not {"authorization", "x-api-key", "cookie"} & set(goal.requests[0].headers)

        run(main())

    def test_headers_go_along_on_the_same_host(self) -> None:
        async def main() -> None:
            async def once(exchange: Exchange) -> bool:
                moved = exchange.target == "/old"
                raw = answer(b"", 302, {"Location": "/new"}) if moved else answer(b"{}")
                exchange.writer.write(raw)
                return True

            async with serving(once) as server, opened() as http:
                await http.ask("GET", f"{server.url}/old", headers={"X-Key": "k"}, limits=self.FOLLOW)
                assert server.requests[1].headers["x-key"] == "k"

        run(main())

    def test_a_body_stays_with_the_first_host(self) -> None:
        async def main() -> None:
            async with (
                serving(sends_json({})) as goal,
                serving(redirects(f"{goal.url}/rooms", status=307)) as server,
            ):
                failure = await failure_of(server.url, self.FOLLOW, "POST", json={"secret": "s"})
                assert failure.outcome is Outcome.PROTOCOL
                assert goal.requests == []

        run(main())

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "http://a:99999/"])
    def test_a_target_that_cannot_be_asked(self, target: str) -> None:
        outcome, detail = fails(redirects(target), self.FOLLOW)
        assert outcome is Outcome.PROTOCOL
        assert "an address that can" in detail

    def test_the_body_of_a_redirect_is_not_read(self) -> None:
        """httpx would read it whole and inflate it without a limit."""

        async def main() -> None:
            raw = answer(b"more to come", 302, {"Location": "/again"}, length=10**9)
            async with serving(sends(raw, keep=True)) as server:
                failure = await failure_of(server.url, self.FOLLOW)
                assert "redirected more than 5 times" in failure.detail

        run(main())


def test_statuses_map_onto_outcomes() -> None:
    meant = {
        401: "unauthorized",
        403: "unauthorized",
        404: "not_found",
        410: "not_found",
        418: "other",
        429: "rate_limited",
        500: "unavailable",
        503: "unavailable",
        304: "protocol",
    }
    assert {status: str(outcome_of_status(status)) for status in meant} == meant


def test_a_bad_status_keeps_its_code_and_says_what_to_do() -> None:
    failure = bad_status(429, "a:80")
    assert (failure.outcome, failure.code) == (Outcome.RATE_LIMITED, "429")
    assert failure.detail == "a:80 answered with status 429; ask less often with `every`"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"\n <!doctype html><p>hi", "an HTML page"),
        (b"  ", "an empty body"),
        (b"rooms: 1", "something that is not JSON"),
    ],
)
def test_what_came_instead_of_json(body: bytes, what: str) -> None:
    assert not_json(body, "a:80").detail == f"a:80 answered with {what} where JSON was expected"


def test_places() -> None:
    assert place("https://rooms.example/path?key=secret") == "rooms.example:443"
    assert place("http://[::1]:81/") == "[::1]:81"


def _certificate(name: str, authority: trustme.CA | None = None) -> ssl.SSLContext:
    """A server's TLS settings with a certificate of `authority`, or of one that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (authority or trustme.CA()).issue_cert(name).configure_cert(context)
    return context
