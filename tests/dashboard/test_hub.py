"""The hub: everyone gets the newest frame, slow viewers skip, nobody misses the last one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.frames import EncodedFrame, encode
from dashboard.hub import Hub, Viewer
from probes.pipeline import Tick


def frame(seq: int) -> EncodedFrame:
    return encode(Tick(seq=seq, at=float(seq), observations=()), 1.0, [])


async def follow(hub: Hub, viewer: Viewer, got: list[int]) -> None:
    while not viewer.closed:
        newest = hub.next_for(viewer)
        if newest is None:
            await viewer.wait()
        else:
            got.append(newest.seq)
            await asyncio.sleep(0)


async def settle(condition: Callable[[], bool], deadline: float = 10.0) -> None:
    async with asyncio.timeout(deadline):
        while not condition():
            await asyncio.sleep(0)


def test_every_viewer_of_many_gets_every_last_frame_even_if_another_comes_while_waking() -> None:
    async def main() -> None:
        hub = Hub()
        viewers = [hub.join() for _ in range(950)]
        got: list[list[int]] = [[] for _ in viewers]
        tasks = [asyncio.create_task(follow(hub, v, g)) for v, g in zip(viewers, got, strict=True)]
        await asyncio.sleep(0)
        for seq in range(1, 6):
            hub.publish(frame(seq))
            await asyncio.sleep(0)  # the next comes while the first slices are being woken
        await settle(lambda: all(g and g[-1] == 5 for g in got))
        assert all(g == sorted(set(g)) for g in got)
        hub.close()
        await asyncio.gather(*tasks)
        assert all(v.closed for v in viewers)

    asyncio.run(main())


def test_a_viewer_that_is_busy_skips_to_the_newest_and_the_skipped_are_counted() -> None:
    async def main() -> None:
        hub = Hub()
        viewer = hub.join()
        hub.publish(frame(1))
        first = hub.next_for(viewer)
        for seq in range(2, 7):
            hub.publish(frame(seq))
        newest = hub.next_for(viewer)
        assert first is not None
        assert newest is not None
        assert (first.seq, newest.seq) == (1, 6)
        assert hub.skipped == 4
        assert hub.next_for(viewer) is None

    asyncio.run(main())


def test_a_viewer_that_left_is_not_kept() -> None:
    hub = Hub()
    viewer = hub.join()
    assert hub.viewers == 1
    hub.leave(viewer)
    assert hub.viewers == 0
