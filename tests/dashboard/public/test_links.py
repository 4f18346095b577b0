"""Signed links: what they open, until when, and that they tell nothing else."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from dashboard.public import links as module
from dashboard.public.address import read
from dashboard.public.links import ELSEWHERE, EXPIRED, NOT_OURS, PREFIX, REVOKED, Closed, Links, sign
from dashboard.public.signing import CannotSign, signed
from probes.settings import Config, parse

KEY = "a-key-of-at-least-thirty-two-characters"
TEXT = "joins@spaces/dark"
NOW = 1_700_000_000.0


def link(text: str = TEXT, key: str = KEY, expires: float = NOW + 60, name: str = "") -> tuple[str, str]:
    """A token and its id."""
    asked = read(text)
    assert asked is not None
    made = sign(key, asked, text, expires, name)
    return made.path.removeprefix(PREFIX).partition("/")[0], made.id


def why(links: Links, token: str, text: str = TEXT, now: float = NOW) -> str:
    try:
        asyncio.run(links.open(token, text, now))
    except Closed as closed:
        return str(closed)
    return ""


def test_a_link_opens_its_panel_in_every_theme_and_format_and_nothing_else() -> None:
    links, (token, _) = Links(KEY, []), link()
    for text in (
        TEXT,
        "joins@spaces",
        "joins@spaces/light.svg",
        "joins@spaces.json",
        "joins@spaces/dark.png",
    ):
        assert why(links, token, text) == ""
    for text in ("joins", "joins@other", "nodes@spaces", "", "joins@spaces/../nodes", "joins@spaces/dark/"):
        assert why(links, token, text) == ELSEWHERE


def test_a_link_ends_at_its_time_also_where_it_is_remembered() -> None:
    links, (token, _) = Links(KEY, []), link(expires=NOW + 60)
    assert [why(links, token, now=NOW + age) for age in (0, 59, 60, 1e9)] == ["", "", EXPIRED, EXPIRED]
    assert why(Links(KEY, []), token, now=NOW + 60) == EXPIRED


def test_a_link_is_taken_back_by_its_id_or_its_name() -> None:
    token, identity = link(name="wiki")
    assert why(Links(KEY, [identity]), token) == REVOKED
    assert why(Links(KEY, ["wiki"]), token) == REVOKED
    assert why(Links(KEY, ["other", ""]), token) == ""
    nameless, _ = link()
    assert why(Links(KEY, ["wiki"]), nameless) == ""


def coded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def forged() -> dict[str, str]:
    token, _ = link()
    head, body, signature = token.split(".")
    claims = {"aud": "roomwatch-embed", "jti": "x", "sub": "joins@spaces", "exp": int(NOW + 60)}
    return {
        "nothing": "",
        "no token": "x",
        "another key": link(key=KEY + "x")[0],
        "another body": f"{head}.{coded({**claims, 'sub': 'nodes@spaces'})}.{signature}",
        "no signature": f"{head}.{body}.",
        "no algorithm": f"{coded({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "another algorithm": jwt.encode(claims, KEY * 2, "HS512"),
        "for something else": jwt.encode({**claims, "aud": "livekit"}, KEY, "HS256"),
        "without an audience": jwt.encode({k: v for k, v in claims.items() if k != "aud"}, KEY, "HS256"),
        "without an end": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, KEY, "HS256"),
        "without an id": jwt.encode({k: v for k, v in claims.items() if k != "jti"}, KEY, "HS256"),
        "an end that is no number": jwt.encode({**claims, "exp": "soon"}, KEY, "HS256"),
        "an end that is a list": jwt.encode({**claims, "exp": [1]}, KEY, "HS256"),
        "too long": jwt.encode({**claims, "name": "x" * 2000}, KEY, "HS256"),
        "not text": "\ud800.\udfff.x",
        "long nonsense": "." * 100_000,
    }


@pytest.mark.parametrize("how", forged())
def test_what_is_forged_is_told_one_sentence_whatever_is_wrong(how: str) -> None:
    links = Links(KEY, [])
    assert why(links, forged()[how]) == NOT_OURS
    assert not links._opened


def test_without_a_key_every_link_is_not_valid() -> None:
    assert why(Links("", []), link()[0]) == NOT_OURS
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        assert why(Links("", []), link(key="x")[0]) == NOT_OURS


def test_a_link_is_verified_once_and_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    real = jwt.decode
    monkeypatch.setattr(jwt, "decode", lambda token, *a, **k: verified.append(token) or real(token, *a, **k))
    monkeypatch.setattr(module, "_MOST_OPENED", 3)
    links = Links(KEY, [])
    tokens = [link()[0] for _ in range(5)]
    for token in tokens:
        for _ in range(10):
            assert why(links, token) == ""
    assert verified == tokens
    assert len(links._opened) == 3
    assert links.is_known(tokens[-1])
    assert not links.is_known(tokens[0])


CONFIG = """
services:
  - {name: stage, kind: http-json, url: 'http://127.0.0.1:1/'}
  - {name: spaces, kind: http-json, url: 'http://127.0.0.1:2/'}
