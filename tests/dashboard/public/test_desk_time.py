"""The desk over time: what is forgotten, what comes later by the delay, what a fault leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import Mock

import pytest

from dashboard.frames import EncodedFrame, Frame, encode, without_prober
from dashboard.public import desk as desks
from dashboard.public import keeping, making, paths
from dashboard.public.day import Day
from dashboard.public.desk import Desk
from dashboard.public.facts import Facts
from dashboard.public.panels import badges
from dashboard.public.ready import Ready
from dashboard.public.status.reading import Days
from dashboard.recent import Recent
from probes.model import State
from probes.pipeline import Tick
from probes.settings import Config
from tests.probes.seen import observation
from tests.product import PATIENCE

PATH = "/embed/concurrency.json"
SERVICE = {
    "name": "spaces",
    "kind": "openmetrics",
    "url": "http://127.0.0.1:1/metrics",
    "node_list": {"metric": "people", "id": "node"},
}


def config(**public: Any) -> Config:
    everything = {"panels": ["concurrency"], "services": ["spaces"], "numbers": "exact", **public}
    return Config.model_validate(
        {
            "services": [SERVICE],
            "embed": {"public": everything},
        }
    )


def frame(at: float, participants: int) -> EncodedFrame:
    seen = observation(participants=participants, state=State.OK)
    return encode(Tick(seq=int(at), at=at, observations=(seen,)), 1.0, [])


async def shown(desk: Desk, recent: Recent, encoded: EncodedFrame) -> None:
    recent.add(encoded)
    desk.show(encoded)
    await settle(desk)


async def settle(desk: Desk) -> None:
    if desk._making is not None:
        await desk._making


async def people(desk: Desk, path: str = PATH) -> int | None:
    found = await desk.answer(path)
    return json.loads(found.body)["participants"] if found else None


def run(scene: Callable[[Desk, Recent], Awaitable[None]], **public: Any) -> None:
    async def main() -> None:
        recent = Recent()
        settings = config(**public)
        await scene(Desk(recent, lambda: settings), recent)

    asyncio.run(main())


def test_what_nobody_asks_for_is_made_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FORGOTTEN_AFTER", -1.0)

    async def scene(desk: Desk, recent: Recent) -> None:
        await shown(desk, recent, frame(100, 1))
        assert await people(desk) == 1
        await shown(desk, recent, frame(101, 2))
        assert desk.at_hand(PATH) is None
        assert await people(desk) == 2

    run(scene)


def test_the_public_sees_it_later_by_the_delay() -> None:
    async def scene(desk: Desk, recent: Recent) -> None:
        desk._clock = lambda: 0.0
        for n in range(40):
            await shown(desk, recent, frame(100 + n, n))
            seen = await people(desk)
            assert seen == (n - 30 if n >= 30 else None)

    run(scene, delay="30s")


def test_that_watching_broke_off_is_seen_later_by_the_delay_though_no_frame_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desks, "QUIET", 0.01)
    passed = [0.0]

    async def alive(desk: Desk) -> bool:
        answer = await desk.answer(PATH)
        assert answer is not None
        return bool(json.loads(answer.body)["alive"])

    async def scene(desk: Desk, recent: Recent) -> None:
        desk._clock = lambda: passed[-1]
        for n in range(32):
            await shown(desk, recent, frame(100 + n, n))
        await shown(desk, recent, without_prober(frame(131, 31)))
        passed.append(29.5)
        await asyncio.sleep(0.1)
        assert await alive(desk)
        passed.append(30.5)
        async with asyncio.timeout(PATIENCE):
            while await alive(desk):
                await asyncio.sleep(0.01)
        desk.close()

    run(scene, delay="30s")


def test_a_fault_leaves_the_last_answers_and_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(desk: Desk, recent: Recent) -> None:
        await shown(desk, recent, frame(100, 1))
        assert await people(desk) == 1
        with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
            broken.setattr(making, "facts_of", lambda *_: 1 / 0)
            await shown(desk, recent, frame(101, 2))
        assert await people(desk) == 1
        await shown(desk, recent, frame(102, 3))
        assert await people(desk) == 3

    run(scene)


def test_a_fault_of_one_panel_leaves_its_last_answer_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = "/badge/concurrency.svg"

    def faulty(_path: str, _facts: Facts) -> Ready:
        raise ZeroDivisionError

    async def scene(desk: Desk, recent: Recent) -> None:
        await shown(desk, recent, frame(100, 1))
        assert await people(desk) == 1
        before = await desk.answer(other)
        with monkeypatch.context() as broken:
            broken.setitem(paths.ANSWERS, "/badge/", paths.Answering(faulty, badges.exists))
            await shown(desk, recent, frame(101, 2))
            assert await people(desk) == 2
            assert desk.at_hand(other) is before
        await shown(desk, recent, frame(102, 3))
        after = desk.at_hand(other)
        assert after is not None and after is not before

    run(scene)


def test_a_fault_of_the_day_or_of_a_link_leaves_the_last_and_panels_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where one of them cannot be made, all else is as new as ever."""

    class Broken(Days):
        fails = False

        def day(self, frame: Frame, *given: Any) -> Day:
            if self.fails:
                raise ZeroDivisionError
            return Day(since=frame.at)

    async def main() -> None:
        recent, settings = Recent(), config(panels=["concurrency", "status"])
        broken = Broken(lambda: settings, Mock())
        desk = Desk(recent, lambda: settings, broken)
        await shown(desk, recent, frame(100, 1))
        broken.fails = True
        monkeypatch.setattr(making, "leads_on", lambda *_: 1 / 0)
        await shown(desk, recent, frame(101, 2))
        assert await people(desk) == 2
        assert desk.facts is not None
        assert desk.facts.day == Day(since=100)

    asyncio.run(main())


def test_a_clock_that_is_set_back_stops_nothing_and_nothing_heaps_up() -> None:
    async def scene(desk: Desk, recent: Recent) -> None:
        desk._clock = lambda: 0.0
        for n in range(40):
            await shown(desk, recent, frame(100_000 + n, n))
        for n in range(100):
            await shown(desk, recent, frame(100 + n, 1000 + n))
        assert len(desk._waiting._frames) <= 31
        assert await people(desk) == 1069

    run(scene, delay="30s")


def test_what_is_no_longer_public_is_gone_with_the_next_tick_though_the_delay_is_longer_now() -> None:
    async def main() -> None:
        recent, settings = Recent(), config()
        desk = Desk(recent, lambda: settings)
        await shown(desk, recent, frame(100, 1))
        assert await people(desk) == 1
        settings = config(panels=["state"], delay="5m")
        await shown(desk, recent, frame(101, 2))
        assert await desk.answer(PATH) is None
        state = await desk.answer("/embed/state.json")
        assert state is not None
        assert (
            json.loads(state.body)["observed_at"]
            == json.loads(frame(100, 1).json)["services"][0]["observed_at"]
        )

    asyncio.run(main())
