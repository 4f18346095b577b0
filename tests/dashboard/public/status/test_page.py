"""The page: whole without its script, text that is only text, light, and nothing that was not made public."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from dashboard.public.address import Theme
from dashboard.public.facts import EventFacts, EventState, Facts
from dashboard.public.panels.look import page_colours
from dashboard.public.ready import Ready
from dashboard.public.status.answers import PATHS, answer
from probes.model import Cause, Door, NodeView, Observer, Outcome, Place, State
from probes.timeline.entries import Note, NoteKind
from tests.dashboard.public.status.played import (
    ALL,
    config,
    days,
    facts,
    facts_after,
    frame,
    samples,
)
from tests.probes.seen import AT, node, observation, relocation, room

OK, STRAINED, FAILING = State.OK, State.STRAINED, State.FAILING
HEAVIEST = 20_000
"""Bytes compressed, as for every page in a crowd."""


class Parsed(HTMLParser):
    """The tags of a page, with all its text in one piece, and whether each that was opened was closed."""

    VOID = frozenset({"meta", "link", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.said += data


def launch(to: str, **changes: Any) -> EventFacts:
    """An event whose room moved to the one with this title."""
    moved = EventFacts(
        name="launch",
        title="Launch",
        service="spaces",
        link="https://status.example.org/go/launch",
        state=EventState.MOVED,
        target="https://rooms.example.org/2",
        to_title=to,
    )
    return msgspec.structs.replace(moved, **changes)


def ready(of: Facts, path: str = "/status") -> Ready:
    found = answer(path, of)
    assert found is not None
    return found


def html(of: Facts, path: str = "/status") -> str:
    return ready(of, path).body.decode()


def test_it_says_in_a_sentence_how_it_is_and_since_when() -> None:
    page = Parsed(html(facts_after((OK, 600), (FAILING, 900))))
    assert "Some people cannot get inproblems since 21:58 UTC" in page.said
    assert page.open == []


def test_it_is_whole_without_its_script() -> None:
    of = config()
    one = relocation(at=AT - 400, from_=Place("r0", "n1", "Launch"), to=Place("r1", "n2", "Launch 2"))
    note = Note(id="n1", at=AT - 30, by="ops", text="We know of it.", kind=NoteKind.ANNOUNCEMENT)
    seen = observation(service_time=None, pace=1.0, participants=168_000, relocations=(one,))
    told = facts(of, frame(seen, notes=(note,)), {"spaces": samples((OK, 900), (FAILING, 600))}, days(of))
    said = Parsed(html(told)).said
    for words in (
        "In the room168k",
        "Joins that got in90%",
        "The room moved1×Launch → Launch 2",
        "25% have followed · dark for 1 min 58 s",
        "Joining a room",
        "22:04 UTC The room has ended",
        "22:06 UTC The room moved",
        "22:12 UTC We know of it.",
        "The spaces",
    ):
        assert words in said


def test_its_script_and_its_style_are_the_only_ones_that_may_run() -> None:
    answered = ready(facts_after((OK, 60)))
    policy = answered.headers["Content-Security-Policy"]
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answered.body.decode(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r'<[^>]+\s(style|on\w+)="', answered.body.decode())


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_theme_is_in_the_path(theme: str) -> None:
    path = "/status" if theme == "auto" else f"/status/{theme}"
    assert f"<style>{page_colours(Theme(theme))}" in html(facts_after((OK, 60)), path)


def test_feeds_and_the_summary_are_found_by_programs() -> None:
    page = Parsed(html(facts_after((OK, 60))))
    found = {a["type"]: a["href"] for tag, a in page.tags if tag == "link" and a["rel"] == "alternate"}
    assert found == {
        "application/atom+xml": "/status.atom",
        "application/rss+xml": "/status.rss",
        "application/json": "/api/v2/summary.json",
    }


def test_pictures_say_in_words_what_they_show() -> None:
    page = Parsed(html(facts_after((OK, 3600), (FAILING, 600))))
    inside = [*(tag for tag, _ in page.tags[1:]), ""]
    pictures = [(has, first) for (tag, has), first in zip(page.tags, inside, strict=True) if tag == "svg"]
    for has, first in pictures:
        assert has.get("aria-label") or has.get("aria-hidden") == "true" or first == "title"
    assert "22:00 to 22:20 UTC: problems, for 10 min" in page.said
    assert "22:00 to 22:20 UTC: problems, 92.5% got in" in page.said


def test_it_is_light_with_all_that_it_may_hold() -> None:
    flapping = [(FAILING, 60.0), (OK, 300.0)] * 200
    nodes = tuple(node(f"n{i}") for i in range(40))
    answered = ready(facts_after(*flapping, nodes=nodes))
    assert answered.gzip is not None
    assert len(answered.gzip) < HEAVIEST
    assert gzip.decompress(answered.gzip) == answered.body


def test_the_same_facts_are_the_same_bytes() -> None:
    of = facts_after((OK, 60))
    assert ready(of) == ready(of)


def test_where_to_go_now_is_said_where_there_is_a_link() -> None:
    of = facts_after((OK, 600), relocations=(relocation(at=AT - 300),))
    assert "/go/" not in html(of)
    service = msgspec.structs.replace(of.services[0], way="https://status.example.org/go/launch")
    linked = msgspec.structs.replace(of, events=(launch("Launch 2"),), services=(service,))
    page = html(linked)
    assert page.count('<a href="/go/launch">') == 1
    assert page.count('<a href="https://status.example.org/go/launch"') == 1
    assert "Join the new room Launch 2 ↗" in page


def test_while_there_is_no_room_the_link_is_to_wait_for_it() -> None:
    of = facts_after((OK, 600), relocations=(relocation(at=AT - 300, to=None, cause=Cause.ENDED),))
    ended = launch("", state=EventState.ENDED, target=None)
    page = html(msgspec.structs.replace(of, events=(ended,)))
    assert page.count('<a href="/go/launch">') == 1
    assert "Wait here for the new one ↗" in page
    fine = launch("", state=EventState.OPEN)
    assert "The room moved." not in html(msgspec.structs.replace(of, events=(fine,)))


def test_a_room_that_ended_for_good_so_far_is_not_told_as_moved() -> None:
    ended = relocation(at=AT - 300, to=None, cause=Cause.ENDED)
    said = Parsed(html(facts_after((OK, 600), relocations=(ended,)))).said
    assert "The room ended1×the room → no new room yet668k people were in" in said


def test_what_was_seen_before_watching_broke_off_is_said_to_be_old() -> None:
    of = config()
    seen = observation(state=OK, relocations=())
    said = Parsed(html(facts(of, frame(seen, alive=False), {"spaces": samples((OK, 60))}))).said
    assert "We cannot see how it is just now; what follows was seen last" in said


def test_before_history_was_read_it_shows_what_is_known_now() -> None:
    page = html(msgspec.structs.replace(facts_after((OK, 600)), day=None))
    assert "All is well" in page
    assert "<rect" not in page.partition("Badge")[0]


def test_several_services_are_told_apart() -> None:
    of = config(("spaces", "other"))
    seen = (observation(state=OK, relocations=()), observation("other", relocations=()))
    said = Parsed(html(facts(of, frame(*seen), {"spaces": samples((OK, 60))}))).said
    assert "The other: Some people cannot get in" in said
    assert said.count("Joining a room") == 2


def test_a_launch_to_come_is_announced() -> None:
    events = [
        {"name": "x", "title": "The <launch>", "service": "spaces", "starts_at": "2023-11-15T00:00:00Z"}
    ]
    page = html(facts_after((OK, 60), of=config(events=events)))
    assert "Coming up: <b>The &lt;launch&gt;</b>, 15 November" in page


# --- What must not be there ---

MARK = "INTERNAL"


def an_open_book() -> Facts:
    """Everything is public that can be; whatever is internal says so."""
    of = config(rooms=["INTERNAL-public*"])
    one = relocation(
        id=f"{MARK}-relocation",
        lineage=f"{MARK}-lineage",
        at=AT - 400,
        from_=Place(f"{MARK}-r0", f"{MARK}-n1", f"{MARK} title"),
        to=Place(f"{MARK}-r1", f"{MARK}-n2", f"{MARK} title"),
        evidence=(f"{MARK} evidence",),
        judged_by=f"{MARK}-ops",
    )
    broken = NodeView(
        id=f"{MARK}-n2",
        label=f"{MARK} label",
        participants=None,
        capacity=None,
        answering=False,
        observed_at=None,
    )
    notes = (
        Note(id=f"{MARK}-note", at=AT - 60, by=f"{MARK}-ops", text=f"{MARK} note"),
        Note(
            id=f"{MARK}-told", at=AT - 50, by=f"{MARK}-ops", text="Told to all.", kind=NoteKind.ANNOUNCEMENT
        ),
    )
    door = Door(
        observer=Observer.SERVICE,
        success_ratio=0.8,
        errors={Outcome.TIMEOUT: 0.2},
        waiting_basis=f"{MARK} basis",
    )
    seen = observation(
        kind=f"{MARK}-kind",
        reasons=(f"{MARK} reason http://{MARK}.example:8088/rooms",),
        service_time=None,
        pace=1.0,
        nodes=(node(f"{MARK}-n1"), broken),
        rooms=(room(f"{MARK}-r1", f"{MARK}-n1", 40, f"{MARK} title"),),
        relocations=(one,),
        door=door,
        complete=False,
    )
    ticks = samples((OK, 900), (FAILING, 300), (OK, 300), (FAILING, 300), like=seen)
    return facts(of, frame(seen, notes=notes), {"spaces": ticks}, days(of))


@pytest.mark.parametrize("path", PATHS)
def test_nothing_internal_is_in_any_answer(path: str) -> None:
    body = ready(an_open_book(), path).body.decode()
    assert "Told to all." in body
    assert MARK.lower() not in body.lower()
    assert "127.0.0.1" not in body


@pytest.mark.parametrize("path", PATHS)
def test_without_its_panel_nothing_of_it_is_public(path: str) -> None:
    of = config(panels=[panel for panel in ALL if panel != "status"])
    assert answer(path, facts_after((OK, 600), of=of)) is None


@pytest.mark.parametrize(
    "path", ["/statusx", "/status/", "/status/auto", "/status.html", "/status/dark.json"]
)
def test_other_paths_are_nothing(path: str) -> None:
    assert answer(path, facts_after((OK, 60))) is None


def test_it_tells_how_to_show_it_elsewhere_where_there_is_something_to_show() -> None:
    page = html(facts_after((OK, 600), of=config(address="https://status.example.org")))
    assert "&lt;iframe src=&quot;https://status.example.org/embed/state&quot;" in page
    assert "With the address of this site" not in page
    assert "With the address of this site" in html(facts_after((OK, 600)))
    assert "own page" not in html(facts_after((OK, 600), of=config(panels=["status", "joins"])))


@pytest.mark.parametrize("panel", ["concurrency", "joins", "relocation", "nodes"])
def test_what_has_no_public_panel_is_not_on_the_page_either(panel: str) -> None:
    of = config(panels=[each for each in ALL if each != panel])
    seen = {"participants": 123_456, "relocations": (relocation(at=AT - 400),)}
    said = Parsed(html(facts_after((OK, 600), (FAILING, 300), of=of, **seen))).said
    words = {"concurrency": "123k", "joins": "90%", "relocation": "668k", "nodes": "Server 1"}
    assert words.pop(panel) not in said
    assert all(word in said for word in words.values())


HOSTILE = """</script></title><img src=x onerror=alert(1)>"'&<b>{{7*7}}"""


def test_hostile_titles_and_announcements_are_text() -> None:
    of = config(title=HOSTILE[:64], nodes={"n1": HOSTILE[:64]})
    one = relocation(at=AT - 400, from_=Place("r0", "n1", HOSTILE), to=Place("r1", "n2", HOSTILE))
    note = Note(id="n1", at=AT - 30, by="ops", text=HOSTILE, kind=NoteKind.ANNOUNCEMENT)
    seen = observation(service_time=None, relocations=(one,))
    told = facts(of, frame(seen, notes=(note,)), {"spaces": samples((OK, 600))}, days(of))
    linked = msgspec.structs.replace(told, events=(launch(HOSTILE),))
    page = Parsed(html(linked))
    assert [tag for tag, _ in page.tags if tag in ("img", "script")] == ["script"]
    assert HOSTILE in page.said
    assert page.open == []
