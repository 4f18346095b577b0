"""The prober process: what no sink can write ends nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import SimpleNamespace

import pytest

from probes import process
from probes.lag import LoopLag
from probes.link import TO_PROBER, TO_WEB, Link, Shown, ToProber, ToWeb
from probes.metrics import Metrics
from probes.model import Observation, Outcome, ProbeResult
from probes.pipeline import Tick
from probes.process import LinkSink
from tests.probes.seen import node, observation, tick


def test_a_tick_that_cannot_be_encoded_is_dropped_and_counted_and_the_next_is_sent() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        web: Link[ToProber, ToWeb] = await Link.open(ours, TO_WEB)
        prober: Link[ToWeb, ToProber] = await Link.open(theirs, TO_PROBER)
        sink = LinkSink(prober, Metrics(), LoopLag())
        sink.write(tick(observation(nodes=(node(participants=2**70),)), seq=1))
        sink.write(tick(observation(nodes=(node("half a pair \ud800"),)), seq=2))
        assert prober.dropped == 2
        sink.write(tick(observation(), seq=3))
        async with asyncio.timeout(20):
            message = await anext(aiter(web))
        assert isinstance(message, Shown)
        assert (message.tick.seq, prober.dropped) == (3, 2)
        await web.close()
        await prober.close()

    asyncio.run(main())


def test_many_host_names_are_resolved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose name server is silent holds a thread for long; others go on meanwhile."""
    together = threading.Barrier(100)

    class Resolving:
        def __init__(self, link: object) -> None:
            assert isinstance(link, Link)

        async def run(self) -> None:
            loop = asyncio.get_running_loop()
            await asyncio.gather(*(loop.run_in_executor(None, together.wait, 30) for _ in range(100)))

    monkeypatch.setattr(process, "Prober", Resolving)
    ours, theirs = socket.socketpair()
    with ours:
        asyncio.run(process._main(theirs.detach()))
    assert not together.broken


class Shelf:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []

    def write(self, tick: Tick) -> None:
        self.ticks.append(tick)


def test_frames_go_on_and_their_numbers_grow_when_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([1000.0, 1001.0, 400.0, 401.0, 1002.0])
    monkeypatch.setattr(process, "time", SimpleNamespace(time=lambda: next(times)))

    async def main() -> list[Tick]:
        ours, theirs = socket.socketpair()
        link: Link[ToWeb, ToProber] = await Link.open(theirs, TO_PROBER)
        shelf = Shelf()
        prober = process.Prober(link)
        prober._sinks.append(shelf)
        monkeypatch.setattr(prober._schedule, "look_at_the_clock", lambda: None)
        for _ in range(5):
            await prober._show()
        await link.close()
        ours.close()
        return shelf.ticks

    ticks = asyncio.run(main())
    assert [tick.seq for tick in ticks] == [20_000, 20_020, 20_021, 20_022, 20_040]
    assert [tick.at for tick in ticks] == [1000.0, 1001.0, 400.0, 401.0, 1002.0]


class Pondering:
    """A watch that takes its time: until something else has happened on the loop."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.happened = threading.Event()

    def observe(self, result: ProbeResult) -> None:
        assert self.happened.wait(50)
        self.seen.append(result)

    def observation(self, at: float) -> Observation:
        self.seen.append(at)
        return observation()


def test_the_loop_goes_on_while_a_watch_observes_and_what_it_is_told_stays_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def found(probe: ProbeResult) -> ProbeResult:
        return probe

    async def main() -> None:
        ours, theirs = socket.socketpair()
        link: Link[ToWeb, ToProber] = await Link.open(theirs, TO_PROBER)
        prober, watch, shelf = process.Prober(link), Pondering(), Shelf()
        prober._sinks.append(shelf)
        monkeypatch.setattr(prober, "_watches", {"spaces": watch})
        monkeypatch.setattr(process, "run", found)
        monkeypatch.setattr(process.time, "time", lambda: 5.0)
        results = [
            ProbeResult(service="spaces", node="a", probe="join", outcome=outcome, at=1.0, seconds=0.1)
            for outcome in (Outcome.JOINED, Outcome.TIMEOUT)
        ]
        tasks = [asyncio.create_task(prober._probe(result)) for result in results]  # type: ignore[arg-type]
        tasks.append(asyncio.create_task(prober._show()))
        await asyncio.sleep(0)
        assert (watch.seen, shelf.ticks) == ([], [])
        watch.happened.set()
        await asyncio.gather(*tasks)
        assert watch.seen == [*results, 5.0]
        assert [entry.view.subject.alert for entry in shelf.ticks[0].alerts] == ["RoomsRetryStorm"]
        prober._watching.shutdown()
        await link.close()
        ours.close()

    asyncio.run(main())
