"""Polling Jitsi: what is asked, what is learned, and where a room is when it is on several bridges."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

import pytest

from probes.failure import ProbeFailed
from probes.http import Answer, Http
from probes.model import Cause, NodeReport, Outcome, Room, SnapshotPart
from probes.services.jitsi import Jitsi
from probes.vendors.jitsi import read_where
from tests.jitsi import ASKED, BREWERY, MUC, FakeJitsi, Polls, bridge, bridge_metrics, bridge_stats, settings
from tests.probes.raw_http import Exchange, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def focus() -> FakeJitsi:
    return FakeJitsi({"townhall": {"jvb1": 30}, "lobby": {"jvb2": 2}})


@pytest.fixture
async def polls(focus: FakeJitsi, http: Http) -> AsyncIterator[Polls]:
    async with serving(focus) as server:
        yield Polls(server, http)


def where(part: SnapshotPart) -> dict[str, str]:
    return {room.title: room.node for room in part.rooms}


# --- what it learns ---


async def test_rooms_are_on_bridges_and_bridges_have_people_and_a_region(
    polls: Polls, focus: FakeJitsi
) -> None:
    focus.bridges = {f"{BREWERY}/jvb3": bridge(0, region="eu-west")}
    part = await polls()
    assert list(part.rooms) == [
        Room(f"townhall@{MUC}", "jvb1", 30, "townhall"),
        Room(f"lobby@{MUC}", "jvb2", 2, "lobby"),
    ]
    assert list(part.nodes) == [
        NodeReport("jvb1", "", 30, in_rooms=True),
        NodeReport("jvb2", "", 2, in_rooms=True),
        NodeReport("jvb3", "eu-west", 0, in_rooms=True),
    ]
    assert (part.complete, part.note, part.joins) == (True, "", {})


async def test_where_rooms_are_is_asked_seldom(polls: Polls, focus: FakeJitsi) -> None:
    await polls()
    assert sorted(focus.asked) == ["/debug", "/debug/conferences-full", "/stats"]
    focus.asked.clear()
    await polls()
    assert sorted(focus.asked) == ["/debug", "/stats"]
    await polls(15)
    assert focus.asked.count("/debug/conferences-full") == 1


async def test_a_costly_question_is_asked_the_more_seldom(polls: Polls, focus: FakeJitsi) -> None:
    """It takes jicofo 2 s: for 40 s it is left alone, whatever `where_every` says and whatever is new."""
    polls.took = 2.0
    await polls()
    polls.took = 0.0
    focus.waiting = {f"new@{MUC}": 5}
    focus.asked.clear()
    for _ in range(3):
        await polls(12)
    assert "/debug/conferences-full" not in focus.asked
    await polls(5)
    assert "/debug/conferences-full" in focus.asked


async def test_a_room_that_changes_its_bridge_has_moved(polls: Polls, focus: FakeJitsi) -> None:
    for _ in range(5):
        await polls()
    focus.rooms["townhall"] = {"jvb2": 12}
    for _ in range(20):
        await polls()
    (moved,) = polls.see().relocations
    assert (moved.cause, moved.from_.node, moved.to and moved.to.node) == (Cause.MOVED, "jvb1", "jvb2")
    assert (moved.participants_before, moved.carried_over) == (30, 0.4)


async def test_a_conference_on_several_bridges_is_counted_once_and_stays(
    polls: Polls, focus: FakeJitsi
) -> None:
    """The share of the bridges goes up and down; people are shown where they are."""
    for on in ({"jvb1": 60, "jvb2": 50}, {"jvb1": 50, "jvb2": 61}, {"jvb1": 40, "jvb2": 71}) * 3:
        focus.rooms = {"townhall": on}
        await polls(15)
        assert where(await polls()) == {"townhall": "jvb1"}
        seen = polls.see()
        assert seen.participants == sum(on.values())
        assert {node.id: node.participants for node in seen.nodes} == on
    assert polls.see().relocations == ()


async def test_a_conference_on_several_bridges_moves_where_nearly_all_are(
    polls: Polls, focus: FakeJitsi
) -> None:
    focus.rooms = {"townhall": {"jvb1": 60, "jvb2": 50}}
    await polls()
    focus.rooms = {"townhall": {"jvb1": 30, "jvb2": 61}}
    await polls(15)
    assert where(await polls()) == {"townhall": "jvb2"}
    focus.rooms = {"townhall": {"jvb1": 50, "jvb2": 40}}
    await polls(15)
    assert where(await polls()) == {"townhall": "jvb2"}


async def test_a_room_that_is_on_no_bridge_yet_is_counted_and_does_not_move_when_it_is(
    polls: Polls, focus: FakeJitsi
) -> None:
    await polls()
    focus.waiting = {f"second@{MUC}": 400, f"alone@{MUC}": 0}
    part = await polls()
    assert where(part) == {"townhall": "jvb1", "lobby": "jvb2"}
    assert (part.complete, polls.see().participants) == (True, 432)
    focus.waiting = {}
    focus.rooms["second"] = {"jvb2": 401}
    assert where(await polls()) == {"townhall": "jvb1", "lobby": "jvb2", "second": "jvb2"}, (
        "it is asked at once"
    )
    await polls(15)
    seen = polls.see()
    assert (seen.participants, seen.rooms_open, seen.relocations) == (433, 3, ())


async def test_an_empty_room_on_no_bridge_is_no_reason_to_ask(polls: Polls, focus: FakeJitsi) -> None:
    await polls()
    focus.waiting = {f"alone@{MUC}": 0}
    focus.asked.clear()
    await polls(5)
    assert "/debug/conferences-full" not in focus.asked


async def test_a_room_between_two_bridges_stays_on_the_one_it_was(polls: Polls, focus: FakeJitsi) -> None:
    """Its bridge has died, and nobody is on another yet."""
    await polls()
    focus.rooms["townhall"] = {}
    focus.waiting = {f"townhall@{MUC}": 30}
    assert where(await polls(15))["townhall"] == "jvb1"


async def test_while_nobody_says_where_rooms_are_none_has_ended(polls: Polls, focus: FakeJitsi) -> None:
    focus.broken = {"/debug/conferences-full": 500}
    part = await polls()
    assert (list(part.rooms), part.complete, polls.see().participants) == ([], False, 32)
    assert part.note == (
        f"on which bridge rooms are is not known anew: 127.0.0.1:{polls.server.port} answered with status 500"
    )
    focus.broken = {}
    part = await polls(1)
    assert (len(part.rooms), part.complete, part.note) == (2, True, "")
    focus.broken = {"/debug/conferences-full": 500}
    part = await polls(15)
    assert (len(part.rooms), part.complete) == (2, True), "what was told holds on"


async def test_without_where_rooms_are_on_jicofo_and_nothing_more_is_asked(
    focus: FakeJitsi, http: Http
) -> None:
    async with serving(focus) as server:
        polls = Polls(server, http, where_every=None)
        part = await polls()
        assert where(part) == {"townhall": "focus-0", "lobby": "focus-0"}
        assert (part.complete, list(part.nodes), polls.see().participants) == (True, [], 32)
    assert set(focus.asked) == {"/debug", "/stats"}


async def test_bridges_that_are_not_well_are_told_of(polls: Polls, focus: FakeJitsi) -> None:
    focus.rooms = {}
    focus.bridges = {
        f"{BREWERY}/a": bridge(5, operational=False),
        f"{BREWERY}/b": bridge(5, **{"graceful-shutdown": True, "overloaded": True}),
        f"{BREWERY}/c": bridge(5, drain=True),
        f"{BREWERY}/d": bridge(5, **{"failing-ice": True}),
    }
    focus.stats = {"healthy": False, "health": {"success": False, "message": "No operational bridges"}}
    assert (await polls()).note == (
        "jicofo says that it is not healthy: No operational bridges; a is not operational; "
        "b is shutting down and overloaded; c is draining; d is failing ICE"
    )
    del focus.bridges[f"{BREWERY}/d"]
    assert "none of 3 bridges takes new people" in (await polls()).note


async def test_rooms_of_jicofos_own_health_checks_are_left_out(polls: Polls, focus: FakeJitsi) -> None:
    focus.waiting = {f"__jicofo-health-check-5e3@{MUC}": 1}
    await polls()
    assert polls.see().participants == 32


async def test_stats_are_no_condition(polls: Polls, focus: FakeJitsi) -> None:
    focus.broken = {"/stats": 503}
    part = await polls()
    assert len(part.rooms) == 2
    assert "jicofo's health is not known" in part.note


# --- odd answers ---


async def test_numbers_as_text_and_unknown_or_missing_fields_are_read(polls: Polls, focus: FakeJitsi) -> None:
    focus.rooms = {"townhall": {"jvb1": 1}}
    focus.bridges = {
        f"{BREWERY}/jvb1": {"endpoints": "7", "operational": "true", "new-field": [1]},
        f"{BREWERY}/odd": {"endpoints": "many"},
        "nameless": {},
    }
    focus.waiting = {f"townhall@{MUC}": "12"}
    part = await polls()
    assert [room.participants for room in part.rooms] == [12]
    assert [(node.id, node.participants) for node in part.nodes] == [
        ("jvb1", 7),
        ("odd", None),
        ("nameless", None),
    ]
    assert part.note == ""


async def test_a_room_that_cannot_be_read_loses_nobody_else(polls: Polls, focus: FakeJitsi) -> None:
    focus.waiting = {f"odd@{MUC}": -3}
    part = await polls()
    assert (len(part.rooms), part.complete) == (2, False)
    assert part.note.startswith("1 of 3 rooms could not be read: Expected `int` >= 0")
    focus.rooms = {}
    with pytest.raises(ProbeFailed, match="none of 1 rooms could be read"):
        await polls()


async def test_a_conference_that_cannot_be_read_loses_nobody_else() -> None:
    told = {"a": {"colibri_session_manager": {"sessions": {"jvb1": {"participants": ["x", "y"]}}}}}
    odd = {
        "b": {"colibri_session_manager": {"sessions": []}},
        "c": 5,
        "d": {},
        "e": {"colibri_session_manager": None},
    }
    body = json.dumps(told | odd).encode()
    assert read_where(Answer(200, {}, body, "a:1")) == {"a": {"jvb1": 2}}


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "%{x}", "\x1b[2Jx", "a\nb", "\u202ex", "x" * 5000, "../../stats"]
)
async def test_hostile_names_of_rooms_and_bridges_are_inert(
    polls: Polls, focus: FakeJitsi, name: str
) -> None:
    focus.rooms = {name: {name: 1}}
    part = await polls()
    (room,) = part.rooms
    for text in (room.id, room.title, room.node, *(node.id for node in part.nodes)):
        assert text.isprintable()
        assert len(text) <= 300
    assert set(focus.asked) <= ASKED


async def test_thousands_of_conferences_are_read_in_reasonable_time() -> None:
    """Far from a goal, so that a slow machine does not fail: a tenfold mistake would."""
    focus = FakeJitsi({f"room-{n}": {f"jvb{n % 9}": 10} for n in range(5_000)})
    body = json.dumps(focus.documents()["/debug/conferences-full"]).encode()
    started = time.process_time()
    assert len(read_where(Answer(200, {}, body, "a:1"))) == 5_000
    assert time.process_time() - started < 3


@pytest.mark.parametrize("limit", ["MAX_VALUES", "MAX_OBJECTS"])
async def test_documents_are_bounded(polls: Polls, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"probes.vendors.jitsi.{limit}", 5)
    told = "with more values than can be read"
    if limit == "MAX_OBJECTS":
        assert f"answered /debug/conferences-full {told}" in (await polls()).note
    else:
        with pytest.raises(ProbeFailed, match=f"answered /debug {told}"):
            await polls()


# --- who gets in ---


async def test_bridges_count_who_gets_in_from_when_they_are_first_heard(focus: FakeJitsi, http: Http) -> None:
    a, b = FakeJitsi(), FakeJitsi()
    a.ice, b.ice = bridge_stats(1000, 10), bridge_stats("500", "5")
    async with serving(focus) as server, serving(a) as one, serving(b) as two:
        polls = Polls(server, http, bridges=[one.url, two.url])
        b.broken = {"/colibri/stats": 500}
        first = await polls()
        assert first.joins == {Outcome.JOINED: 0, Outcome.NO_MEDIA: 0}
        assert first.note.startswith("1 of 2 bridges told no counts: 127.0.0.1:")
        b.broken = {}
        assert (await polls()).joins[Outcome.JOINED] == 0, "one heard late brings no leap"
        a.ice, b.ice = bridge_stats(1040, 12), bridge_stats(501, 5)
        assert (await polls()).joins == {Outcome.JOINED: 41, Outcome.NO_MEDIA: 2}
        a.ice = bridge_stats(3, 0)
        assert (await polls()).joins == {Outcome.JOINED: 44, Outcome.NO_MEDIA: 2}, "it started again"
        a.broken = {"/colibri/stats": 500}
        assert (await polls()).joins == {Outcome.JOINED: 44, Outcome.NO_MEDIA: 2}
        b.broken = {"/colibri/stats": 500}
        assert (await polls()).joins == {}
    assert set(a.asked) | set(b.asked) == {"/colibri/stats"}


async def test_a_bridge_whose_rest_api_is_off_is_asked_for_its_metrics(focus: FakeJitsi, http: Http) -> None:
    jvb = FakeJitsi()
    jvb.broken = {"/colibri/stats": 404}
    jvb.metrics = bridge_metrics(1000.0, 10.0)
    async with serving(focus) as server, serving(jvb) as other:
        polls = Polls(server, http, bridges=[other.url])
        assert (await polls()).joins == {Outcome.JOINED: 0, Outcome.NO_MEDIA: 0}
        jvb.metrics = bridge_metrics(1040.0, 12.0)
        assert (await polls()).joins == {Outcome.JOINED: 40, Outcome.NO_MEDIA: 2}
        assert jvb.asked == ["/colibri/stats", "/metrics", "/metrics"]
        jvb.metrics = None
        jvb.broken = {}
        jvb.ice = bridge_stats(1050, 12)
        assert (await polls()).joins == {Outcome.JOINED: 50, Outcome.NO_MEDIA: 2}


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (None, "knows no /metrics"),
        ("# HELP up One\nup 1\n", "has no jitsi_jvb_ice_succeeded_total and jitsi_jvb_ice_failed_total"),
        ("<html>", "answered with an HTML page"),
        (bridge_metrics(float("nan"), 3.0), "has no jitsi_jvb_ice_succeeded_total"),
        (bridge_metrics(-1.0, 3.0), "has no jitsi_jvb_ice_succeeded_total"),
    ],
    ids=["no metrics", "others", "HTML", "NaN", "negative"],
)
async def test_metrics_of_a_bridge_that_tell_nothing_are_said(
    focus: FakeJitsi, http: Http, metrics: str | None, said: str
) -> None:
    jvb = FakeJitsi()
    jvb.broken = {"/colibri/stats": 404}
    jvb.metrics = metrics
    async with serving(focus) as server, serving(jvb) as other:
        part = await Polls(server, http, bridges=[other.url])()
    assert part.joins == {}
    assert said in part.note


async def test_bridges_of_several_jicofos_are_asked_once(focus: FakeJitsi, http: Http) -> None:
    jvb = FakeJitsi()
    async with serving(focus) as server, serving(jvb) as other:
        two = settings(server.url, server.url, bridges=[other.url])
        jitsi = Jitsi(two)
        parts = [await jitsi.poll(endpoint, http) for endpoint in two.endpoints]
    assert [len(part.joins) for part in parts] == [2, 0]
    assert jvb.asked == ["/colibri/stats"]


async def test_a_bridge_that_is_silent_delays_no_rooms(focus: FakeJitsi, http: Http) -> None:
    async def silent(exchange: Exchange) -> None:
        await exchange.abandoned()

    async with serving(focus) as server, serving(silent) as other:
        polls = Polls(server, http, bridges=[other.url], timeout="400ms")
        part = await polls()
    assert f"127.0.0.1:{other.port} did not answer in time" in part.note
    assert part.joins == {}


async def test_debug_that_is_switched_off_is_said(polls: Polls, focus: FakeJitsi) -> None:
    focus.broken = {"/debug": 404}
    with pytest.raises(ProbeFailed) as caught:
        await polls()
    assert (caught.value.outcome, caught.value.code) == (Outcome.NOT_FOUND, "404")
    assert "`jicofo.rest.debug.enabled`" in caught.value.detail
