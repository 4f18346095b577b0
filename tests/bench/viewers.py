"""Viewers: up to 10,000 event streams, deaf ones, page loads, and the usual way to write the same board."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator

from tests.bench import usual
from tests.bench.product import cpu, memory_mb, watching
from tests.product import Product
from tests.servers import free_port

VIEWERS = 2_000
CROWD = 10_000
DEAF = 1_000
ROOMS = 100_000
_STREAM_SECONDS = 20.0
_PAGE_SECONDS = 8.0
_USUAL_SECONDS = 10.0
_PATIENCE_MS = 1000.0
_ROUNDS = 3
_SETTLE_SECONDS = 2.0


def measure() -> dict[str, object]:
    """Streams at a launch's own size and at 100,000 rooms, pages, and the usual way."""
    return {
        "one_launch": _with(0),
        "100000_rooms": _with(ROOMS),
        "crowd": _crowd(),
        "deaf": _deaf(),
        "the_usual_way": _usual(),
    }


def _with(rooms: int) -> dict[str, object]:
    with watching(rooms) as product:
        time.sleep(2)
        return {
            "frame_bytes": len(product.ask("/api/v1/frame").content),
            "streams": _streams(product, VIEWERS, "plain"),
            "streams_gzip": _streams(product, VIEWERS, "gzip"),
            "page": _costed(product, "pages", str(product.port), "/", "16", str(_PAGE_SECONDS)),
            "metrics": _costed(product, "pages", str(product.port), "/metrics", "4", str(_PAGE_SECONDS)),
        }


def _crowd() -> dict[str, object]:
    """10,000 streams of one launch."""
    with watching(0) as product:
        time.sleep(2)
        before = memory_mb(product)["web"]
        crowd = _streams(product, CROWD, "gzip")
    each = (float(str(crowd["web_memory_mb"])) - before) * 1000 / CROWD
    return {**crowd, "kb_each": round(each, 1)}


def _deaf() -> dict[str, object]:
    """2,000 streams alone, beside 1,000 that read nothing, and beside 1,000 more that read; by turns.

    One that reads nothing costs a write a second until 32 kB wait for it, and is cut 30 s later.
    """
    beside = {
        "alone": (0, 0, _SETTLE_SECONDS),
        "reading": (0, DEAF, _SETTLE_SECONDS),
        "deaf_at_first": (DEAF, 0, _SETTLE_SECONDS),
        "deaf_after_90_s": (DEAF, 0, 90.0),
    }
    ages: dict[str, list[float]] = {name: [] for name in beside}
    memory: dict[str, list[float]] = {name: [] for name in beside}
    left: dict[str, float] = {}
    for _ in range(_ROUNDS):
        for name, (deaf, reading, settle) in beside.items():
            with watching(0) as product:
                time.sleep(2)
                result = _streams(product, VIEWERS, "gzip", deaf, reading, settle)
            ages[name].append(result["age_ms"]["p99"])  # type: ignore[index]
            memory[name].append(float(str(result["web_memory_mb"])))
            left[name] = float(str(result["viewers_left"])) - VIEWERS - reading
    more = (statistics.median(memory["deaf_at_first"]) - statistics.median(memory["alone"])) * 1000 / DEAF
    return {
        "age_p99_ms": ages,
        "age_p99_ms_median": {name: statistics.median(each) for name, each in ages.items()},
        "deaf_left": left,
        "kb_each_deaf": round(more, 1),
    }


def _streams(
    product: Product,
    count: int,
    coding: str,
    deaf: int = 0,
    reading: int = 0,
    settle: float = _SETTLE_SECONDS,
) -> dict[str, object]:
    more = (str(deaf), str(reading), str(settle))
    with Lags(product) as lags:
        result = _costed(
            product, "streams", str(product.port), str(count), str(_STREAM_SECONDS), coding, *more
        )
    since, until = result.pop("counted")  # type: ignore[misc]
    return {**result, **lags.between(since, until)}


class Lags(threading.Thread):
    """How late the web process's loop was, and its viewers, read once a second from its metrics."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self._url = f"{product.url}/metrics"
        self._over = threading.Event()
        self._read: list[tuple[float, dict[float, float], float]] = []

    def run(self) -> None:
        while not self._over.wait(1.0):
            text = urllib.request.urlopen(self._url, timeout=30).read().decode()
            found = re.findall(r'roomwatch_web_loop_lag_seconds_bucket\{le="(\S+)"\} (\S+)', text)
            counts = {float(bound): float(count) for bound, count in found}
            viewers = float(re.findall(r"^roomwatch_viewers (\S+)", text, re.MULTILINE)[0])
            self._read.append((time.time(), counts, viewers))

    def __enter__(self) -> Lags:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def between(self, since: float, until: float) -> dict[str, object]:
        """Of all times that it was asked between two wall times: the share within each bound, and the p99."""
        inside = [(counts, viewers) for at, counts, viewers in self._read if since + 1.5 <= at <= until]
        (first, _), (last, viewers) = inside[0], inside[-1]
        passed = {bound: last[bound] - first[bound] for bound in first}
        asked = passed[math.inf]
        p99 = next(bound for bound, count in passed.items() if count >= 0.99 * asked)
        lag = {
            "asked": asked,
            "p99_at_most_ms": p99 * 1000,
            "within_ms": {f"{bound * 1000:g}": round(count / asked, 4) for bound, count in passed.items()},
        }
        return {"loop_lag": lag, "viewers_left": viewers}


def _costed(product: Product, *what: str) -> dict[str, object]:
    """Run the load generator, and say what the product's processes used meanwhile."""
    before, began = cpu(product), time.monotonic()
    skipped = product.metrics("roomwatch_frames_skipped_total")
    result = json.loads(subprocess.check_output([sys.executable, "-m", "tests.bench.load", *what], text=True))
    wall = time.monotonic() - began
    result["cores"] = {role: round((value - before[role]) / wall, 3) for role, value in cpu(product).items()}
    result["memory_mb"] = memory_mb(product)
    result["frames_skipped"] = product.metrics("roomwatch_frames_skipped_total") - skipped
    return dict(result)


def _usual() -> dict[str, object]:
    """More and more viewers, until the slowest of a hundred waits longer than a second."""
    held: dict[str, object] = {"viewers": 0}
    with _usual_board() as port:
        for viewers in (10, 20, 40, 80, 160):
            result = asyncio.run(usual.load(port, viewers, _USUAL_SECONDS))
            if float(str(result["age_p99_ms"])) > _PATIENCE_MS:
                return {"most_viewers_within_1_s": held, "too_many": result}
            held = result
    return {"most_viewers_within_1_s": held}


@contextlib.contextmanager
def _usual_board() -> Iterator[int]:
    port = free_port()
    child = subprocess.Popen([sys.executable, "-m", "tests.bench.usual", str(port)])
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_dash-layout", timeout=5).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(10)
