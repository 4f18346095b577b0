"""Viewers: 2,000 event streams, page loads, and the usual way to write the same board."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from tests.bench import usual
from tests.bench.product import cpu, memory_mb, watching
from tests.product import Product
from tests.servers import free_port

VIEWERS = 2_000
ROOMS = 100_000
_STREAM_SECONDS = 20.0
_PAGE_SECONDS = 8.0
_USUAL_SECONDS = 10.0
_PATIENCE_MS = 1000.0


def measure() -> dict[str, object]:
    """Streams at a launch's own size and at 100,000 rooms, pages, and the usual way."""
    return {
        "one_launch": _with(0),
        "100000_rooms": _with(ROOMS),
        "the_usual_way": _usual(),
    }


def _with(rooms: int) -> dict[str, object]:
    with watching(rooms) as product:
        time.sleep(2)
        return {
            "frame_bytes": len(product.ask("/api/v1/frame").content),
            "streams": _costed(product, "streams", str(product.port), str(VIEWERS), str(_STREAM_SECONDS)),
            "page": _costed(product, "pages", str(product.port), "/", "16", str(_PAGE_SECONDS)),
            "metrics": _costed(product, "pages", str(product.port), "/metrics", "4", str(_PAGE_SECONDS)),
        }


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
