"""One HTTP exchange: what is sent, what comes back, and each way in which nothing does."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from pathlib import Path

import pytest
import trustme

from probes.failure import ProbeFailed
from probes.http import Limits
from probes.model import Outcome
from tests.probes.asking import failure_of, opened, run
from tests.probes.raw_http import Exchange, Handler, answer, plain_port, sends, sends_json, serving
from tests.servers import refusing_port


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
        with refusing_port() as port:
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
            async with plain_port() as port:
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


class TestDeadlines:
    """The deadline is the caller's; an exchange that is given up closes its connection."""

    @staticmethod
    def _given_up(handler: Handler) -> None:
        asked, gone = asyncio.Event(), asyncio.Event()

        async def watched(exchange: Exchange) -> None:
            answering = asyncio.ensure_future(handler(exchange))
            asked.set()
            await exchange.abandoned()
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


def _certificate(name: str, authority: trustme.CA | None = None) -> ssl.SSLContext:
    """A server's TLS settings with a certificate of `authority`, or of one that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (authority or trustme.CA()).issue_cert(name).configure_cert(context)
    return context
