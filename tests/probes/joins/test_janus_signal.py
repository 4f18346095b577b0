"""Joining Janus by signalling: real nodes for what Janus does, a scripted one for what it seldom does."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import trustme

from probes.http import Http
from probes.joins.janus_signal import CLEAN_UP_SECONDS, JanusSignal, JanusSignalSettings, Visit
from probes.model import JoinAttempt, Outcome
from probes.vendors.janus import PROBE_DISPLAY
from tests.janus import JanusNode
from tests.probes.raw_http import Exchange, RawServer, answer, serving

pytestmark = pytest.mark.anyio

STEPS = ["session", "attach", "ack", "joined"]
PLUGINS = pytest.mark.parametrize("plugin", ["audiobridge", "videoroom"])


@pytest.fixture
def node() -> Iterator[JanusNode]:
    with JanusNode() as node:
        yield node


def settings(room: str, **more: Any) -> JanusSignalSettings:
    return JanusSignalSettings.model_validate({"via": "janus-signal", "room": room, **more})


async def join(http: Http, url: str, room: str = "1", **more: Any) -> JoinAttempt:
    return await JanusSignal(settings(room, **more)).join(url, http)


# --- real nodes ---


@PLUGINS
async def test_it_gets_in_and_leaves_nothing_behind(http: Http, node: JanusNode, plugin: str) -> None:
    node.create_room(1, plugin=plugin)
    attempt = await join(http, node.join_url, plugin=plugin)
    assert attempt.outcome is Outcome.JOINED
    assert attempt.room == "1"
    assert list(attempt.stages) == [*STEPS, "total"]
    assert list(attempt.stages.values()) == sorted(attempt.stages.values())
    assert node.sessions() == []
    assert node.displays(1, plugin=plugin) == []


@PLUGINS
async def test_inside_it_has_a_name_by_which_polls_know_it(http: Http, node: JanusNode, plugin: str) -> None:
    node.create_room(1, plugin=plugin)
    visit = Visit(settings("1", plugin=plugin), node.join_url, http)
    await visit.open_session()
    await visit.attach()
    await visit.enter()
    assert node.displays(1, plugin=plugin) == [PROBE_DISPLAY]
    await visit.leave()
    assert node.displays(1, plugin=plugin) == []


@pytest.mark.parametrize(("plugin", "code"), [("audiobridge", "485"), ("videoroom", "426")])
async def test_no_such_room(http: Http, node: JanusNode, plugin: str, code: str) -> None:
    attempt = await join(http, node.join_url, plugin=plugin)
    assert (attempt.outcome, attempt.code) == (Outcome.NOT_FOUND, code)
    assert list(attempt.stages) == [*STEPS[:3], "total"]
    assert "No such room (1)" in attempt.detail
    assert node.sessions() == []


@pytest.mark.parametrize(
    ("plugin", "pin", "outcome", "code"),
    [
        ("audiobridge", "sesame", Outcome.JOINED, ""),
        ("audiobridge", "other", Outcome.UNAUTHORIZED, "489"),
        ("audiobridge", None, Outcome.UNAUTHORIZED, "483"),
        ("videoroom", "sesame", Outcome.JOINED, ""),
        ("videoroom", "other", Outcome.UNAUTHORIZED, "433"),
        ("videoroom", None, Outcome.UNAUTHORIZED, "429"),
    ],
)
async def test_a_pin_opens_and_a_wrong_one_does_not(
    http: Http, node: JanusNode, plugin: str, pin: str | None, outcome: Outcome, code: str
) -> None:
    node.create_room(1, plugin=plugin, pin="sesame")
    attempt = await join(http, node.join_url, plugin=plugin, **({} if pin is None else {"pin": pin}))
    assert (attempt.outcome, attempt.code) == (outcome, code)
    assert outcome is Outcome.JOINED or "set `pin`" in attempt.detail
    assert node.sessions() == []


async def test_rooms_with_text_for_an_id_are_joined_digits_or_not(http: Http) -> None:
    with JanusNode(string_ids=True) as node:
        for room in ("launch", "77", "007"):
            node.create_room(room)
            assert (await join(http, node.join_url, room)).outcome is Outcome.JOINED


async def test_a_room_that_cannot_be_on_this_node_says_so(http: Http, node: JanusNode) -> None:
    attempt = await join(http, node.join_url, "launch")
    assert (attempt.outcome, attempt.code) == (Outcome.PROTOCOL, "484")
    assert "set `room`" in attempt.detail


async def test_the_api_secret_opens_every_step_and_is_not_told(http: Http) -> None:
    with JanusNode(api_secret="open sesame&") as node:
        node.create_room(1)
        assert (await join(http, node.join_url, api_secret="open sesame&")).outcome is Outcome.JOINED
        attempt = await join(http, node.join_url, api_secret="wrong-secret")
        assert (attempt.outcome, attempt.code) == (Outcome.UNAUTHORIZED, "403")
        assert "api_secret" in attempt.detail
        assert "wrong-secret" not in attempt.detail
        assert node.sessions() == []


async def test_a_missing_plugin_is_named(http: Http) -> None:
    with JanusNode(plugins=("videoroom",)) as node:
        attempt = await join(http, node.join_url)
        assert (attempt.outcome, attempt.code) == (Outcome.UNAVAILABLE, "460")
        assert "janus.plugin.audiobridge" in attempt.detail
        assert list(attempt.stages) == ["session", "total"]
        assert node.sessions() == []


async def test_the_admin_api_is_no_way_in(http: Http, node: JanusNode) -> None:
    attempt = await join(http, node.admin_url)
    assert not attempt.outcome.success
    attempt = await join(http, node.join_url + "s")
    assert (attempt.outcome, attempt.code) == (Outcome.PROTOCOL, "404")
    assert "join_url" in attempt.detail


async def test_a_killed_node_refuses(http: Http, node: JanusNode) -> None:
    node.kill()
    attempt = await join(http, node.join_url)
    assert attempt.outcome is Outcome.REFUSED
    assert list(attempt.stages) == ["total"]


async def test_a_stopped_node_is_a_timeout_and_well_again_after(http: Http, node: JanusNode) -> None:
    node.create_room(1)
    node.pause()
    started = time.monotonic()
    attempt = await join(http, node.join_url, timeout="300ms")
    assert time.monotonic() - started < 0.3 + CLEAN_UP_SECONDS + 5
    assert attempt.outcome is Outcome.TIMEOUT
    assert list(attempt.stages) == ["total"]
    assert attempt.detail == "not in within 0.3 s: a session did not come"
    node.resume()
    assert (await join(http, node.join_url, timeout="30s")).outcome is Outcome.JOINED


# --- a scripted node ---

Reply = Callable[[dict[str, Any]], object]
Script = Mapping[str, Reply]
"""The answer to each kind of message; `poll` is the long-poll. A kind that is not here is never answered."""

USUAL: dict[str, Reply] = {
    "create": lambda message: {"janus": "success", "data": {"id": message["id"]}},
    "attach": lambda message: {"janus": "success", "data": {"id": 7}},
    "message": lambda message: {"janus": "ack", "transaction": message["transaction"]},
    "detach": lambda message: {"janus": "success"},
    "destroy": lambda message: {"janus": "success"},
}


def scripted(script: Script) -> Callable[[Exchange], Any]:
    transactions: list[str] = []

    async def handler(exchange: Exchange) -> bool:
        message = json.loads(exchange.body) if exchange.body else {"transaction": transactions[-1]}
        transactions.append(message["transaction"])
        reply = script.get(message.get("janus", "poll"))
        if reply is None:
            await exchange.reader.read()
            return False
        exchange.writer.write(answer(json.dumps(reply(message)).encode()))
        return True

    return handler


def event(message: dict[str, Any], **data: Any) -> dict[str, Any]:
    plugindata = {"plugin": "janus.plugin.audiobridge", "data": data}
    return {"janus": "event", "transaction": message["transaction"], "plugindata": plugindata}


def kinds(server: RawServer) -> list[str]:
    """What was asked, in order: the message's kind, or the request inside it."""
    asked = []
    for exchange in server.requests:
        message: dict[str, Any] = json.loads(exchange.body) if exchange.body else {"janus": "poll"}
        asked.append(message.get("body", {}).get("request") or message["janus"])
    return asked


