"""The product while it watches a seeds service, and what its processes cost."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from dashboard.demo import MAPPING
from tests.product import Product, seeds_service, up


def cpu(product: Product) -> dict[str, float]:
    """Seconds used since the start, by role."""
    return {role: _cpu(process) for role, process in _roles(product).items()}


def memory_mb(product: Product) -> dict[str, float]:
    """Resident set of each process; what both map in common is counted once in `sum`."""
    both = _roles(product)
    sizes = {role: round(process.memory_info().rss / 1e6, 1) for role, process in both.items()}
    proportional = sum(process.memory_full_info().pss for process in both.values())
    return {**sizes, "sum": round(proportional / 1e6, 1)}


def _roles(product: Product) -> dict[str, psutil.Process]:
    return {"web": psutil.Process(product.pid), "prober": product.prober}


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextlib.contextmanager
def watching(rooms: int, every: str = "1s", restless: bool = False) -> Iterator[Product]:
    """`roomwatch up` watching a seeds service with `rooms` extra rooms, once its first answer is in.

    Each second 1 % of them end and others open; `restless` rooms all count other people, too.
    """
    module = "tests.bench.restless" if restless else "seeds"
    with seeds_service(rooms=rooms, module=module) as url, tempfile.TemporaryDirectory() as folder:
        service = {"name": "spaces", "kind": "http-json", "url": f"{url}/rooms", "every": every, **MAPPING}
        with up(Path(folder), service, tick="1s") as product:
            product.wait(lambda frame: frame["spaces"]["participants"] is not None, "answer of the service")
            yield product


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
