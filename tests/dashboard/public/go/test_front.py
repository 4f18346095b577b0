"""The link over HTTP: before the guard, for everyone, and nothing of a request but its path counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import PlainTextResponse

from dashboard.frames import encode
from dashboard.public import desk
from dashboard.public.desk import Desk
from dashboard.public.front import Front
from dashboard.public.go.leading import TRUSTED
from dashboard.public.visitors import Visitors
from dashboard.recent import Recent
from probes.model import Observation
from tests.dashboard.public.go.scenes import HOST, Story, config, room, way
from tests.probes.seen import AT, tick
from tests.product import PATIENCE

pytestmark = pytest.mark.anyio


class Served:
    """A desk that is shown one tick after another, and who asks it."""

    def __init__(self, public: str = "") -> None:
        self.config = config(public=public)
        self.desk = Desk(Recent(), lambda: self.config)
        self.seq = int(AT)
        visitors = Visitors(lambda: self.config)
        private = Desk(Recent(), visitors.private)
        front = Front(PlainTextResponse("behind"), self.desk, private, visitors)
        transport = httpx.ASGITransport(front)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://board.example.org")

    async def show(self, *seen: Observation) -> None:
        self.seq += 1
        self.desk.show(encode(tick(*seen, seq=self.seq, at=float(self.seq)), 1.0, []))
        while self.desk._making is not None and not self.desk._making.done():
            await asyncio.sleep(0.001)

    async def ask(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, headers=named)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = Served()
    yield served
    await served.client.aclose()


async def test_it_follows_the_room_tick_by_tick(served: Served) -> None:
    story = Story()
    steps = [
        (story.seen(), (200, None)),
        (story.seen(room("launch-1", 668_000)), (302, f"{HOST}/go/launch-1")),
        (story.seen(ways=(way("launch-1", None),)), (200, None)),
        (story.seen(room("x9", 40), ways=(way("launch-1", "x9"),)), (302, f"{HOST}/go/x9")),
        (story.seen(room("x9", None), nodes=(), observed_at=AT), (302, f"{HOST}/go/x9")),
    ]
    for seen, expected in steps:
        await served.show(seen)
        answer = await served.ask("/go/launch")
        assert (answer.status_code, answer.headers.get("location")) == expected


async def test_nothing_of_a_request_but_its_path_counts(served: Served) -> None:
    await served.show(Story().seen(room("launch-1")))
    plain = await served.ask("/go/launch")
    for query in ("?to=https://evil.com", "?url=//evil.com&next=@evil.com", "?room=x"):
        asked = await served.ask(f"/go/launch{query}", X_Forwarded_Host="evil.com", Host="evil.com")
        assert (asked.status_code, asked.content) == (302, plain.content)
        assert asked.headers["location"] == plain.headers["location"]


async def test_a_condition_turns_no_redirect_into_not_modified(served: Served) -> None:
    """RFC 9110, 13.2.1: conditions count where the answer would have been good."""
    await served.show(Story().seen(room("launch-1")))
    first = await served.ask("/go/launch")
    again = await served.ask("/go/launch", If_None_Match=first.headers["etag"])
    assert again.status_code == 302 and again.headers["location"] == f"{HOST}/go/launch-1"
    data = await served.ask("/go/launch.json")
    assert (await served.ask("/go/launch.json", If_None_Match=data.headers["etag"])).status_code == 304


async def test_head_is_answered_and_writes_are_not(served: Served) -> None:
    await served.show(Story().seen(room("launch-1")))
    head = await served.ask("/go/launch", "HEAD")
    assert (head.status_code, head.headers["location"]) == (302, f"{HOST}/go/launch-1")
    assert (await served.ask("/go/launch", "POST")).status_code == 405


async def test_what_is_not_public_is_not_there(served: Served) -> None:
    await served.show(Story().seen(room("launch-1")))
    for path in ("/go/lunch", "/go/", "/go/launch/../launch%2f", "/go/launch/qr.gif"):
        assert (await served.ask(path)).status_code == 404, path
    assert (await served.ask("/goes")).text == "behind"


async def test_a_delay_of_what_the_public_sees_does_not_hold_back_where_to_go() -> None:
    served = Served(public=", delay: 2s")
    story = Story()
    for _ in range(4):
        await served.show(story.seen(room("launch-1", 668_000)))
    assert (await served.ask("/go/launch")).headers["location"] == f"{HOST}/go/launch-1"
    await served.show(story.seen(room("x9", 40), ways=(way("launch-1", "x9"),)))
    assert (await served.ask("/go/launch")).headers["location"] == f"{HOST}/go/x9"
    await served.client.aclose()


async def test_after_a_start_it_leads_on_with_the_first_tick_though_all_else_is_still_to_come() -> None:
    """A restart in the middle of a launch must not shut the link for as long as the public's delay is."""
    served, story = Served(", delay: 5m, panels: [state]"), Story()
    for people in (1_000, 2_000):
        await served.show(story.seen(room("launch-1", people)))
        assert (await served.ask("/go/launch")).headers["location"] == f"{HOST}/go/launch-1"
        assert (await served.ask("/embed/state")).status_code == 503, "so that a proxy keeps what it has"
    await served.show(story.seen(room("x9", 40), ways=(way("launch-1", "x9"),)))
    assert (await served.ask("/go/launch")).headers["location"] == f"{HOST}/go/x9"
    assert (await served.ask("/go/lunch")).status_code == 503
    served.config = config(public=", panels: [state]")
    await served.show(story.seen(room("x9", 50), ways=(way("launch-1", "x9"),)))
    assert (await served.ask("/go/launch")).headers["location"] == f"{HOST}/go/x9"
    assert (await served.ask("/embed/state")).status_code == 200
    await served.client.aclose()


async def test_a_room_that_nobody_has_heard_of_for_minutes_is_led_to_no_more_though_no_frame_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The prober is away: what we know grows old by the clock alone."""
    monkeypatch.setattr(desk, "QUIET", 0.01)
    served, story = Served(), Story()
    await served.show(story.seen(room("launch-1", 668_000)))
    await asyncio.sleep(0.1)
    assert (await served.ask("/go/launch")).headers["location"] == f"{HOST}/go/launch-1"
    served.desk._clock = lambda: time.monotonic() + TRUSTED + 5.0
    await _until_made_again(served.desk)
    answer = await served.ask("/go/launch")
    assert answer.status_code == 200
    assert "Where it was last" in answer.text
    served.desk.close()
    turn = served.desk.turn
    await asyncio.sleep(0.1)
    assert served.desk.turn <= turn + 1, "and nothing is made for ever"
    await served.client.aclose()


async def _until_made_again(made: Desk) -> None:
    """Twice: what is being made may have begun before."""
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            turn = made.turn
            while made.turn == turn:
                await asyncio.sleep(0.005)
