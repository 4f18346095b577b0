"""Public answers over HTTP: their headers, for whom they are made, and private ones by a link."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.clients import MADE
from dashboard.public.links import ELSEWHERE, EXPIRED, NOT_OURS, PREFIX, REVOKED
from dashboard.public.signing import signed
from probes.settings import parse
from tests.dashboard.inside import SERVICES, Inside, told
from tests.probes.seen import observation

KEY = "a-key-of-at-least-thirty-two-characters"
PANEL = "/embed/joins.json"
EMBED: dict[str, Any] = {
    "public": {"panels": ["joins"], "services": ["spaces"]},
    "origins": ["https://a.example", "https://b.example"],
    "key": KEY,
}


def asked(folder: Path, *paths: str, embed: dict[str, Any] = EMBED, **headers: str) -> list[httpx.Response]:
    async def main(inside: Inside) -> list[httpx.Response]:
        await inside.show(observation("spaces"), observation("stage"))
        return [await inside.ask("GET", path, **headers) for path in paths]

    answers: list[httpx.Response] = told(folder, main, **config(embed))
    return answers


def config(embed: dict[str, Any]) -> dict[str, Any]:
    return {"services": [*SERVICES, {**SERVICES[0], "name": "stage"}], "embed": embed}


def link(panel: str, lasts: str = "7d", name: str = "", now: float | None = None) -> str:
    """The path of a link."""
    read = parse(f"services: {config(EMBED)['services']}\nembed: {EMBED}", "x", Path())
    url = signed(read, panel, lasts, name, time.time() if now is None else now).url
    return url[url.index(PREFIX) :]


def id_in(path: str) -> str:
    import jwt

    claims = jwt.decode(path.split("/")[2].removeprefix("~"), options={"verify_signature": False})
    return str(claims["jti"])


def test_everyone_gets_what_is_public_whatever_their_address_or_name_for_us(tmp_path: Path) -> None:
    (here,) = asked(tmp_path, PANEL)
    (there,) = asked(
        tmp_path, PANEL, peer="203.0.113.9", host="status.example.org", sec_fetch_site="cross-site"
    )
    assert here.status_code == 200
    assert (here.content, here.headers) == (there.content, there.headers)


def test_an_origin_that_is_not_listed_gets_the_same_bytes_and_headers_as_none(tmp_path: Path) -> None:
    async def main(inside: Inside) -> list[tuple[bytes, dict[str, str]]]:
        await inside.show(observation())
        seen = []
        for origin in (
            {},
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "https://a.example"},
        ):
            answer = await inside.ask("GET", PANEL, **origin)
            seen.append((answer.content, dict(answer.headers)))
        return seen

    none, evil, null, listed = told(tmp_path, main, embed=EMBED)
    assert none == evil == null
    assert "Origin" in none[1]["vary"]
    assert listed[0] == none[0]
    assert listed[1].pop("access-control-allow-origin") == "https://a.example"
    assert listed[1].pop("access-control-expose-headers") == "ETag, Age, Date"
    assert listed[1] == none[1]


def test_a_browser_may_ask_before_and_nothing_else_is_answered(tmp_path: Path) -> None:
    async def main(inside: Inside) -> list[httpx.Response]:
        await inside.show(observation())
        asking = {"origin": "https://a.example", "access_control_request_method": "GET"}
        return [
            await inside.ask("OPTIONS", PANEL, **asking),
            await inside.ask("OPTIONS", PANEL, origin="https://evil.example"),
            *[await inside.ask(method, PANEL) for method in ("POST", "PUT", "DELETE", "PATCH")],
        ]

    listed, other, *writes = told(tmp_path, main, embed=EMBED)
    assert (listed.status_code, listed.headers["access-control-allow-origin"]) == (204, "https://a.example")
    assert (other.status_code, "access-control-allow-origin" in other.headers) == (204, False)
    assert {answer.status_code for answer in writes} == {405}


def test_every_answer_is_safe_and_none_sets_a_cookie(tmp_path: Path) -> None:
    answers = asked(
        tmp_path, PANEL, "/embed/nothing", "/embed/nodes.json", f"{PREFIX}x/joins", link("nodes") + ".json"
    )
    assert [answer.status_code for answer in answers] == [200, 404, 404, 403, 200]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert (
            "frame-ancestors https://a.example https://b.example" in answer.headers["content-security-policy"]
        )
        assert "set-cookie" not in answer.headers


def test_a_link_shows_what_is_not_public_to_who_holds_it_and_no_cache_keeps_it(tmp_path: Path) -> None:
    shown, other, public = asked(tmp_path, link("nodes@stage.json"), "/embed/nodes@stage.json", PANEL)
    assert (shown.status_code, shown.json()["panel"], other.status_code) == (200, "nodes", 404)
    assert shown.headers["cache-control"] == "private, no-store"
    assert shown.headers["x-robots-tag"] == "noindex"
    assert public.headers["cache-control"].startswith("public, ")


def test_what_a_link_shows_holds_no_internal_name_either(tmp_path: Path) -> None:
    (shown,) = asked(tmp_path, link("nodes@spaces.json"))
    assert [node["label"] for node in shown.json()["nodes"]] == ["Server 1"]


def test_why_a_link_is_closed_is_said_in_a_sentence(tmp_path: Path) -> None:
    good, old, back, named = (
        link("nodes"),
        link("nodes", now=1.7e9),
        link("nodes"),
        link("nodes", name="wiki"),
    )
    embed = {**EMBED, "revoked": [id_in(back), "wiki"]}
    paths = (
        good + ".json",
        old,
        back,
        named,
        good.replace("nodes@", "joins@"),
        good.replace("~ey", "~eY"),
        PREFIX,
    )
    answers = asked(tmp_path, *paths, embed=embed)
    assert [(answer.status_code, answer.text.strip()) for answer in answers[1:]] == [
        (403, EXPIRED),
        (403, REVOKED),
        (403, REVOKED),
        (403, ELSEWHERE),
        (403, NOT_OURS),
        (403, NOT_OURS),
    ]
    assert answers[0].status_code == 200
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-store"}


@pytest.mark.parametrize("key", [None, KEY + "!"])
def test_another_key_or_none_ends_every_link(tmp_path: Path, key: str | None) -> None:
    embed = {name: value for name, value in EMBED.items() if name != "key"} | ({"key": key} if key else {})
    (answer,) = asked(tmp_path, link("joins.json"), embed=embed)
    assert (answer.status_code, answer.text.strip()) == (403, NOT_OURS)


def test_with_a_key_alone_nothing_is_public(tmp_path: Path) -> None:
    by_link, public = asked(tmp_path, link("joins.json"), PANEL, embed={"key": KEY})
    assert (by_link.status_code, public.status_code) == (200, 404)


def test_who_asks_for_what_does_not_lie_ready_too_often_must_wait_and_others_not(tmp_path: Path) -> None:
    async def main(inside: Inside) -> None:
        await inside.show(observation())
        inside.web.visitors.buckets._clock = lambda: 0.0
        assert (await inside.ask("GET", PANEL)).status_code == 200
        for _ in range(int(MADE.burst) - 1):
            assert (await inside.ask("GET", "/oembed?url=/embed/joins")).status_code == 200
        for path in ("/oembed?url=/embed/joins", "/embed/joins@spaces.json", f"{PREFIX}x/joins"):
            slowed = await inside.ask("GET", path)
            assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
        assert (await inside.ask("GET", PANEL)).status_code == 200, "what lies ready costs nothing"
        assert (await inside.ask("GET", "/embed/joins.svg", peer="203.0.113.9")).status_code == 200

    told(tmp_path, main, embed=EMBED)


def test_who_asks_for_what_is_not_there_slows_nobody_behind_the_same_proxy(tmp_path: Path) -> None:
    """A cache in front has one address: made-up paths that go through it must not use up its tries."""

    async def main(inside: Inside) -> None:
        await inside.show(observation())
        inside.web.visitors.buckets._clock = lambda: 0.0
        for number in range(int(MADE.burst) + 1):
            assert (await inside.ask("GET", f"/embed/nothing{number}")).status_code == 404
        assert (await inside.ask("GET", PANEL)).status_code == 200

    told(tmp_path, main, embed=EMBED)


def test_a_picture_that_cannot_be_painted_now_is_no_picture_that_is_not_there(tmp_path: Path) -> None:
    """503, so that a proxy shows on the last one; and the next who asks has it painted."""

    async def main(inside: Inside) -> None:
        await inside.show(observation())
        painter = inside.web.desk._pictures._painter
        painter.paint = lambda _: b""  # type: ignore[method-assign]
        failed = await inside.ask("GET", "/embed/joins.png")
        assert (failed.status_code, failed.headers["cache-control"]) == (503, "no-store")
        del painter.paint
        assert (await inside.ask("GET", "/embed/joins.png")).status_code == 200

    told(tmp_path, main, embed=EMBED)
