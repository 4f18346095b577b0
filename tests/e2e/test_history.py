"""What `roomwatch up` saw before it was killed is there when it starts again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import seeds
from dashboard.demo import demo_config
from tests.product import TOKEN
from tests.roomwatch import PATIENCE, ROOT, Roomwatch
from tests.servers import Server, wait_until

SEED = "spaces-2023-05-24"
SPEED = 10.0
KILLS = 4

pytestmark = [pytest.mark.xdist_group("history"), pytest.mark.timeout(300)]


@pytest.fixture
def roomwatch(tmp_path: Path) -> Iterator[Roomwatch]:
    def command(_: Path, ports: tuple[int, ...]) -> list[str | Path]:
        return [sys.executable, "-m", "seeds", SEED, "--speed", f"{SPEED:g}", "--port", str(ports[0])]

    with Server("seeds", command, env={"PYTHONPATH": str(ROOT)}) as player:
        config = demo_config(seeds.load(SEED), f"http://127.0.0.1:{player.port}", SPEED, tmp_path, TOKEN)
        with Roomwatch(config.text) as running:
            yield running


def watch_a_little(roomwatch: Roomwatch) -> dict[int, tuple[float, int | None]]:
    """Six frames as they were shown: wall time and people by tick number."""
    shown: dict[int, tuple[float, int | None]] = {}

    def look() -> bool:
        frame = roomwatch.frame()
        if frame["services"] and frame["services"][0]["observed_at"] is not None:
            shown[frame["seq"]] = frame["at"], frame["services"][0]["participants"]
        return len(shown) >= 6

    wait_until(look, PATIENCE, "six frames")
    return shown


def kept(roomwatch: Roomwatch, start: float, end: float) -> dict[int, int | None]:
    """People by tick number, as the history has them."""
    path = f"/api/v1/history?service=spaces&start={start}&end={end}"
    columns = roomwatch.get(path).raise_for_status().json()
    return dict(zip(columns["seq"], columns["participants"], strict=True))


def test_kill_9_costs_the_last_tick_at_most(roomwatch: Roomwatch) -> None:
    """Ticks of all rounds before are still there, too."""
    first = None
    for _ in range(KILLS):
        shown = watch_a_little(roomwatch)
        roomwatch.server.kill()
        roomwatch.server.start()
        times = [at for at, _ in shown.values()]
        there = kept(roomwatch, min(times), max(times) + 0.01)
        lost = shown.keys() - there.keys()
        assert lost <= {max(shown)}
        assert {seq: people for seq, (_, people) in shown.items() if seq not in lost} == {
            seq: there[seq] for seq in shown if seq not in lost
        }
        first = first or min(times)
        assert kept(roomwatch, first, first + 0.01)
