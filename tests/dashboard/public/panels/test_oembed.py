"""oEmbed: how to show a panel of ours, and nothing else."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from dashboard.public.panels import oembed
from dashboard.public.ready import Ready
from probes.config.embed import PublicPanel
from tests.dashboard.public.telling import Seen, facts, service

HOST = "board.example.org"


def asked(url: str, more: str = "") -> Ready:
    return oembed.answer(f"url={quote(url, safe='')}{more}".encode(), HOST, facts())


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://board.example.org/embed/joins/dark", "https://board.example.org/embed/joins/dark"),
        ("http://board.example.org/embed/joins@spaces", "http://board.example.org/embed/joins@spaces"),
        ("/embed/joins", "//board.example.org/embed/joins"),
        ("https://board.example.org/embed/joins?x=1#accent=000", "https://board.example.org/embed/joins"),
    ],
)
def test_a_panel_is_a_frame(url: str, page: str) -> None:
    ready = asked(url)
    found = json.loads(ready.body)
    assert ready.status == 200
    assert (found["version"], found["type"]) == ("1.0", "rich")
    assert dict(Seen(found["html"]).attributes)["src"] == page


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/embed/joins",
        "https://board.example.org.evil.example/embed/joins",
        "https://user@board.example.org/embed/joins",
        "//elsewhere.example/embed/joins",
        "javascript://board.example.org/embed/joins",
        "https://board.example.org/embed/nothing",
        "https://board.example.org/api/v1/frame",
        "https://board.example.org/embed/status",
        "https://[::1/embed/joins",
        "",
    ],
)
def test_what_is_not_a_public_panel_here_is_refused(url: str) -> None:
    assert asked(url).status == 404


def test_a_panel_at_the_public_address_is_ours_whatever_name_was_asked() -> None:
    told = facts(address="https://status.example.org")
    ready = oembed.answer(b"url=https://status.example.org/embed/joins", HOST, told)
    assert (
        dict(Seen(json.loads(ready.body)["html"]).attributes)["src"]
        == "https://status.example.org/embed/joins"
    )


def test_a_private_panel_is_not_told_of() -> None:
    closed = facts(panels=frozenset({PublicPanel.STATE}))
    assert oembed.answer(b"url=/embed/joins", HOST, closed).status == 404


def test_sizes_are_followed_down_and_bounded() -> None:
    found = json.loads(asked("/embed/joins", "&maxwidth=300&maxheight=1").body)
    assert (found["width"], found["height"]) == (300, 120)
    assert json.loads(asked("/embed/joins", "&maxwidth=99999&maxheight=-1").body)["width"] == 420


def test_a_frame_has_the_scheme_of_its_theme_and_is_no_wider_than_a_phone() -> None:
    """With another scheme than the panel's a browser paints a ground around the card."""
    for path, scheme in (("joins", "light dark"), ("joins/dark", "dark"), ("joins/light", "light")):
        html = json.loads(asked(f"/embed/{path}").body)["html"]
        assert f'style="border:0;max-width:100%;color-scheme:{scheme}"' in html


def test_another_form_is_not_known() -> None:
    assert asked("/embed/joins", "&format=xml").status == 501


def test_a_flood_of_words_is_a_plain_refusal() -> None:
    for query in (b"url=" + b"a" * 100_000, b"&" * 100_000, b"\xff\xfe=%%%", b"url=/embed/joins&" * 40):
        assert oembed.answer(query, HOST, facts()).status == 404


def test_a_hostile_label_stays_text() -> None:
    told = facts(service(label='"><script>alert(1)</script>'))
    found = json.loads(oembed.answer(b"url=/embed/joins", HOST, told).body)
    assert Seen(found["html"]).tags == ["iframe"]
