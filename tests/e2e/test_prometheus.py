"""A real Prometheus scrapes a real `roomwatch up` once a second, and its answers are those of the frame."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import seeds
from dashboard.children import module_command, module_environment
from dashboard.demo import demo_config
from probes.metrics import SERIES_LIMIT
from tests.product import PATIENCE, TOKEN, Product, up_with
from tests.prometheus import Prometheus, scrape_of
from tests.servers import Server, wait_until

SEED = "spaces-2023-05-24"
SPEED = 10.0
pytestmark = pytest.mark.timeout(300)

Labels = dict[str, str]
Frame = dict[str, Any]


class Scrape:
    """Everything that one scrape of Roomwatch brought, as Prometheus answers it."""

    def __init__(self, result: list[dict[str, Any]]) -> None:
        self._series = [(r["metric"], float(r["value"][1])) for r in result]

    def all(self, name: str, *by: str, **labels: str) -> dict[tuple[str, ...], float]:
        """Values of a metric by the labels in `by`."""
        return {
            tuple(has.get(key, "") for key in by): value
            for has, value in self._series
            if has["__name__"] == name and labels.items() <= has.items()
        }

    def one(self, name: str, **labels: str) -> float | None:
        found = self.all(name, "__name__", **labels)
        return next(iter(found.values()), None)


def newest(prometheus: Prometheus) -> Scrape:
    """One question, so that all values are of one scrape."""
    return Scrape(prometheus.query('{job="roomwatch"}'))


class Frames:
    """Every frame that Roomwatch showed, by its time."""

    def __init__(self, roomwatch: Product) -> None:
        self._url = f"{roomwatch.url}/api/v1/frame"
        self._seen: dict[float, Frame] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._collect)

    def __enter__(self) -> Frames:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def at(self, time: float | None) -> Frame | None:
        return self._seen.get(time) if time is not None else None

    def _collect(self) -> None:
        with httpx.Client(trust_env=False, timeout=30) as client:
            while not self._end.wait(0.05):
                frame = client.get(self._url).json()
                self._seen[frame["at"]] = frame


@pytest.fixture(scope="module")
def player() -> Iterator[Server]:
    """The seeds service, playing the launch of May 2023 from its start."""

    def command(_: Path, ports: tuple[int, ...]) -> list[str | Path]:
        return module_command("seeds", SEED, "--speed", f"{SPEED:g}", "--port", str(ports[0]))

    with Server("seeds", command, env=module_environment()) as server:
        yield server


@pytest.fixture(scope="module")
def roomwatch(player: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    url = f"http://127.0.0.1:{player.port}"
    folder = tmp_path_factory.mktemp("prometheus")
    with up_with(folder, demo_config(seeds.load(SEED), url, SPEED, folder, TOKEN).text) as running:
        running.wait(lambda frame: True, "first frame")
        yield running


@pytest.fixture(scope="module")
def frames(roomwatch: Product) -> Iterator[Frames]:
    with Frames(roomwatch) as collecting:
        yield collecting


@pytest.fixture(scope="module")
def prometheus(roomwatch: Product) -> Iterator[Prometheus]:
    with Prometheus(scrape_of([roomwatch.port])) as running:
        yield running


def scraped(
    prometheus: Prometheus, frames: Frames, wanted: Callable[[Scrape, Frame], bool], what: str
) -> tuple[Scrape, Frame]:
    """A scrape and the frame that was the newest when it was made."""
    found: list[tuple[Scrape, Frame]] = []

    def matches() -> bool:
        scrape = newest(prometheus)
        frame = frames.at(scrape.one("roomwatch_frame_timestamp_seconds"))
        if frame is not None and wanted(scrape, frame):
            found.append((scrape, frame))
        return bool(found)

    wait_until(matches, PATIENCE, what)
    return found[0]


def known(values: dict[tuple[str, ...], float | None]) -> dict[tuple[str, ...], float]:
    return {key: value for key, value in values.items() if value is not None}


def compare(scrape: Scrape, frame: Frame) -> None:
    """Each number of the frame's service is what Prometheus has."""
    service = frame["services"][0]
    headroom, door = service["headroom"], service["door"]
    gauges = {
        "rooms_service_participants": service["participants"],
        "rooms_open": service["rooms_open"],
        "rooms_service_complete": float(service["complete"]),
        "rooms_service_timestamp_seconds": service["service_time"],
        "rooms_snapshot_timestamp_seconds": service["observed_at"],
        "rooms_poll_interval_seconds": service["poll_interval"],
        "rooms_capacity": headroom["capacity"],
        "rooms_headroom_ratio": headroom["ratio"],
        "rooms_door_waiting": door["waiting"] if door else None,
    }
    assert {name: scrape.one(name) for name in gauges} == gauges
    states = scrape.all("rooms_state", "state")
    assert [state for (state,), value in states.items() if value == 1] == [service["state"]]
    nodes = service["nodes"]
    assert scrape.all("rooms_node_up", "rooms_node") == {(n["id"],): float(n["answering"]) for n in nodes}
    assert scrape.all("rooms_node_participants", "rooms_node") == known(
        {(n["id"],): n["participants"] for n in nodes}
    )
    people = scrape.all("rooms_participants", "rooms_node", "room")
    people.pop(("_other", "_other"), None)
    assert people == known({(r["node"], r["id"]): r["participants"] for r in service["rooms"]})
    for probe in service["probes"]:
        mine = {"probe": probe["name"], "rooms_node": probe["node"]}
        assert scrape.one("roomwatch_probe_success", **mine) == float(probe["success"])
        assert scrape.one("roomwatch_probe_last_duration_seconds", **mine) == probe["seconds"]
        assert scrape.one("roomwatch_probe_last_run_timestamp_seconds", **mine) == probe["observed_at"]


