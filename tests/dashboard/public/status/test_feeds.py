"""RSS and Atom: as other programs read them, with ids that stay, and hostile text that stays text."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as Xml

import feedparser
import msgspec
import pytest

from dashboard.public.facts import Facts
from dashboard.public.status import feeds
from dashboard.public.status.answers import answer
from probes.model import Place, State
from probes.timeline.entries import Note, NoteKind
from tests.dashboard.public.status.played import config, days, facts, facts_after, frame, samples
from tests.probes.seen import AT, observation, relocation

OK, FAILING = State.OK, State.FAILING
HOSTILE = """<script>alert(1)</script> & "' ]]> &lt;b&gt; \x00\x0b\ud800 {{7*7}} <!channel>"""
ATOM = "{http://www.w3.org/2005/Atom}"


def a_day(url: str | None = None, title: str = "Launch", said: str = "We know of it.") -> Facts:
    """A failure, a room that moved, and an announcement."""
    of = config(**({"address": url} if url else {}))
    one = relocation(at=AT - 400, from_=Place("r0", "n1", title), to=Place("r1", "n2", title + " 2"))
    note = Note(id="n1", at=AT - 30, by="ops", text=said, kind=NoteKind.ANNOUNCEMENT)
    seen = observation(state=OK, service_time=None, pace=1.0, relocations=(one,))
    ticks = samples((OK, 900), (FAILING, 300), (OK, 600))
    return facts(of, frame(seen, notes=(note,)), {"spaces": ticks}, days(of))


def body(path: str, of: Facts) -> bytes:
    ready = answer(path, of)
    assert ready is not None
    return ready.body


def read(path: str, of: Facts) -> Any:
    told = feedparser.parse(body(path, of))
    assert not told.bozo, told.get("bozo_exception")
    return told


@pytest.mark.parametrize(("path", "version"), [("/status.rss", "rss20"), ("/status.atom", "atom10")])
def test_a_reader_of_feeds_finds_what_happened_with_its_dates(path: str, version: str) -> None:
    told = read(path, a_day("https://status.example.org/"))
    assert told.version == version
    assert told.feed.title == "Live audio status"
    assert told.feed.link == "https://status.example.org/status"
    assert [each.title for each in told.entries] == [
        "We know of it.",
        "The room moved",
        "The room has ended",
        "All is well again",
        "Some people cannot get in",
    ]
    newest = told.entries[0]
    assert newest.published_parsed[:6] == (2023, 11, 14, 22, 12, 50)
    assert newest.link.startswith("https://status.example.org/status#h-")
    assert told.feed.updated_parsed == newest.published_parsed


@pytest.mark.parametrize("path", ["/status.rss", "/status.atom"])
def test_an_entry_keeps_its_id_and_each_has_its_own(path: str) -> None:
    first, later = read(path, a_day()).entries, read(path, a_day()).entries
    assert [each.id for each in first] == [each.id for each in later]
    assert len({each.id for each in first}) == len(first)
    assert all(each.id.startswith("urn:uuid:") for each in first)


def test_atom_has_what_its_standard_asks_for() -> None:
    root = Xml.fromstring(body("/status.atom", a_day()))
    for name in ("id", "title", "updated", "author"):
        assert root.find(f"{ATOM}{name}") is not None, name
    rels = {link.get("rel") for link in root.findall(f"{ATOM}link")}
    assert rels == {"self", "alternate"}
    for entry in root.findall(f"{ATOM}entry"):
        for name in ("id", "title", "updated", "content"):
            assert entry.findtext(f"{ATOM}{name}"), name


def test_rss_has_what_its_standard_asks_for() -> None:
    root = Xml.fromstring(body("/status.rss", a_day()))
    channel = root.find("channel")
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    assert channel is not None
    assert all(channel.findtext(name) for name in ("title", "link", "description"))
    assert all(guid.get("isPermaLink") == "false" for guid in channel.iter("guid"))


@pytest.mark.parametrize("path", ["/status.rss", "/status.atom"])
def test_a_day_without_anything_is_a_feed_without_entries(path: str) -> None:
    empty = msgspec.structs.replace(a_day(), day=None)
    assert read(path, empty).entries == []
    assert read(path, facts_after((OK, 60))).entries == []


@pytest.mark.parametrize("path", ["/status.rss", "/status.atom"])
def test_hostile_text_stays_text(path: str) -> None:
    of = a_day(title=HOSTILE, said=HOSTILE)
    raw = body(path, of)
    assert b"<script" not in raw
    Xml.fromstring(raw)
    told = read(path, of)
    assert told.entries[0].title.startswith("<script>alert(1)</script> & \"' ]]> &lt;b&gt;")
    # A reader takes what describes an item of RSS for HTML: what it finds must show the letters.
    shown = told.entries[1].get("summary", "") if path.endswith("rss") else ""
    assert "<script" not in shown


def test_what_changes_from_tick_to_tick_is_not_in_a_feed() -> None:
    assert b"so far" not in feeds.rss(a_day()) + feeds.atom(a_day())
