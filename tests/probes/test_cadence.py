"""The cadence: news is shown soon, silence still makes frames, and a storm of news makes few."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from probes.cadence import SETTLE_SECONDS, Cadence

TRIES = 5
"""A promise of seconds holds when one of so many runs keeps it: the machine may be busy."""

Story = Callable[[Cadence, list[float]], Awaitable[None]]


def frames(tick: float, story: Story) -> list[float]:
    """The loop times at which frames were made while `story` went on."""

    async def main() -> list[float]:
        made: list[float] = []

        async def make() -> None:
            made.append(asyncio.get_running_loop().time())

        cadence = Cadence(make, tick)
        task = asyncio.create_task(cadence.run())
        async with asyncio.timeout(30):
            await story(cadence, made)
        task.cancel()
        return made

    return asyncio.run(main())


async def until(made: list[float], count: int) -> None:
    while len(made) < count:
        await asyncio.sleep(0.005)


def test_without_news_a_frame_comes_each_tick() -> None:
    made = frames(0.1, lambda _cadence, made: until(made, 5))
    gaps = [b - a for a, b in itertools.pairwise(made)]
    assert min(gaps) >= 0.099


def test_news_makes_a_frame_long_before_the_tick_is_over() -> None:
    async def story(cadence: Cadence, made: list[float]) -> None:
        await until(made, 1)
        await asyncio.sleep(1.0)
        cadence.news()
        await until(made, 2)

    waited = []
    for _ in range(TRIES):
        first, second = frames(2.0, story)
        waited.append(second - first)
        assert waited[-1] >= 1.0 + SETTLE_SECONDS
        if waited[-1] < 1.9:
            return
    pytest.fail(f"not once well before the tick's 2 s were over: {waited}")


def test_news_right_after_a_frame_without_news_does_not_wait_for_half_a_tick() -> None:
    async def story(cadence: Cadence, made: list[float]) -> None:
        await until(made, 2)  # the second one is the tick's own
        cadence.news()
        await until(made, 3)

    _, second, third = frames(4.0, story)
    assert third - second < 1.9, "well before half of the tick's 4 s are over"


def test_a_storm_of_news_makes_two_frames_a_tick_at_the_most() -> None:
    async def story(cadence: Cadence, made: list[float]) -> None:
        while len(made) < 6:
            cadence.news()
            await asyncio.sleep(0.001)

    made = frames(0.2, story)
    gaps = [b - a for a, b in itertools.pairwise(made)]
    assert min(gaps) >= 0.099
