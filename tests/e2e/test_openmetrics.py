"""`roomwatch up` watches two LiveKit nodes by their metrics alone; one of them starts again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.probes.raw_http import Exchange, answer
from tests.product import Product, answering, up

EXAMPLE = Path(__file__).parents[2] / "config/examples/openmetrics.yaml"


class LiveKit:
    """One node's metrics, as `pkg/telemetry/prometheus` (rooms.go, packets.go) names them."""

    def __init__(self, node: str, people: int, connected: int, failed: int) -> None:
        self.node = node
        self.people = people
        self.connected = connected
        self.failed = failed

    async def __call__(self, exchange: Exchange) -> bool:
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        exchange.writer.write(answer(self.text().encode(), headers=headers))
        return True

    def text(self) -> str:
        always = f'node_id="{self.node}",node_type="SERVER"'
        states = {
            "rtc_connected": self.connected,
            "rtc_init": self.connected + 2,
            "signal_connected": self.connected + 3,
            "signal_failed": self.failed,
        }
        return (
            "# HELP livekit_connection_total \n# TYPE livekit_connection_total gauge\n"
            f'livekit_connection_total{{{always},kind="incoming"}} {self.people}\n'
            "# HELP livekit_participant_join_total \n# TYPE livekit_participant_join_total counter\n"
            + "".join(
                f'livekit_participant_join_total{{{always},state="{state}"}} {count}\n'
                for state, count in states.items()
            )
            + "# HELP livekit_participant_total \n# TYPE livekit_participant_total gauge\n"
            f"livekit_participant_total{{{always}}} {self.people}\n"
            "# HELP livekit_room_total \n# TYPE livekit_room_total gauge\n"
            f"livekit_room_total{{{always}}} 1\n"
            "# HELP livekit_room_duration_seconds \n# TYPE livekit_room_duration_seconds histogram\n"
            f'livekit_room_duration_seconds_bucket{{{always},le="+Inf"}} 0\n'
            f"livekit_room_duration_seconds_sum{{{always}}} 0\n"
            f"livekit_room_duration_seconds_count{{{always}}} 0\n"
        )


@pytest.fixture
def nodes() -> tuple[LiveKit, LiveKit]:
    return LiveKit("ND_a", 300, 1000, 10), LiveKit("ND_b", 45, 500, 5)


@pytest.fixture
def board(nodes: tuple[LiveKit, LiveKit], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with answering(nodes[0]) as one, answering(nodes[1]) as two:
        config: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())["services"][1]
        config["nodes"] = [{"id": "sfu-1", "url": one.url}, {"id": "sfu-2", "url": two.url}]
        with up(tmp_path_factory.mktemp("livekit"), config | {"every": "200ms"}, tick="200ms") as board:
            yield board


def test_livekit_is_watched_by_its_metrics(board: Product, nodes: tuple[LiveKit, LiveKit]) -> None:
    a, b = nodes
    board.wait(lambda f: f["livekit"]["participants"] == 345, "everybody")
    board.wait(lambda f: (f["livekit"]["door"] or {}).get("tries_per_second") == 0, "both have told twice")
    a.connected += 40
    b.failed += 10
    seen = board.wait(lambda f: (f["livekit"]["door"] or {}).get("success_ratio") == 0.8, "those who tried")
    service = seen["livekit"]
    assert {node["id"]: node["participants"] for node in service["nodes"]} == {"ND_a": 300, "ND_b": 45}
    assert (service["rooms_open"], service["rooms"], service["complete"]) == (None, [], True)
    assert service["door"]["observer"] == "service"
    assert service["door"]["errors"] == {"unavailable": 0.2}

    a.connected = a.failed = 0  # as after a restart
    a.people = 0
    board.wait(lambda f: f["livekit"]["participants"] == 45, "the others")
    b.connected += 1
    board.wait(lambda f: f["livekit"]["door"]["totals"] == {"joined": 41, "unavailable": 10}, "one more")
    assert board.metrics("rooms_join_attempts_total") == 41 + 10