def test_prometheus_answers_what_the_frame_says(prometheus: Prometheus, frames: Frames) -> None:
    """Three scrapes, each compared with the frame of its moment, while the crowd grows."""
    compared: dict[float, float] = {}
    while len(compared) < 3:
        scrape, frame = scraped(
            prometheus,
            frames,
            lambda s, f: f["at"] not in compared and bool(f["services"][0]["participants"]),
            "new scrape whose frame was seen",
        )
        compare(scrape, frame)
        compared[frame["at"]] = frame["services"][0]["participants"]
    assert len(set(compared.values())) > 1, "nothing moved, so nothing was compared"


def test_the_scrape_is_whole_and_small(prometheus: Prometheus, frames: Frames) -> None:
    scrape, _ = scraped(prometheus, frames, lambda s, f: s.one("up") == 1, "good scrape")
    assert 0 < (scrape.one("scrape_samples_scraped") or 0) <= SERIES_LIMIT
    assert scrape.one("scrape_samples_scraped") == scrape.one("scrape_samples_post_metric_relabeling")
    assert scrape.one("roomwatch_sink_dropped_total", sink="history") == 0
    assert (scrape.one("roomwatch_history_size_bytes") or 0) > 0
    assert (scrape.one("roomwatch_probe_runs_total", probe="rooms", outcome="ok") or 0) > 0


def test_a_service_that_falls_silent_has_no_numbers_left_in_prometheus(
    prometheus: Prometheus, frames: Frames, player: Server
) -> None:
    """Rooms on a silent node are unknown: their series end, and the node is down."""
    player.pause()
    try:
        scrape, frame = scraped(
            prometheus, frames, lambda s, f: f["services"][0]["state"] == "unknown", "frame without answers"
        )
        compare(scrape, frame)
        assert set(scrape.all("rooms_node_up", "rooms_node").values()) == {0}
        assert scrape.one("rooms_service_participants") is None
        assert [room for _, room in scrape.all("rooms_participants", "rooms_node", "room")] == []
    finally:
        player.resume()
    scrape, frame = scraped(
        prometheus, frames, lambda s, f: bool(f["services"][0]["complete"]), "frame with answers again"
    )
    compare(scrape, frame)
