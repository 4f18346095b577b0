"""Starts the product and a seeds service, and reads what their processes cost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from dashboard.demo import MAPPING

START_SECONDS = 60.0
SEED = "spaces-2023-05-24"


@dataclass(frozen=True)
class Cost:
    """What a group of processes used between two readings."""

    cpu_seconds: float
    wall_seconds: float

    @property
    def cores(self) -> float:
        return round(self.cpu_seconds / self.wall_seconds, 3)


class Product:
    """A running `roomwatch up`: its address, and its processes by role."""

    def __init__(self, url: str, process: psutil.Process) -> None:
        self.url = url
        self.web = process
        self.prober = next(c for c in process.children() if "probes.process" in c.cmdline())

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return bytes(answer.read())

    def frame(self) -> dict[str, object]:
        return dict(json.loads(self.get("/api/v1/frame")))

    def cpu(self) -> dict[str, float]:
        return {"web": _cpu(self.web), "prober": _cpu(self.prober)}

    def memory_mb(self) -> dict[str, float]:
        """Resident set of each process; what both map in common is counted once in `sum`."""
        both = {"web": self.web, "prober": self.prober}
        sizes = {role: round(p.memory_info().rss / 1e6, 1) for role, p in both.items()}
        proportional = sum(p.memory_full_info().pss for p in both.values())
        return {**sizes, "sum": round(proportional / 1e6, 1)}

    def metric(self, name: str) -> float:
        """The sum of all children of a metric."""
        lines = self.get("/metrics").decode().splitlines()
        found = [line for line in lines if line.startswith((name + "{", name + " "))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextlib.contextmanager
def seeds_service(rooms: int, restless: bool = False) -> Iterator[str]:
    """The seeds service with `rooms` small rooms beside the event's own.

    Each second 1 % of them end and others open; `restless` rooms all count other people, too.
    """
    module = "tests.bench.restless" if restless else "seeds"
    command = [sys.executable, "-m", module, SEED, "--rooms", str(rooms)]
    with _running(command, "listening on ") as (url, _):
        yield url


@contextlib.contextmanager
def watching(rooms: int, every: str = "1s", restless: bool = False) -> Iterator[Product]:
    """`roomwatch up` watching a seeds service with `rooms` extra rooms, once its first answer is in."""
    with seeds_service(rooms, restless) as service, tempfile.TemporaryDirectory() as folder:
        config = {
            "services": [
                {"name": "spaces", "kind": "http-json", "url": f"{service}/rooms", "every": every, **MAPPING}
            ],
            "history": {"path": f"{folder}/history.sqlite"},
        }
        path = Path(folder) / "roomwatch.yaml"
        path.write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "dashboard.cli", "up", "--config", str(path), "--port", "0"]
        with _running(command, "The board is at ") as (url, process):
            _until_first_answer(url)
            yield Product(url.rstrip("/"), process)


def _until_first_answer(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError, KeyError, IndexError):
            with urllib.request.urlopen(url + "api/v1/frame", timeout=5) as answer:
                frame = json.load(answer)
            if frame["services"][0]["participants"] is not None:
                return
        time.sleep(0.2)
    raise TimeoutError(f"no answer of the service on the board within {START_SECONDS:g} s")


@contextlib.contextmanager
def _running(command: list[str], says: str) -> Iterator[tuple[str, psutil.Process]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p) or "."}
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        line = child.stdout.readline() if child.stdout else ""
        if says not in line:
            raise RuntimeError(f"{command[2]} did not start: {line!r}")
        yield line.split(says, 1)[1].split()[0], psutil.Process(child.pid)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