JOINED: Reply = lambda message: event(message, audiobridge="joined", room=1)  # noqa: E731
EVERY_STEP = ["create", "attach", "join", "poll", "leave", "detach", "destroy"]


async def test_secret_and_token_go_with_every_step(http: Http) -> None:
    async with serving(scripted({**USUAL, "poll": JOINED})) as server:
        attempt = await join(http, server.url, api_secret="se cret", token="to&ken")
    assert attempt.outcome is Outcome.JOINED
    assert kinds(server) == EVERY_STEP
    for exchange in server.requests:
        if exchange.body:
            message = json.loads(exchange.body)
            assert (message["apisecret"], message["token"]) == ("se cret", "to&ken")
        else:
            assert exchange.target.endswith("?maxev=1&apisecret=se+cret&token=to%26ken")


@pytest.mark.parametrize(("verify", "outcome"), [(True, Outcome.TLS), (False, Outcome.JOINED)])
async def test_a_certificate_of_nobody_known_is_refused_unless_allowed(
    http: Http, verify: bool, outcome: Outcome
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with serving(scripted({**USUAL, "poll": JOINED}), tls) as server:
        attempt = await join(http, f"https://127.0.0.1:{server.port}/janus", verify_tls=verify)
    assert attempt.outcome is outcome


async def test_events_of_others_are_passed_over(http: Http) -> None:
    polls = iter([{"janus": "keepalive"}, {"janus": "event", "transaction": "another", "plugindata": {}}])
    script = {**USUAL, "poll": lambda message: next(polls, None) or JOINED(message)}
    async with serving(scripted(script)) as server:
        assert (await join(http, server.url)).outcome is Outcome.JOINED
    assert kinds(server).count("poll") == 3


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (432, Outcome.ROOM_FULL),
        (458, Outcome.UNAVAILABLE),
        (472, Outcome.UNAVAILABLE),
        (482, Outcome.PROTOCOL),
        (490, Outcome.OTHER),
        (499, Outcome.OTHER),
    ],
)
async def test_a_refusal_keeps_its_code_beside_our_outcome(http: Http, code: int, outcome: Outcome) -> None:
    script = {
        **USUAL,
        "poll": lambda message: event(message, audiobridge="event", error_code=code, error="no"),
    }
    async with serving(scripted(script)) as server:
        attempt = await join(http, server.url)
    assert (attempt.outcome, attempt.code) == (outcome, str(code))
    assert kinds(server) == EVERY_STEP


