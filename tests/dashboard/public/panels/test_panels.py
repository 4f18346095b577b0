"""Every panel in every form: it says what the facts say, and lets no title out of its place."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re

import msgspec
import pytest

from dashboard.public.address import Theme
from dashboard.public.facts import ServiceFacts
from dashboard.public.panels import badges, embed
from dashboard.public.panels.card_html import card_html
from dashboard.public.panels.card_svg import card_svg
from dashboard.public.panels.cards import CARDS
from dashboard.public.ready import Ready
from probes.config.embed import PublicPanel
from probes.model import Cause, State
from tests.dashboard.public.telling import (
    HOSTILE,
    Seen,
    drawn,
    facts,
    move,
    named,
    series,
    service,
    shape,
    unknown_service,
)

PANELS = tuple(CARDS)
PATHS = [f"/embed/{panel}{theme}" for panel in PANELS for theme in ("", "/light", "/dark", "/auto")]
LIGHT_ENOUGH = 20_000


def made(path: str, *services: ServiceFacts) -> Ready:
    ready = embed.answer(path, facts(*services))
    assert ready is not None
    return ready


def html_of(panel: PublicPanel, told: ServiceFacts) -> str:
    return card_html(CARDS[panel](told))


def svg_of(panel: PublicPanel, told: ServiceFacts) -> str:
    return card_svg(CARDS[panel](told), Theme.AUTO, "")


def text_of(panel: PublicPanel, told: ServiceFacts) -> str:
    """All words of a panel as page; its picture must hold the same words."""
    words = Seen(html_of(panel, told)).text
    parts = drawn(svg_of(panel, told)).iter("{http://www.w3.org/2000/svg}text")
    picture = " ".join("".join(part.itertext()) for part in parts)
    for figure in re.findall(r"\d[\d.,]*[%k×M]?", words):
        assert figure in picture
    return words


def test_every_panel_but_the_page_of_all_has_a_card_and_a_badge() -> None:
    assert set(CARDS) == set(badges.BADGES) == set(PublicPanel) - {PublicPanel.STATUS}


@pytest.mark.parametrize("panel", PANELS)
def test_a_picture_says_of_when_it_is_and_changes_by_that_once_a_minute(panel: PublicPanel) -> None:
    """Others keep pictures for as long as they like, and a picture cannot count how old it is."""
    pictures = [
        made(f"/embed/{panel}.svg", msgspec.structs.replace(service(), at=at)).body.decode()
        for at in (1684967700.0, 1684967759.0, 1684967760.0)
    ]
    assert ["as of 24 May, 22:35 UTC" in picture for picture in pictures] == [True, True, False]
    assert pictures[0] == pictures[1]
    assert "as of 24 May, 22:36 UTC" in pictures[2]
    assert (
        "as of" not in made(f"/embed/{panel}.svg", msgspec.structs.replace(service(), at=None)).body.decode()
    )


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_whole_and_light(path: str) -> None:
    """One file of at most 20 kB with everything in it: nothing is loaded but the page itself, again."""
    page = made(path).body.decode()
    assert len(gzip.compress(page.encode())) <= LIGHT_ENOUGH / 4
    assert "src=" not in page
    assert 'http-equiv="refresh"' in page
    assert re.findall(r'<link rel="([a-z]+)"', page) == ["alternate"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_allows_its_own_script_and_style_alone(path: str) -> None:
    ready = made(path)
    page, policy = ready.body.decode(), ready.headers["Content-Security-Policy"]
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        (inline,) = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert not [value for name, value in Seen(page).attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_only_text(panel: PublicPanel, title: str) -> None:
    """Whatever things are called, page and picture have the elements they have with a harmless name."""
    told, harmless = named(title), named("Room")
    page, plain = Seen(html_of(panel, told)), Seen(html_of(panel, harmless))
    assert page.tags == plain.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in plain.attributes]
    assert shape(svg_of(panel, told)) == shape(svg_of(panel, harmless))
    for path in (f"/embed/{panel}", f"/embed/{panel}.svg", f"/badge/{panel}.svg"):
        answers = badges.answer if path.startswith("/badge/") else embed.answer
        ready = answers(path, facts(told))
        assert ready is not None
        assert not set(ready.body.decode()) & set("\u202e\u2066\x00\x1b\x07\ufffe\ud800")


@pytest.mark.parametrize("title", HOSTILE[:-1])
def test_data_with_hostile_titles_is_json(title: str) -> None:
    encodable = title.encode("utf-8", "replace").decode()
    ready = made("/embed/relocation.json", named(encodable))
    assert json.loads(ready.body)["moves"][0]["from_title"] == encodable
    assert ready.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("panel", PANELS)
def test_unknown_is_never_drawn_as_nothing(panel: PublicPanel) -> None:
    """Of a service of which nothing is known, no panel shows a 0 or a share."""
    words = text_of(panel, unknown_service())
    assert "%" not in words.replace("goal 99%", "")
    assert not re.search(r"\b0\b", words)
    assert "None" not in words
    assert "nan" not in svg_of(panel, unknown_service())


@pytest.mark.parametrize("panel", PANELS)
def test_a_picture_says_what_it_shows_to_those_who_cannot_see_it(panel: PublicPanel) -> None:
    picture = drawn(svg_of(panel, service()))
    assert picture.get("role") == "img"
    described = {part.get("id"): part.text for part in picture if part.tag.endswith(("title", "desc"))}
    assert all(described[name] for name in (picture.get("aria-labelledby") or "").split())


def test_the_state_is_a_sentence_since_when() -> None:
    words = text_of(PublicPanel.STATE, service())
    assert "Some people cannot get in" in words
    assert "since 22:05 UTC" in words
    assert 'class="banner bad"' in svg_of(PublicPanel.STATE, service())
    assert 'class="banner good"' in svg_of(PublicPanel.STATE, service(state=State.OK))


def test_people_are_told_with_the_most_there_were() -> None:
    words = text_of(PublicPanel.CONCURRENCY, service())
    assert "168k" in words
    assert "most 668k" in words


def test_a_sum_of_which_a_part_is_missing_says_so() -> None:
    words = text_of(PublicPanel.CONCURRENCY, service(complete=False, rooms_open=3))
    assert "at least in 3 rooms" in words


def test_joins_are_judged_as_the_service_is() -> None:
    assert 'class="figure bad"' in html_of(PublicPanel.JOINS, service())
    assert 'class="figure warn"' in html_of(PublicPanel.JOINS, service(success=0.97))
    assert 'class="figure good"' in html_of(PublicPanel.JOINS, service(success=0.99))
    assert 'class="figure good"' in html_of(PublicPanel.JOINS, service(success=0.9, state=State.OK))
    assert "about 41k at the door" in text_of(PublicPanel.JOINS, service())


def test_equal_errors_keep_their_places() -> None:
    one, other = ({"a": 0.1, "b": 0.1}, {"b": 0.1, "a": 0.1})
    assert html_of(PublicPanel.ERRORS, service(errors=one)) == html_of(
        PublicPanel.ERRORS, service(errors=other)
    )


def test_no_errors_is_good_news_and_not_an_empty_box() -> None:
    assert "Everyone who tries gets in" in text_of(PublicPanel.ERRORS, service(success=1.0, errors={}))


def test_a_move_tells_from_where_to_where_and_how_many_followed() -> None:
    words = text_of(PublicPanel.RELOCATION, service())
    assert "Launch → Launch 2" in words
    assert "25% have followed · dark for 1 min 58 s" in words
    assert 'href="/go/launch"' in html_of(PublicPanel.RELOCATION, service())
    assert "join the new room" in words


def test_a_room_that_ended_has_no_successor_yet() -> None:
    ended = move(cause=Cause.ENDED, to_title=None, dark_seconds=None, carried_over=None, now=None)
    words = text_of(PublicPanel.RELOCATION, service(moves=(ended,)))
    assert "The room ended" in words
    assert "no new room yet" in words
    assert "668k people were in" in words
    assert "followed" not in words
    assert "wait for the new room" in words


def test_rooms_without_public_titles_are_not_named() -> None:
    words = text_of(PublicPanel.RELOCATION, service(moves=(move(from_title="", to_title=""),)))
    assert "the room → the new room" in words


def test_a_room_that_stays_has_not_moved() -> None:
    words = text_of(PublicPanel.RELOCATION, service(moves=()))
    assert words.startswith("The room has not moved")
    assert "not known" in text_of(PublicPanel.RELOCATION, unknown_service())


def test_a_server_that_does_not_answer_has_no_figure() -> None:
    words = text_of(PublicPanel.NODES, service())
    assert "EU 1 no answer" in words
    assert "EU 2 168k" in words


def test_the_curve_has_a_gap_where_the_room_was_dark_and_a_successor() -> None:
    svg = svg_of(PublicPanel.CONCURRENCY, service())
    assert svg.count('class="dark"') == 1
    assert svg.count('class="area people"') == svg.count('class="area move"') == 1


def test_what_was_not_seen_is_a_gap_and_not_darkness() -> None:
    unseen = series(participants=tuple(None if 40 <= step < 60 else 5_000 for step in range(120)))
    svg = svg_of(PublicPanel.CONCURRENCY, service(series=unseen, moves=()))
    assert 'class="dark"' not in svg
    assert svg.count('class="area people"') == 2


def test_a_room_that_is_still_dark_is_shaded_to_the_end() -> None:
    dark = series(participants=tuple(5_000 if step < 60 else 0 for step in range(120)))
    assert svg_of(PublicPanel.CONCURRENCY, service(series=dark)).count('class="dark"') == 1


def test_pictures_fit_their_box_however_long_names_are() -> None:
    long = named("Ünïcode " * 60)
    for panel in PANELS:
        for text in drawn(svg_of(panel, long)).iter("{http://www.w3.org/2000/svg}text"):
            assert len(text.text or "") < 70


def test_an_address_without_a_panel_is_nothing() -> None:
    for path in ("/embed/", "/embed/status", "/embed/joins/pink", "/embed/joins@other", "/embed/JOINS"):
        assert embed.answer(path, facts()) is None
    assert embed.answer("/embed/joins", facts(panels=frozenset({PublicPanel.STATE}))) is None


def test_what_is_private_has_no_picture_and_no_badge() -> None:
    closed = facts(panels=frozenset({PublicPanel.STATE}))
    assert embed.to_paint("/embed/joins.png", closed) is None
    assert badges.answer("/badge/joins.svg", closed) is None
    assert badges.answer("/badge/joins.json", closed) is None


def test_the_age_is_counted_from_what_was_seen_and_the_delay() -> None:
    page = embed.answer("/embed/state", facts(delay=30.0))
    assert page is not None
    assert f'data-at="{service().observed_at:.1f}" data-late="45"' in page.body.decode()


def test_without_a_script_a_page_says_of_when_it_is() -> None:
    page = embed.answer("/embed/joins", facts(service(observed_at=1_700_000_000.0)))
    assert page is not None
    assert '<noscript><p class="as-of">As of 22:13:20 UTC</p></noscript>' in page.body.decode()
