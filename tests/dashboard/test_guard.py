"""The guard: host names, other sites, tokens, passwords, proxies, and what may listen where."""

from __future__ import annotations

import asyncio
import base64
import threading
from typing import Any

import httpx
import pytest
import structlog.testing
from starlette.responses import PlainTextResponse

from dashboard.guard import Guard, refuses_listening
from dashboard.passwords import hash_password
from probes.config.auth import Auth

TOKEN = "a-token-of-enough-length"
READER = "a-reader-of-enough-length"
AUTH: dict[str, Any] = {
    "hosts": ["board.example.org"],
    "tokens": [
        {"name": "ops", "token": TOKEN, "may": "operate"},
        {"name": "prometheus", "token": READER, "may": "view"},
    ],
}


def auth(**keys: Any) -> Auth:
    return Auth.model_validate(keys)


def ask(
    rules: Auth,
    method: str = "GET",
    path: str = "/metrics",
    *,
    peer: str = "127.0.0.1",
    host: str = "127.0.0.1:8050",
    **headers: str,
) -> httpx.Response:
    guard = Guard(PlainTextResponse("inside"), rules, "127.0.0.1")
    return asyncio.run(_ask(guard, method, path, peer, {"Host": host, **_dashed(headers)}))


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def _ask(guard: Guard, method: str, path: str, peer: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(guard, client=(peer, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8050") as client:
        return await client.request(method, path, headers=headers)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_on_loopback_without_auth_everything_can_be_read() -> None:
    assert ask(auth()).text == "inside"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8050"]
)
def test_an_unknown_host_name_is_refused(host: str) -> None:
    answer = ask(auth(), host=host)
    assert answer.status_code == 421
    assert "auth.hosts" in answer.text


@pytest.mark.parametrize("host", ["localhost:8050", "127.0.0.1", "[::1]:8050", "Board.Example.org"])
def test_known_host_names_are_let_in(host: str) -> None:
    assert ask(auth(**AUTH), host=host, authorization=f"Bearer {READER}").status_code == 200


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        ("board", "board:8050"),
        ("Board_2.example.org.", "board_2.example.org"),
        ("10.0.0.5", "10.0.0.5:8050"),
        ("[2001:DB8::5]", "[2001:db8::5]:8050"),
        ("2001:db8::5", "[2001:db8::5]"),
    ],
)
def test_each_way_to_list_a_host_lets_it_in(listed: str, asked: str) -> None:
    assert ask(auth(hosts=[listed]), host=asked).text == "inside"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_needs_a_token_that_may_write_on_loopback_too(method: str) -> None:
    assert ask(auth(), method, "/-/reload").status_code == 401
    assert ask(auth(**AUTH), method, "/-/reload").status_code == 401
    assert ask(auth(**AUTH), method, "/-/reload", authorization=f"Bearer {READER}").status_code == 403
    assert ask(auth(**AUTH), method, "/-/reload", authorization="Bearer wrong").status_code == 401
    assert ask(auth(**AUTH), method, "/-/reload", authorization=f"Bearer {TOKEN}").text == "inside"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_length": "65536"}, 200),
        ({"content_length": "65537"}, 413),
        ({"content_length": "0" * 30 + "1"}, 413),
        ({"content_length": "9" * 5000}, 413),
        ({"content_length": "-1"}, 413),
        ({"transfer_encoding": "chunked"}, 411),
    ],
)
def test_a_write_is_short_and_says_how_long_it_is(headers: dict[str, str], status: int) -> None:
    token = {"authorization": f"Bearer {TOKEN}"}
    assert ask(auth(**AUTH), "POST", "/api/v1/notes", **token, **headers).status_code == status
    assert ask(auth(**AUTH), "POST", "/api/v1/notes", **headers).status_code == 401
    assert ask(auth(**AUTH), "POST", "/hooks/alertmanager", **token, **headers).text == "inside"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_browser_sends_for_another_site_is_refused_even_with_the_right_token(site: str) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "sec_fetch_site": site}
    assert ask(auth(**AUTH), "POST", "/-/reload", **headers).status_code == 403
    assert ask(auth(**AUTH), "GET", "/live", **headers).status_code == 403


def test_a_link_from_another_site_may_open_the_page() -> None:
    assert ask(auth(), path="/", sec_fetch_site="cross-site", sec_fetch_dest="document").status_code == 200


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "via", "x_real_ip", "x_forwarded_host"])
def test_behind_a_proxy_loopback_counts_for_nothing(header: str) -> None:
    answer = ask(auth(), **{header: "1.2.3.4"})
    assert answer.status_code == 403
    assert "auth" in answer.text


def test_another_machine_reads_nothing_without_auth() -> None:
    assert ask(auth(), peer="10.0.0.9").status_code == 403


def test_with_auth_reading_needs_a_token_on_loopback_too() -> None:
    assert ask(auth(**AUTH)).status_code == 401
    assert ask(auth(**AUTH), peer="10.0.0.9", authorization=f"Bearer {READER}").text == "inside"


def test_health_is_answered_to_anyone() -> None:
    assert ask(auth(**AUTH), path="/-/healthy", peer="10.0.0.9").text == "inside"


