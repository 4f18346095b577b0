"""Whatever the config says: jicofo and bridges are asked for four documents, and for nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.failure import ProbeFailed
from probes.http import Http
from probes.services.jitsi import Jitsi, JitsiSettings
from tests.jitsi import ASKED, FakeJitsi
from tests.probes.raw_http import Exchange, answer, serving

pytestmark = pytest.mark.anyio

PATHS = st.sampled_from(
    [
        "",
        "/",
        "/move-endpoints/move-fraction?bridge=x",
        "/debug/../move-endpoints/move-endpoints",
        "//x",
        "/pin",
    ]
)
CONFIGS = st.fixed_dictionaries(
    {
        "path": PATHS,
        "bridge_path": PATHS,
        "follow_redirects": st.booleans(),
        "where_every": st.sampled_from([None, "1s"]),
        "body": st.booleans(),
        "join": st.sampled_from(
            [None, {"via": "http", "room": "x", "method": "GET", "path": "/move-endpoints/move-endpoint"}]
        ),
        "join_url": st.sampled_from([None, "the same"]),
        "headers": st.sampled_from([{}, {"X-HTTP-Method-Override": "POST"}]),
    }
)


GOOD: dict[str, Any] = {
    **dict.fromkeys(("path", "bridge_path"), ""),
    **dict.fromkeys(("follow_redirects", "body"), False),
    **dict.fromkeys(("where_every", "join", "join_url"), None),
    "headers": {},
}


@tries(max_examples=150)
@example(config=GOOD | {"where_every": "1s"}, location="")
@example(config=GOOD, location="/move-endpoints/move-fraction")
@given(config=CONFIGS, location=st.sampled_from(["", "/move-endpoints/move-fraction"]))
async def test_whatever_the_config_says_only_known_paths_are_asked(
    config: dict[str, Any], location: str
) -> None:
    """Every config is refused, or asks for the four documents alone, by GET; a redirect changes nothing."""
    asked: list[Exchange] = []
    fake = FakeJitsi({"../move-endpoints/move-endpoint": {"jvb1": 1}})

    async def jicofo(exchange: Exchange) -> bool:
        asked.append(exchange)
        if location:
            exchange.writer.write(answer(b"", 302, {"Location": location}))
            return True
        return await fake(exchange)

    async with asyncio.timeout(60), serving(jicofo) as server:
        node = {"url": server.url + config["path"]}
        if config["join_url"]:
            node["join_url"] = server.url
        document: dict[str, Any] = {
            "name": "rooms",
            "kind": "jitsi",
            "nodes": [node],
            "bridges": [server.url + config["bridge_path"]],
            **{key: config[key] for key in ("follow_redirects", "where_every", "headers", "join")},
        }
        if config["body"]:
            document["method"] = "POST"
        try:
            checked = JitsiSettings.model_validate(document)
        except ValidationError:
            return
        http = Http()
        try:
            await Jitsi(checked).poll(checked.endpoints[0], http)
        except ProbeFailed:
            assert location
        finally:
            await http.close()
    assert asked
    assert {(each.method, each.body) for each in asked} == {("GET", b"")}
    assert {each.target for each in asked} <= ASKED


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"url": "http://a:8888/move-endpoints/x"}, "only scheme, host and port"),
        ({"url": "http://a:8888?full=true"}, "only scheme, host and port"),
        ({"bridges": ["http://a:8080/colibri/shutdown"]}, "only scheme, host and port"),
        ({"follow_redirects": True}, "leave `follow_redirects` out"),
        ({"join": {"via": "http", "room": "r", "path": "/x"}}, "needs a join_url"),
        ({"where_every": "10ms"}, "at least 100ms"),
    ],
)
async def test_what_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JitsiSettings.model_validate({"name": "r", "kind": "jitsi", "url": "http://a:8888", **more})
    assert sentence in str(caught.value)