alerts: {board: 'https://board.example.org/'}
embed:
  key: a-key-of-at-least-thirty-two-characters
  public: {services: [spaces]}
"""


def config(text: str = CONFIG) -> Config:
    return parse(text, "roomwatch.yaml", Path())


@pytest.mark.parametrize(
    ("panel", "address"),
    [
        ("joins", "joins@spaces"),
        ("joins@stage", "joins@stage"),
        ("/embed/joins/dark.svg", "joins@spaces/dark.svg"),
    ],
)
def test_a_link_is_printed_whole_and_works(panel: str, address: str) -> None:
    given = signed(config(), panel, "7d", "wiki", NOW)
    start, _, text = given.url.removeprefix("https://board.example.org" + PREFIX).partition("/")
    assert text == address
    assert why(Links(KEY, []), start, text, NOW + 7 * 86400 - 1) == ""
    assert why(Links(KEY, []), start, text, NOW + 7 * 86400) == EXPIRED
    assert why(Links(KEY, [given.id]), start, text) == REVOKED
    assert why(Links(KEY, ["wiki"]), start, text) == REVOKED
    assert given.until == "2023-11-21 22:13 UTC"


@pytest.mark.parametrize(
    ("panel", "lasts", "name", "sentence"),
    [
        ("nothing", "7d", "", "there is no panel 'nothing': expected one of state, concurrency"),
        ("status", "7d", "", "there is no panel 'status'"),
        ("nothing/blue", "7d", "", "there is no panel 'nothing/blue'"),
        ("joins@stage/blue", "7d", "", "there is no theme 'blue': expected one of auto, light, dark"),
        ("/embed/joins/.svg", "7d", "", "there is no theme '': expected one of auto, light, dark"),
        ("joins@x", "7d", "", "there is no service 'x': expected one of stage, spaces"),
        ("joins", "7", "", "expected a duration above zero such as"),
        ("joins", "400d", "", "a link is good for 366 days at most"),
        ("joins", "10000d", "", "a link is good for 366 days at most"),
        ("joins", "7d", "The Wiki", "expected a short name"),
    ],
)
def test_what_cannot_be_signed_is_said_in_a_sentence(
    panel: str, lasts: str, name: str, sentence: str
) -> None:
    with pytest.raises(CannotSign, match=sentence):
        signed(config(), panel, lasts, name, NOW)


def test_without_a_key_nothing_is_signed() -> None:
    with pytest.raises(CannotSign, match=r"set `embed\.key` in the config file"):
        signed(
            config(CONFIG.replace("  key: a-key-of-at-least-thirty-two-characters\n", "")),
            "joins",
            "7d",
            "",
            NOW,
        )
