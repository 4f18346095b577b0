"""What every kind of rooms service must do: the same cases over each entry of SERVICES."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from probes.failure import ProbeFailed
from probes.http import Http
from probes.model import POLL_OUTCOMES, Outcome, SnapshotPart
from probes.services import SERVICES, AnyService
from probes.services.base import ServiceSettings
from tests.contracts.broken import BROKEN, NO_ROOMS_IN_IT
from tests.contracts.samples import SECRET, SERVICE_SAMPLES, json_bytes
from tests.probes.raw_http import Exchange, Handler, answer, sends, serving

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "%{x}",
    "[red]x[/red]",
    "\x1b[2Jx",
    "a\nb\r",
    "\u202ex",
    "x" * 10_000,
]


@pytest.fixture(params=sorted(SERVICES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def configured(kind: str, url: str, **more: Any) -> ServiceSettings:
    document = {"name": "rooms", "kind": kind, "url": url, **SERVICE_SAMPLES[kind].config, **more}
    service: ServiceSettings = TypeAdapter(AnyService).validate_python(document, context={"folder": Path()})
    return service


async def poll(kind: str, url: str, **more: Any) -> SnapshotPart:
    http = Http()
    try:
        async with asyncio.timeout(60):
            service = configured(kind, url, **more)
            return await SERVICES[kind].open(service).poll(service.endpoints[0], http)
    finally:
        await http.close()


def learned(kind: str, handler: Handler) -> tuple[SnapshotPart, int]:
    async def main() -> tuple[SnapshotPart, int]:
        async with serving(handler) as server:
            return await poll(kind, server.url), server.port

    return asyncio.run(main())


def failed(kind: str, url: str | Handler, where: str = "127.0.0.1:") -> ProbeFailed:
    """The failure of one poll, which is fit to be shown."""

    async def main() -> None:
        if isinstance(url, str):
            await poll(kind, url)
        else:
            async with serving(url) as server:
                await poll(kind, server.url)

    with pytest.raises(ProbeFailed) as caught:
        asyncio.run(main())
    failure = caught.value
    assert failure.outcome in POLL_OUTCOMES
    assert failure.outcome is not Outcome.OK
    assert where in failure.detail
    assert failure.detail.isprintable()
    assert len(failure.detail) < 400
    assert SECRET not in failure.detail
    return failure


def test_each_kind_has_a_sample() -> None:
    assert SERVICE_SAMPLES.keys() == SERVICES.keys()


class TestConfig:
    def test_the_kind_is_the_name_in_the_table(self, kind: str) -> None:
        service = configured(kind, "http://a:1")
        assert type(service) is SERVICES[kind].settings
        assert service.kind == kind

    def test_unknown_keys_are_refused(self, kind: str) -> None:
        with pytest.raises(ValidationError, match="Extra inputs"):
            configured(kind, "http://a:1", evry="1s")

    def test_secrets_do_not_print(self, kind: str) -> None:
        service = configured(kind, "http://a:1")
        assert SECRET not in repr(service) + str(service) + service.model_dump_json()


class TestGoodAnswers:
    def test_rooms(self, kind: str) -> None:
        rooms = [(1, "One", 5), (2, "Two", 0)]
        part, port = learned(kind, SERVICE_SAMPLES[kind].sends(rooms))
        assert [(room.id, room.participants) for room in part.rooms] == [("1", 5), ("2", 0)]
        if SERVICE_SAMPLES[kind].titled:
            assert [room.title for room in part.rooms] == ["One", "Two"]
        assert {room.node for room in part.rooms} == {f"127.0.0.1:{port}"}
        assert (part.complete, part.note) == (True, "")

    def test_no_rooms(self, kind: str) -> None:
        part, _ = learned(kind, SERVICE_SAMPLES[kind].sends([]))
        assert (list(part.rooms), part.complete) == ([], True)

    def test_titles_are_inert(self, kind: str) -> None:
        rooms = [(number, title, 1) for number, title in enumerate(HOSTILE)]
        part, _ = learned(kind, SERVICE_SAMPLES[kind].sends(rooms))
        assert len(part.rooms) == len(HOSTILE)
        for room in part.rooms:
            assert room.title.isprintable()
            assert len(room.title.encode()) <= 128

    def test_one_bad_room_does_not_lose_the_others(self, kind: str) -> None:
        rooms: list[Any] = [(1, "One", 5), (2, "Two", "many"), (3, "Three", 6)]
        part, _ = learned(kind, SERVICE_SAMPLES[kind].sends(rooms))
        assert [room.id for room in part.rooms] == ["1", "3"]
        assert not part.complete
        assert "1 of 3 rooms" in part.note


class TestBadAnswers:
    @pytest.mark.parametrize("case", sorted(BROKEN))
    def test_broken_http(self, kind: str, case: str) -> None:
        handler, outcomes = BROKEN[case]
        assert failed(kind, handler).outcome in outcomes

    @pytest.mark.parametrize("case", sorted(NO_ROOMS_IN_IT))
    def test_what_holds_no_rooms_is_a_failure_and_no_empty_service(self, kind: str, case: str) -> None:
        assert failed(kind, NO_ROOMS_IN_IT[case]).outcome is Outcome.PROTOCOL

    def test_an_answer_over_max_body(self, kind: str) -> None:
        big = SERVICE_SAMPLES[kind].sends([("1" * 1_100_000, "x" * 1_100_000, 1)])

        async def main() -> None:
            async with serving(big) as server:
                await poll(kind, server.url, max_body="1MB")

        with pytest.raises(ProbeFailed, match="more than 1 MB"):
            asyncio.run(main())

    def test_refused(self, kind: str) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            assert failed(kind, f"http://127.0.0.1:{held.getsockname()[1]}").outcome is Outcome.REFUSED

    def test_a_name_that_nobody_knows(self, kind: str) -> None:
        assert failed(kind, "http://rooms.invalid", "rooms.invalid").outcome is Outcome.DNS

    def test_a_poll_that_is_given_up_leaves_no_connection(self, kind: str) -> None:
        """The runner's deadline cancels it."""
        asked, gone = asyncio.Event(), asyncio.Event()

        async def silent(exchange: Exchange) -> None:
            asked.set()
            await exchange.abandoned()
            gone.set()

        async def main() -> None:
            async with serving(silent) as server:
                polling = asyncio.ensure_future(poll(kind, server.url))
                await asked.wait()
                polling.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await polling
                await gone.wait()

        _within(60, main())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rooms", "id", "janus", "response", "list", "room"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("kind", sorted(SERVICES))
@settings(max_examples=30)
@given(junk=JSON, good=st.booleans(), tail=st.binary(max_size=3))
def test_any_answer_is_rooms_or_a_failure(kind: str, junk: Any, good: bool, tail: bytes) -> None:
    """Nothing but ProbeFailed is raised, whatever a server sends."""
    body: Any = SERVICE_SAMPLES[kind].lists([(junk, junk, junk)]) if good else junk

    async def main() -> None:
        encode = SERVICE_SAMPLES[kind].encode if good else json_bytes
        raw = answer(encode(body) + tail, headers={"Content-Type": SERVICE_SAMPLES[kind].content_type})
        async with serving(sends(raw)) as server:
            try:
                await poll(kind, server.url)
            except ProbeFailed as failure:
                assert failure.detail.isprintable()

    _within(60, main())


def _within(seconds: float, main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(seconds):
            await main

    asyncio.run(bounded())