async def test_a_session_that_is_gone_is_unavailable(http: Http) -> None:
    async def handler(exchange: Exchange) -> bool | None:
        if exchange.method == "GET":
            exchange.writer.write(answer(b"", 404))
            return True
        return bool(await scripted(USUAL)(exchange))

    async with serving(handler) as server:
        attempt = await join(http, server.url)
    assert (attempt.outcome, attempt.code) == (Outcome.UNAVAILABLE, "404")


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("create", []),
        ("create", {"janus": 5}),
        ("attach", {"janus": "success"}),
        ("attach", {"janus": "success", "data": {"id": "7"}}),
        ("message", {"janus": "success"}),
        ("message", {"janus": "ack", "transaction": 5}),
        ("poll", "keepalive"),
    ],
)
async def test_an_answer_of_no_known_shape_is_protocol(http: Http, kind: str, reply: object) -> None:
    async with serving(scripted({**USUAL, "poll": JOINED, kind: lambda message: reply})) as server:
        attempt = await join(http, server.url)
    assert attempt.outcome is Outcome.PROTOCOL
    assert kinds(server)[-1] == "destroy"


@pytest.mark.parametrize(
    "data", [{}, {"audiobridge": 5}, {"videoroom": "joined"}, {"audiobridge": "attached"}]
)
async def test_an_event_of_no_known_shape_is_protocol(http: Http, data: dict[str, Any]) -> None:
    async with serving(scripted({**USUAL, "poll": lambda message: event(message, **data)})) as server:
        attempt = await join(http, server.url)
    assert attempt.outcome is Outcome.PROTOCOL


@pytest.mark.parametrize(
    ("silent", "reached", "words"),
    [
        ("create", 0, "a session"),
        ("attach", 1, "the plugin's handle"),
        ("message", 2, "the acknowledgement"),
        ("poll", 3, "the answer to joining"),
    ],
)
async def test_a_timeout_tells_how_far_it_came_and_ends_its_session(
    http: Http, silent: str, reached: int, words: str
) -> None:
    script = {kind: reply for kind, reply in {**USUAL, "poll": JOINED}.items() if kind != silent}
    async with serving(scripted(script)) as server:
        await http.ask("POST", server.url, json={"janus": "detach", "transaction": ""})  # the first is slow
        attempt = await join(http, server.url, timeout="1s")
    assert attempt.outcome is Outcome.TIMEOUT
    assert list(attempt.stages) == [*STEPS[:reached], "total"]
    assert attempt.detail == f"not in within 1 s: {words} did not come"
    assert kinds(server)[-1] == "destroy"


async def test_a_node_that_lets_nobody_leave_holds_a_join_up_for_a_moment_only(http: Http) -> None:
    script = {
        kind: reply for kind, reply in {**USUAL, "poll": JOINED}.items() if kind not in ("detach", "destroy")
    }
    async with serving(scripted(script)) as server:
        started = time.monotonic()
        attempt = await join(http, server.url)
        assert attempt.outcome is Outcome.JOINED
        assert CLEAN_UP_SECONDS <= time.monotonic() - started + 0.05 < CLEAN_UP_SECONDS + 5


@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_join_ends_its_session_all_the_same(http: Http, times: int) -> None:
    """Cancelled again while it leaves, it still leaves."""
    waiting, ended = asyncio.Event(), asyncio.Event()

    def destroy(message: dict[str, Any]) -> object:
        ended.set()
        return {"janus": "success"}

    node = scripted({**USUAL, "destroy": destroy})

    async def handler(exchange: Exchange) -> bool | None:
        if exchange.method == "GET":
            waiting.set()
        return bool(await node(exchange))

    async with serving(handler) as server, asyncio.timeout(30):
        joining = asyncio.create_task(join(http, server.url))
        await waiting.wait()
        for _ in range(times):
            joining.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await joining
        await ended.wait()


async def test_joins_of_many_at_once_do_not_meet(http: Http, node: JanusNode) -> None:
    node.create_room(1)
    joiner = JanusSignal(settings("1", timeout="30s"))
    attempts = await asyncio.gather(*(joiner.join(node.join_url, http) for _ in range(20)))
    assert {attempt.outcome for attempt in attempts} == {Outcome.JOINED}
    assert node.sessions() == []
    assert node.displays(1) == []
