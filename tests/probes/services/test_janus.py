"""Polling Janus: real nodes for what Janus does, a raw server for what only a broken one does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from probes.failure import ProbeFailed
from probes.http import Http
from probes.model import LABEL_BYTES, POLL, Outcome, SnapshotPart
from probes.runner import Probe, run
from probes.services.janus import Janus, JanusSettings
from probes.vendors.janus import PROBE_DISPLAY
from tests.janus import ADMIN_SECRET, JanusNode
from tests.probes.raw_http import Exchange, answer, sends, sends_json, serving
from tests.product import PATIENCE

pytestmark = pytest.mark.anyio


@pytest.fixture
def node() -> Iterator[JanusNode]:
    with JanusNode("node-a") as node:
        yield node


def settings(*urls: str, **more: Any) -> JanusSettings:
    nodes = [{"url": url, "join_url": "http://127.0.0.1:9/janus"} for url in urls]
    return JanusSettings.model_validate(
        {"name": "rooms", "kind": "janus", "nodes": nodes, "admin_secret": ADMIN_SECRET, **more}
    )


async def poll(http: Http, url: str, **more: Any) -> SnapshotPart:
    asked = settings(url, **more)
    return await Janus(asked).poll(asked.endpoints[0], http)


async def failure(http: Http, url: str, **more: Any) -> ProbeFailed:
    with pytest.raises(ProbeFailed) as caught:
        await poll(http, url, **more)
    return caught.value


def counts(part: SnapshotPart) -> dict[str, int | None]:
    return {room.id: room.participants for room in part.rooms}


# --- what it sees ---


@pytest.mark.parametrize("plugin", ["audiobridge", "videoroom"])
async def test_rooms_are_seen_with_those_who_are_in(http: Http, node: JanusNode, plugin: str) -> None:
    node.create_room(1, plugin=plugin, description="The launch")
    node.create_room(2, plugin=plugin)
    guest = node.join(1, plugin=plugin)
    node.join(1, plugin=plugin)

    part = await poll(http, node.admin_url, plugin=plugin)

    assert part.complete
    assert counts(part) == {"1": 2, "2": 0}
    launch = next(room for room in part.rooms if room.id == "1")
    assert launch.title == "The launch"
    assert launch.capacity is None
    assert launch.node == node.admin_url.split("/")[2]

    guest.leave()
    async with asyncio.timeout(PATIENCE):  # Janus answers before it has let somebody go
        while counts(await poll(http, node.admin_url, plugin=plugin)) != {"1": 1, "2": 0}:
            await asyncio.sleep(0.05)
    assert node.sessions(), "the poll itself needs no session and ends none"


async def test_two_nodes_are_polled_each_on_its_own(http: Http, node: JanusNode) -> None:
    with JanusNode("node-b") as other:
        node.create_room(1)
        other.create_room(1)
        other.join(1)
        asked = settings(node.admin_url, other.admin_url)
        janus = Janus(asked)
        parts = await asyncio.gather(*(janus.poll(endpoint, http) for endpoint in asked.endpoints))
    assert [counts(part) for part in parts] == [{"1": 0}, {"1": 1}]
    assert [part.rooms[0].node for part in parts] == [endpoint.id for endpoint in asked.endpoints]


@pytest.mark.parametrize("plugin", ["audiobridge", "videoroom"])
async def test_private_rooms_are_seen_with_the_admin_key_alone(http: Http, plugin: str) -> None:
    with JanusNode(admin_key="key") as node:
        node.create_room(1, plugin=plugin, is_private=True)
        assert counts(await poll(http, node.admin_url, plugin=plugin)) == {}
        assert counts(await poll(http, node.admin_url, plugin=plugin, admin_key="key")) == {"1": 0}


async def test_rooms_may_have_text_for_an_id(http: Http) -> None:
    with JanusNode(string_ids=True) as node:
        node.create_room("launch-night")
        node.create_room("77")
        node.join("launch-night")
        assert counts(await poll(http, node.admin_url)) == {"launch-night": 1, "77": 0}


async def test_a_thousand_rooms_come_in_one_question(http: Http, node: JanusNode) -> None:
    for number in range(1, 1001):
        node.create_room(number, plugin="videoroom")
    part = await poll(http, node.admin_url, plugin="videoroom")
    assert {room.id for room in part.rooms} == {str(number) for number in range(1, 1001)}
    assert part.complete


@pytest.mark.parametrize(
    "title",
    [
        "<img src=x onerror=alert(1)>",
        "a\nb\r\n\tc",
        "\x1b[31mred\x1b[0m",
        "%{x} [bold]",
        "\u202eleft",
        "x" * 10_000,
    ],
)
async def test_a_hostile_title_comes_out_as_short_plain_text(http: Http, node: JanusNode, title: str) -> None:
    node.create_room(1, description=title)
    (room,) = (await poll(http, node.admin_url)).rooms
    assert room.title.isprintable()
    assert 0 < len(room.title.encode()) <= LABEL_BYTES


async def test_a_restart_shows_as_an_empty_list(http: Http, node: JanusNode) -> None:
    node.create_room(1)
    assert counts(await poll(http, node.admin_url)) == {"1": 0}
    await asyncio.to_thread(node.restart)
    part = await poll(http, node.admin_url)
    assert part.complete
    assert counts(part) == {}


# --- our own probe ---


@pytest.mark.parametrize("plugin", ["audiobridge", "videoroom"])
async def test_our_own_probe_is_not_counted(http: Http, node: JanusNode, plugin: str) -> None:
    for room in (1, 2):
        node.create_room(room, plugin=plugin)
        node.join(room, "somebody", plugin=plugin)
        node.join(room, PROBE_DISPLAY, plugin=plugin)
    join = {"via": "janus-signal", "room": "1", "plugin": plugin}
    part = await poll(http, node.admin_url, plugin=plugin, join=join)
    assert counts(part) == {"1": 1, "2": 2}, "only the room that we join is asked who is in it"


async def test_who_is_in_may_stay_unanswered(http: Http) -> None:
    """A node that answers `list` alone has been read: the poll does not wait for its deadline."""
    listed = {"audiobridge": "success", "list": [{"room": 1, "num_participants": 3}]}

    async def handler(exchange: Exchange) -> bool:
        if b"listparticipants" in exchange.body:
            await exchange.reader.read()
            return False
        exchange.writer.write(answer(json.dumps({"janus": "success", "response": listed}).encode()))
        return True

    async with serving(handler) as server, asyncio.timeout(8):
        part = await poll(http, server.url, timeout="8s", join={"via": "janus-signal", "room": "1"})
    assert counts(part) == {"1": 3}


async def test_nobody_is_asked_for_in_an_empty_room_and_a_wrong_answer_changes_nothing(http: Http) -> None:
    """One `list` a poll; the second question comes only where someone is in, and may fail."""
    rooms = [{"room": 1, "num_participants": 3}, {"room": 2, "num_participants": 0}]
    handler = sends_json({"janus": "success", "response": {"audiobridge": "success", "list": rooms}})
    async with serving(handler) as server:
        for room, questions in (("2", 1), ("1", 2)):
            server.requests.clear()
            part = await poll(http, server.url, join={"via": "janus-signal", "room": room})
            assert counts(part) == {"1": 3, "2": 0}
            assert len(server.requests) == questions


# --- what goes wrong ---


async def test_a_wrong_secret_is_unauthorized_and_says_what_to_set(http: Http, node: JanusNode) -> None:
    failed = await failure(http, node.admin_url, admin_secret="wrong-secret")
    assert (failed.outcome, failed.code) == (Outcome.UNAUTHORIZED, "403")
    assert "admin_secret" in failed.detail
    assert "wrong-secret" not in failed.detail


async def test_a_wrong_admin_key_is_unauthorized(http: Http) -> None:
    with JanusNode(admin_key="key") as node:
        for plugin, code in (("audiobridge", "489"), ("videoroom", "433")):
            failed = await failure(http, node.admin_url, plugin=plugin, admin_key="other")
            assert (failed.outcome, failed.code) == (Outcome.UNAUTHORIZED, code)
            assert "`admin_key`" in failed.detail


async def test_a_missing_plugin_is_named(http: Http) -> None:
    with JanusNode(plugins=("videoroom",)) as node:
        failed = await failure(http, node.admin_url)
    assert (failed.outcome, failed.code) == (Outcome.UNAVAILABLE, "460")
    assert "janus.plugin.audiobridge" in failed.detail


async def test_the_wrong_api_or_path_says_which_url_is_wanted(http: Http, node: JanusNode) -> None:
    for url, code in ((node.join_url, "457"), (node.admin_url + "s", "404")):
        failed = await failure(http, url)
        assert (failed.outcome, failed.code) == (Outcome.PROTOCOL, code)
        assert "/admin" in failed.detail


async def test_a_killed_node_refuses(http: Http, node: JanusNode) -> None:
    await poll(http, node.admin_url)
    node.kill()
    failed = await failure(http, node.admin_url)
    assert failed.outcome in (Outcome.REFUSED, Outcome.UNAVAILABLE), (
        "the first may find its old connection gone"
    )
    assert (await failure(http, node.admin_url)).outcome is Outcome.REFUSED
    node.start()
    assert (await poll(http, node.admin_url)).complete


async def test_a_node_killed_in_the_middle_of_a_poll_drops_it(http: Http, node: JanusNode) -> None:
    node.pause()
    asking = asyncio.create_task(poll(http, node.admin_url))
    await asyncio.wait([asking], timeout=0.2)
    node.kill()
    with pytest.raises(ProbeFailed) as caught:
        await asking
    assert caught.value.outcome in (Outcome.UNAVAILABLE, Outcome.REFUSED)


async def test_a_stopped_node_is_a_timeout_at_the_deadline_and_well_again_after(
    http: Http, node: JanusNode
) -> None:
    """SIGSTOP: the kernel still accepts, so only the deadline over the whole exchange tells."""
    asked = settings(node.admin_url)
    janus = Janus(asked)
    probe = Probe("rooms", "n", POLL, 1.0, 0.5, lambda: janus.poll(asked.endpoints[0], http))
    node.pause()
    started = time.monotonic()
    result = await run(probe)
    assert result.outcome is Outcome.TIMEOUT
    assert 0.5 <= time.monotonic() - started < 5
    node.resume()
    async with asyncio.timeout(30):
        while (await run(probe)).outcome is not Outcome.OK:
            pass


BROKEN = {
    "not json": b"<html>502</html>",
    "empty": b"",
    "not utf-8": b'{"janus":"\xff"}',
    "deep": b"[" * 100_000,
    "a list": b"[]",
    "no envelope": b'{"rooms":[]}',
    "no response": b'{"janus":"success"}',
    "another plugin": b'{"janus":"success","response":{"videoroom":"success","list":[]}}',
    "no list": b'{"janus":"success","response":{"audiobridge":"success"}}',
    "a list that is none": b'{"janus":"success","response":{"audiobridge":"success","list":{"1":2}}}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_of_no_known_shape_is_protocol(http: Http, body: bytes) -> None:
    async with serving(sends(answer(body))) as server:
        failed = await failure(http, server.url)
    assert failed.outcome is Outcome.PROTOCOL
    assert f"127.0.0.1:{server.port}" in failed.detail


@pytest.mark.parametrize(
    "error",
    [
        None,
        "x",
        {},
        {"code": "x"},
        {"code": -1, "reason": 5},
        {"code": 10**30},
        {"code": 777, "reason": "\x1b"},
    ],
)
async def test_an_error_of_an_unknown_shape_is_other(http: Http, error: object) -> None:
    async with serving(sends_json({"janus": "error", "error": error})) as server:
        failed = await failure(http, server.url)
    assert failed.outcome is Outcome.OTHER
    assert failed.detail.isprintable()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Outcome.UNAUTHORIZED),
        (429, Outcome.RATE_LIMITED),
        (502, Outcome.UNAVAILABLE),
        (404, Outcome.PROTOCOL),
    ],
)
async def test_a_proxy_in_front_speaks_by_its_status(http: Http, status: int, outcome: Outcome) -> None:
    async with serving(sends_json({}, status)) as server:
        failed = await failure(http, server.url)
    assert (failed.outcome, failed.code) == (outcome, str(status))


async def test_rooms_that_cannot_be_read_are_left_out_and_said(http: Http) -> None:
    unreadable = [
        {"num_participants": 1},
        {"room": None},
        {"room": 4, "num_participants": -1},
        {"room": 5, "num_participants": 2**32 + 1},
        "x",
        {"room": True},
    ]
    rooms = [{"room": 1, "num_participants": 5}, *unreadable, {"room": "2"}]
    handler = sends_json({"janus": "success", "response": {"audiobridge": "success", "list": rooms}})
    async with serving(handler) as server:
        part = await poll(http, server.url)
    assert counts(part) == {"1": 5, "2": None}
    assert not part.complete
    assert part.note == f"6 of 8 rooms of 127.0.0.1:{server.port} could not be read"


# --- its part of the config ---


async def test_a_join_without_a_join_url_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"127\.0\.0\.1:7088 has no join_url"):
        JanusSettings.model_validate(
            {
                "name": "rooms",
                "kind": "janus",
                "url": "http://127.0.0.1:7088/admin",
                "admin_secret": "s",
                "join": {"via": "janus-signal", "room": "1"},
            }
        )
