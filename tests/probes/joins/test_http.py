"""A join by one request: every end of it is one outcome, with a time for each stage that it reached."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from probes.http import Http
from probes.joins.http import HttpJoin, HttpJoinSettings
from probes.model import JoinAttempt, Outcome
from tests.probes.raw_http import (
    Exchange,
    Handler,
    RawServer,
    answer,
    endless_header,
    plain_port,
    sends,
    sends_json,
    serving,
)


def settings(**more: Any) -> HttpJoinSettings:
    known = {"via": "http", "room": "r1"}
    return HttpJoinSettings.model_validate(known | more, context={"folder": Path()})


async def attempt(url: str, **more: Any) -> JoinAttempt:
    http = Http()
    try:
        async with asyncio.timeout(60):
            return await HttpJoin(settings(**more)).join(url, http)
    finally:
        await http.close()


def join(handler: Handler, **more: Any) -> tuple[JoinAttempt, RawServer]:
    """One try at `handler`."""
    got: list[tuple[JoinAttempt, RawServer]] = []

    async def main() -> None:
        async with serving(handler) as server:
            got.append((await attempt(server.url, **more), server))

    asyncio.run(main())
    return got[0]


def outcome(handler: Handler, **more: Any) -> tuple[Outcome, str]:
    tried, _ = join(handler, **more)
    assert tried.room == "r1"
    assert "total" in tried.stages
    assert list(tried.stages.values()) == sorted(tried.stages.values())
    return tried.outcome, tried.code


class TestAsking:
    def test_what_is_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOME_TOKEN", "t0p")
        _, server = join(
            sends_json({}),
            room="a/b c?d",
            body={"as": "probe"},
            headers={"Authorization": "Bearer ${SOME_TOKEN}"},
        )
        asked = server.requests[0]
        assert (asked.method, asked.target) == ("POST", "/rooms/a%2Fb%20c%3Fd/join")
        assert json.loads(asked.body) == {"as": "probe"}
        assert asked.headers["authorization"] == "Bearer t0p"
        assert asked.headers["host"] == f"127.0.0.1:{server.port}"

    def test_the_path_is_seen_from_the_root(self) -> None:
        """The url of a node is often that of its list."""

        async def main() -> None:
            async with serving(sends_json({})) as server:
                await attempt(f"{server.url}/api/rooms?x=y", method="GET", path="/in/{room}?v=1")
                assert server.requests[0].method == "GET"
                assert server.requests[0].target == "/in/r1?v=1"

        asyncio.run(main())

    def test_each_try_is_a_newcomer(self) -> None:
        async def main() -> None:
            http = Http()
            async with serving(sends_json({})) as server:
                for _ in range(2):
                    await HttpJoin(settings()).join(server.url, http)
                assert server.connections == 2
            await http.close()

        asyncio.run(main())


class TestMeaning:
    @pytest.mark.parametrize(
        ("status", "meant"),
        [
            (200, "joined"),
            (201, "protocol"),
            (302, "protocol"),
            (400, "other"),
            (403, "unauthorized"),
            (404, "not_found"),
            (429, "rate_limited"),
            (503, "unavailable"),
        ],
    )
    def test_by_status(self, status: int, meant: str) -> None:
        assert outcome(sends_json({}, status=status)) == (meant, str(status))

    def test_expected_statuses(self) -> None:
        raw = answer(b"", 302, {"Location": "http://media.example/"})
        assert outcome(sends(raw), expect=[201, 302]) == (Outcome.JOINED, "302")
        assert outcome(sends_json({}, 200), expect=[201, 302]) == (Outcome.PROTOCOL, "200")

    def test_statuses_as_codes(self) -> None:
        assert outcome(sends_json({}, 403), codes={"403": "room_full"}) == (Outcome.ROOM_FULL, "403")

    @pytest.mark.parametrize("status", [200, 403])
    def test_codes_in_the_body(self, status: int) -> None:
        """Some services send every error as 200."""
        body = {"error": {"code": 12}}
        got = outcome(sends_json(body, status), code="error.code", codes={"12": "room_full"})
        assert got == (Outcome.ROOM_FULL, "12")

    def test_a_code_that_the_config_does_not_know(self) -> None:
        got = outcome(sends_json({"code": "odd\x1b[2J" + "x" * 500}, 403), code="code")
        assert got[0] is Outcome.UNAUTHORIZED
        assert got[1].startswith("odd [2Jxxx")
        assert len(got[1].encode()) <= 64

    def test_the_sentence_of_a_refusal(self) -> None:
        tried, server = join(sends_json({"code": "full"}, 403), code="code", codes={"full": "room_full"})
        assert tried.detail == f"127.0.0.1:{server.port} answered the join with full (status 403)"

    def test_a_page_instead_of_the_expected_json(self) -> None:
        page = sends(answer(b"<html>sign in to the network"))
        assert outcome(page, code="code") == (Outcome.PROTOCOL, "")
        assert outcome(page) == (Outcome.JOINED, "200")

    def test_a_page_with_a_refusal(self) -> None:
        assert outcome(sends(answer(b"<html>busy", 503)), code="code") == (Outcome.UNAVAILABLE, "503")


class TestStages:
    def test_an_address_over_plain_http(self) -> None:
        tried, _ = join(sends_json({}))
        assert list(tried.stages) == ["connect", "first_byte", "total"]

    def test_a_name(self) -> None:
        async def main() -> None:
            async with serving(sends_json({})) as server:
                tried = await attempt(f"http://localhost:{server.port}")
                assert tried.outcome is Outcome.JOINED, tried.detail
                assert list(tried.stages) == ["dns", "connect", "first_byte", "total"]
                assert server.requests[0].headers["host"] == f"localhost:{server.port}"

        asyncio.run(main())

    def test_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("localhost").configure_cert(context)

        async def main() -> None:
            async with serving(sends_json({}), tls=context) as server:
                url = f"https://localhost:{server.port}"
                tried = await attempt(url, verify_tls=False)
                assert (tried.outcome, list(tried.stages)) == (
                    Outcome.JOINED,
                    ["dns", "connect", "tls", "first_byte", "total"],
                )
                doubted = await attempt(url)
                assert (doubted.outcome, list(doubted.stages)) == (Outcome.TLS, ["dns", "connect", "total"])
                assert "certificate of localhost" in doubted.detail

        asyncio.run(main())

    def test_tls_is_verified_by_name_though_an_address_is_asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)

        async def main() -> None:
            async with serving(sends_json({}), tls=context) as server:
                known = await attempt(f"https://localhost:{server.port}")
                assert known.outcome is Outcome.JOINED, known.detail
                other = await attempt(f"https://127.0.0.1:{server.port}")
                assert other.outcome is Outcome.TLS

        asyncio.run(main())

    def test_the_next_address_of_a_name_is_tried_where_one_refuses(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = socket.getaddrinfo

        def two(host: str, *rest: Any, **more: Any) -> Any:
            if host != "two.example":
                return real(host, *rest, **more)
            return [found for ip in ("127.0.0.2", "127.0.0.1") for found in real(ip, *rest, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", two)

        async def main() -> None:
            async with serving(sends_json({})) as server:
                tried = await attempt(f"http://two.example:{server.port}")
                assert tried.outcome is Outcome.JOINED, tried.detail
                assert server.requests[0].headers["host"] == f"two.example:{server.port}"

        asyncio.run(main())

    def test_a_slow_answer_shows_in_its_stage(self) -> None:
        async def slow(exchange: Exchange) -> None:
            await asyncio.sleep(0.2)
            exchange.writer.write(answer(b"{}"))

        tried, _ = join(slow)
        assert tried.stages["first_byte"] - tried.stages["connect"] >= 0.19


class TestFailing:
    def test_refused(self) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            tried = asyncio.run(attempt(f"http://127.0.0.1:{held.getsockname()[1]}"))
        assert (tried.outcome, list(tried.stages)) == (Outcome.REFUSED, ["total"])

    def test_a_name_that_nobody_knows(self) -> None:
        tried = asyncio.run(attempt("http://rooms.invalid"))
        assert (tried.outcome, list(tried.stages)) == (Outcome.DNS, ["total"])

    def test_a_name_that_cannot_be_one(self) -> None:
        tried = asyncio.run(attempt(f"http://{'a' * 64}.invalid"))
        assert tried.outcome in (Outcome.DNS, Outcome.PROTOCOL)

    def test_tls_to_a_plain_port(self) -> None:
        async def main() -> None:
            async with plain_port() as port:
                tried = await attempt(f"https://127.0.0.1:{port}")
                assert (tried.outcome, list(tried.stages)) == (Outcome.TLS, ["connect", "total"])

        asyncio.run(main())

    def test_a_timeout_keeps_the_stages_it_reached(self) -> None:
        gone = asyncio.Event()

        async def silent(exchange: Exchange) -> None:
            await exchange.abandoned()
            gone.set()

        async def main() -> None:
            async with serving(silent) as server:
                tried = await attempt(server.url, timeout="2s")
                assert (tried.outcome, list(tried.stages)) == (Outcome.TIMEOUT, ["connect", "total"])
                assert tried.stages["total"] >= 2
                assert tried.detail == (
                    f"127.0.0.1:{server.port} did not answer the join within 2 s; it got as far as connect"
                )
                await gone.wait()

        asyncio.run(main())

    @pytest.mark.parametrize(
        ("raw", "meant", "sentence"),
        [
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol", "something that is not HTTP"),
            (b"", "unavailable", "dropped the connection"),
            (answer(b"{}", length=500), "unavailable", "half an answer"),
            (answer(b"x" * 1_100_000), "protocol", "more than 1 MB"),
            (answer(b"x", headers={"Content-Encoding": "br"}), "protocol", "the encoding br"),
        ],
        ids=["garbage", "nothing", "half", "too much", "br"],
    )
    def test_a_broken_answer(self, raw: bytes, meant: str, sentence: str) -> None:
        tried, _ = join(sends(raw))
        assert tried.outcome == meant
        assert sentence in tried.detail

    def test_a_header_without_end(self) -> None:
        assert outcome(endless_header)[0] is Outcome.PROTOCOL


class TestConfig:
    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ({"path": "rooms/{room}"}, "expected a path from the root such as /rooms/{room}/join"),
            ({"path": "/rooms/{id}"}, "expected a path from the root such as /rooms/{room}/join"),
            ({"codes": {"x": "ful"}}, "room_full"),
            ({"codes": {"x": "ok"}}, "room_full"),
            ({"code": "length("}, "expected a field"),
            ({"expect": []}, "at least 1 item"),
            ({"expect": [20]}, "greater than or equal to 100"),
        ],
    )
    def test_what_is_refused(self, more: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValidationError) as caught:
            settings(**more)
        assert sentence in str(caught.value)
