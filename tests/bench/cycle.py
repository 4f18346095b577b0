"""What one cycle costs at 1,000, 10,000 and 100,000 rooms: decode, observe, record, expose.

Once where 1 % of the rooms are others each second, and once where the rest count other people, too.
"""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise

from probes.metrics import SERIES_LIMIT
from tests.bench.product import cpu, memory_mb, percentile, watching
from tests.product import Product

SIZES = (1_000, 10_000, 100_000)
_SECONDS = 32.0
_WARM_UP = 20.0
"""In which memory gets as scattered as it will be: a young process is twice as fast."""


def measure() -> dict[str, object]:
    """One entry a size, and how cost grows from one size to the next; for both kinds of change."""
    return {"one_in_a_hundred_changes": _sizes(False), "every_room_changes": _sizes(True)}


def _sizes(restless: bool) -> dict[str, object]:
    sizes = {str(size): _at(size, restless) for size in SIZES}
    costs = [float(sizes[str(size)]["cycle_cpu_seconds"]) for size in SIZES]  # type: ignore[arg-type]
    growth = {
        f"{small}_to_{large}": round(costs[i + 1] / costs[i], 2)
        for i, (small, large) in enumerate(pairwise(SIZES))
    }
    return {"rooms": sizes, "cost_growth_for_ten_times_the_rooms": growth}


def _at(size: int, restless: bool) -> dict[str, object]:
    with watching(size, restless=restless) as product:
        time.sleep(_WARM_UP)
        return _observe(product)


def _observe(product: Product) -> dict[str, object]:
    polls, used, began = product.metrics("roomwatch_probe_runs_total"), cpu(product), time.monotonic()
    lags: dict[str, list[float]] = {"web": [], "prober": []}
    scrapes: list[float] = []
    text = ""
    while time.monotonic() - began < _SECONDS:
        started = time.perf_counter()
        text = product.ask("/metrics").text
        scrapes.append(time.perf_counter() - started)
        for role, seen in lags.items():
            seen.append(_lag(text, role))
        time.sleep(0.1)
    done = product.metrics("roomwatch_probe_runs_total") - polls
    spent = {role: value - used[role] for role, value in cpu(product).items()}
    return {
        "cycles": done,
        "cycle_cpu_seconds": round(spent["prober"] / done, 4),
        "web_cpu_seconds_a_tick": round(spent["web"] / _SECONDS, 4),
        "metrics_p99_ms": round(percentile(scrapes, 0.99) * 1000, 1),
        "series": _series(text),
        "worst_loop_lag_of_a_tick_p99_ms": {
            role: round(percentile(seen, 0.99) * 1000, 1) for role, seen in lags.items()
        },
        "memory_mb": memory_mb(product),
    }


def _series(text: str) -> dict[str, object]:
    """How many series one scrape has, of both processes, and which metrics have the most."""
    families: Counter[str] = Counter()
    family = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family = line.split()[2]
        elif line and not line.startswith("#"):
            families[family] += 1
    return {"all": families.total(), "limit": SERIES_LIMIT, "most": dict(families.most_common(10))}


def _lag(text: str, role: str) -> float:
    line = next(
        line
        for line in text.splitlines()
        if line.startswith(f'roomwatch_loop_lag_seconds{{process="{role}"}}')
    )
    return float(line.rsplit(" ", 1)[1])