def test_passwords_open_the_board_and_never_a_write() -> None:
    rules = auth(basic=[{"user": "ana", "password_hash": hash_password("correct horse")}])
    assert ask(rules).headers["www-authenticate"].startswith("Basic")
    assert ask(rules, authorization=basic("ana", "correct horse")).text == "inside"
    assert ask(rules, authorization=basic("ana", "wrong")).status_code == 401
    assert ask(rules, authorization=basic("bob", "correct horse")).status_code == 401
    assert ask(rules, authorization="Basic !!!").status_code == 401
    assert ask(rules, "POST", authorization=basic("ana", "correct horse")).status_code == 401


def test_a_webhook_needs_no_token_for_it_is_signed_and_nothing_else_is_let_in_with_it() -> None:
    for rules in (auth(), auth(**AUTH)):
        assert ask(rules, "POST", "/hooks/livekit", peer="10.0.0.9").text == "inside"
        assert ask(rules, "POST", "/hooks/livekit", via="1.1 proxy").text == "inside"
        assert ask(rules, "POST", "/hooks/livekit", host="evil.example").status_code == 421
        for site in ("cross-site", "same-site"):
            assert ask(rules, "POST", "/hooks/livekit", sec_fetch_site=site).status_code == 403
        for method in ("PUT", "PATCH", "DELETE"):
            assert ask(rules, method, "/hooks/livekit").status_code == 401
        for path in (
            "/hooks/livekit/",
            "/hooks",
            "/hooks/",
            "//hooks/livekit",
            "/hooks/livekit/../../-/reload",
        ):
            assert ask(rules, "POST", path).status_code == 401
    assert ask(auth(**AUTH), path="/hooks/livekit").status_code == 401


def test_a_right_password_is_hashed_once_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr("dashboard.passwords._matches", lambda _h, password: hashed.append(password) or True)
    rules = auth(basic=[{"user": "ana", "password_hash": "$argon2id$x"}])
    guard = Guard(PlainTextResponse("inside"), rules, "127.0.0.1")

    async def main() -> None:
        for _ in range(50):
            headers = {"Host": "localhost", "Authorization": basic("ana", "correct horse")}
            assert (await _ask(guard, "GET", "/metrics", "127.0.0.1", headers)).status_code == 200

    asyncio.run(main())
    assert hashed == ["correct horse"]


def test_a_flood_of_wrong_passwords_is_turned_away_and_not_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr("dashboard.passwords._matches", lambda *_: release.wait(60) and False)
    rules = auth(basic=[{"user": "ana", "password_hash": "$argon2id$x"}])
    guard = Guard(PlainTextResponse("inside"), rules, "127.0.0.1")

    async def main() -> list[int]:
        asks = []
        for i in range(60):
            headers = {"Host": "localhost", "Authorization": basic("ana", f"no {i}")}
            asks.append(asyncio.create_task(_ask(guard, "GET", "/", "127.0.0.1", headers)))
        while sum(ask.done() for ask in asks) < 60 - 16:
            await asyncio.sleep(0.01)
        release.set()
        return [answer.status_code for answer in await asyncio.gather(*asks)]

    statuses = asyncio.run(main())
    assert (statuses.count(429), statuses.count(401)) == (44, 16)


def test_what_was_given_and_is_wrong_is_logged_without_it() -> None:
    rules = auth(**AUTH, basic=[{"user": "ana", "password_hash": hash_password("correct horse")}])
    told: list[tuple[str, str]] = []
    for method, given in (
        ("GET", ""),
        ("GET", f"Bearer {READER}"),
        ("POST", f"Bearer {READER}"),
        ("GET", basic("ana", "correct horse")),
        ("POST", basic("ana", "correct horse")),
        ("GET", "Bearer wrong-one"),
        ("POST", "Bearer wrong-one"),
        ("GET", basic("wrong-one", "correct horse")),
        ("GET", basic("ana", "wrong-one")),
        ("GET", "Basic wrong-one"),
    ):
        with structlog.testing.capture_logs() as lines:
            ask(rules, method, peer="10.0.0.9", **({"authorization": given} if given else {}))
        assert "wrong-one" not in str(lines)
        assert "correct horse" not in str(lines)
        told += [(method, line["event"]) for line in lines]
        assert all((line["count"], line["last_from"]) == (1, "10.0.0.9") for line in lines)
    token, password = "a wrong token was given", "a wrong user name or password was given"
    assert told == [("GET", token), ("POST", token), *[("GET", password)] * 3]


def test_a_trusted_proxy_vouches_for_its_people_and_nobody_else_does() -> None:
    rules = auth(proxy={"header": "X-Forwarded-User", "addresses": ["10.1.0.0/16"]})
    assert ask(rules, peer="10.1.2.3", x_forwarded_user="ana").text == "inside"
    assert ask(rules, peer="10.1.2.3").status_code == 401
    assert ask(rules, peer="10.2.0.1", x_forwarded_user="ana").status_code == 401
    assert ask(rules, peer="127.0.0.1", x_forwarded_user="ana").status_code == 401
    assert ask(rules, "POST", peer="10.1.2.3", x_forwarded_user="ana").status_code == 401


def test_listening_beyond_loopback_needs_auth() -> None:
    for host in ("0.0.0.0", "::", "10.0.0.5", "board.example.org"):
        sentence = refuses_listening(host, auth())
        assert sentence is not None
        assert "set `auth:`" in sentence
        assert refuses_listening(host, auth(**AUTH)) is None
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert refuses_listening(host, auth()) is None
