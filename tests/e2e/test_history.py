"""What a prober saw before it was killed is there when the next one starts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from dashboard import supervisor
from dashboard.supervisor import Supervisor
from probes.history import open_reader
from probes.link import Shown
from probes.settings import ConfigText, parse
from tests.product import PATIENCE, Rooms, service

KILLS = 5
A_TICK = 1.0
"""Seconds: the tick unless a config says otherwise; what may be lost at most."""


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    with Rooms(r1=100, r2=50) as rooms:
        yield rooms


class Life:
    """What one prober showed, as long as it lived: people by the time of the tick."""

    def __init__(self) -> None:
        self.shown: dict[float, int] = {}

    def take(self, shown: Shown) -> None:
        (observation,) = shown.tick.observations
        if observation.participants is not None:
            self.shown[shown.tick.at] = observation.participants

    async def until(self, seconds: float) -> None:
        """Return once it has shown people for so long."""
        async with asyncio.timeout(PATIENCE):
            while not self.shown or max(self.shown) - min(self.shown) < seconds:
                await asyncio.sleep(0.01)


@pytest.mark.timeout(300)
def test_killed_again_and_again_the_history_opens_and_at_most_the_last_tick_is_missing(
    tmp_path: Path, rooms: Rooms, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the middle of polling, writing and showing; ten ticks a second."""
    monkeypatch.setattr(supervisor, "_LONGEST_PAUSE", 0.1)
    watched = service("rooms", rooms.url, every="100ms")
    document = {"tick": "100ms", "history": {"path": str(tmp_path / "history.sqlite")}, "services": [watched]}
    text = ConfigText(yaml.safe_dump(document), "roomwatch.yaml", tmp_path)
    reader = open_reader(parse(*text).history)
    chance = random.Random(9)
    lives: list[Life] = []

    async def main() -> None:
        leading = Supervisor(text, lambda shown: lives[-1].take(shown), lambda: lives.append(Life()))
        running = asyncio.create_task(leading.run())
        for round_ in range(KILLS):
            rooms.rooms["r1"] = 100 + round_
            await lives[-1].until(chance.random() / 2 if round_ % 4 else 1.5 * A_TICK)
            prober().kill()
            async with asyncio.timeout(PATIENCE):
                while len(lives) < round_ + 2:
                    await asyncio.sleep(0.01)
        await lives[-1].until(0.0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    lives.append(Life())
    asyncio.run(main())
    missing = []
    for life in lives[:KILLS]:
        frames = list(life.shown)
        samples = reader.window("rooms", frames[0], frames[-1] + 0.01, 10_000)
        # On a busy machine half a second may pass without an answer: then nobody is known to be there.
        kept = {s.at: s.participants for s in samples if s.participants is not None}
        lost = [at for at in frames if at > max(kept, default=0)]
        assert {at: life.shown[at] for at in frames if at not in lost} == kept
        assert not lost or frames[-1] - lost[0] < A_TICK, "more than the last tick is missing"
        missing.append(len(lost))
    log = "".join(capfd.readouterr())
    assert log.count("the prober ended and is started again") == KILLS
    assert "not kept" not in log
    assert "cannot be read" not in log
    print(f"frames of 100 ms missing after each kill: {missing}")


def prober() -> psutil.Process:
    return next(child for child in psutil.Process().children() if "probes.process" in child.cmdline())
