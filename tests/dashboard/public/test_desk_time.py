"""The desk over time: what is forgotten, what comes later by the delay, what a fault leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dashboard.frames import EncodedFrame, encode
from dashboard.public import desk as module
from dashboard.public import keeping
from dashboard.public.desk import Desk
from dashboard.recent import Recent
from probes.model import State
from probes.pipeline import Tick
from probes.settings import Config
from tests.probes.seen import observation

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
    making = desk._making
    if making is not None:
        await making


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
        for n in range(40):
            await shown(desk, recent, frame(100 + n, n))
            seen = await people(desk)
            assert seen == (n - 30 if n >= 30 else None)

    run(scene, delay="30s")


def test_a_fault_leaves_the_last_answers_and_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(desk: Desk, recent: Recent) -> None:
        await shown(desk, recent, frame(100, 1))
        assert await people(desk) == 1
        with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
            broken.setattr(module, "facts_of", lambda *_: 1 / 0)
            await shown(desk, recent, frame(101, 2))
        assert await people(desk) == 1
        await shown(desk, recent, frame(102, 3))
        assert await people(desk) == 3

    run(scene)
