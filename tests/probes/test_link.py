"""The link: whole messages or none, drops counted while the reader is behind, an end that is seen."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from probes.link import TO_PROBER, TO_WEB, Configure, Done, Link, ListRooms, Shown, ToProber, ToWeb
from probes.pipeline import Tick


async def pair() -> tuple[Link[ToProber, ToWeb], Link[ToWeb, ToProber]]:
    ours, theirs = socket.socketpair()
    web: Link[ToProber, ToWeb] = await Link.open(ours, TO_WEB)
    prober: Link[ToWeb, ToProber] = await Link.open(theirs, TO_PROBER)
    return web, prober


async def first(link: Link[Any, Any]) -> Any:
    async for message in link:
        return message
    return None


def shown(size: int) -> Shown:
    return Shown(tick=Tick(seq=1, at=1.0, observations=()), metrics=b"x" * size, lag=0.0)


def test_messages_arrive_as_they_were_sent_both_ways() -> None:
    async def main() -> None:
        web, prober = await pair()
        order = Configure(call=1, text="services: []", name="x.yaml", folder="/x")
        web.send(order)
        web.send(ListRooms(call=2, service="s", after="", limit=10))
        assert await first(prober) == order
        assert await first(prober) == ListRooms(call=2, service="s", after="", limit=10)
        prober.send(Done(call=1, error="line 3: …"))
        assert await first(web) == Done(call=1, error="line 3: …")
        await web.close()
        await prober.close()

    asyncio.run(main())


def test_a_closed_end_ends_the_other() -> None:
    async def main() -> None:
        web, prober = await pair()
        await web.close()
        async with asyncio.timeout(10):
            assert await first(prober) is None
        await prober.close()

    asyncio.run(main())


def test_ticks_are_dropped_and_counted_while_nobody_reads_and_flow_again_after() -> None:
    async def main() -> None:
        web, prober = await pair()
        for _ in range(30):
            prober.offer(shown(1_000_000))
        assert 0 < prober.dropped < 30
        sent = 30 - prober.dropped
        async with asyncio.timeout(20):
            for _ in range(sent):
                assert isinstance(await first(web), Shown)
            dropped = prober.dropped
            prober.offer(shown(1))
            assert prober.dropped == dropped
            assert (await first(web)).metrics == b"x"
        await web.close()
        await prober.close()

    asyncio.run(main())
