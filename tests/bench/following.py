"""What lineage, door and headroom add to a poll of many rooms, and how that grows with what changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dashboard.demo import MAPPING
from probes.config.objectives import Objectives
from probes.model import Outcome, ProbeResult
from probes.services.http_json import HttpJson, HttpJsonSettings
from probes.watch import Watch
from seeds.crowd import Crowd
from tests.bench.product import percentile

SIZES = (10_000, 100_000)
CHURN = (1, 2, 4)
"""Per cent of the rooms that end and open between two polls."""

_WARM_UP, _POLLS = 15, 20


def measure() -> dict[str, object]:
    """CPU milliseconds a poll, the median, by size and by churn."""
    return {f"{size}_rooms": {f"{churn}%_churn": _follow(size, churn) for churn in CHURN} for size in SIZES}


def _follow(size: int, churn: int) -> dict[str, float]:
    settings = HttpJsonSettings.model_validate(
        {"name": "spaces", "kind": "http-json", "url": "http://127.0.0.1/rooms", **MAPPING}
    )
    service, watch = HttpJson(settings), Watch(settings, Objectives())
    crowd = Crowd(size, ("n1", "n2"), 0, 0.0)
    spent: dict[str, list[float]] = {"lineage": [], "headroom": [], "door_and_state": []}
    with _metered(watch, spent):
        for poll in range(_WARM_UP + _POLLS):
            second = poll * churn  # the crowd changes 1 % a second
            body = b'{"time":%d,"rooms":[%s],"joins":{"joined":%d,"timeout":%d}}' % (
                *(1_000_000 + second, crowd.at(second)),
                *(9_000 * second, 100 * second),
            )
            part = service.read(body, settings.endpoints[0].id, "the bench")
            at = 1_000_000.0 + poll
            watch.observe(
                ProbeResult(
                    service="spaces", node=settings.endpoints[0].id, probe="rooms",
                    outcome=Outcome.OK, at=at, seconds=0.1, part=part,
                )
            )  # fmt: skip
            began = time.process_time()
            watch.observation(at)
            spent["door_and_state"].append(time.process_time() - began)
    medians = {name: round(percentile(times[-_POLLS:], 0.5) * 1000, 2) for name, times in spent.items()}
    return {**medians, "together": round(sum(medians.values()), 2)}


@contextmanager
def _metered(watch: Watch, spent: dict[str, list[float]]) -> Iterator[None]:
    lineage: Any = watch._lineage
    owner: Any = watch
    kept = lineage.take, owner._fill
    lineage.take = _timed(lineage.take, spent["lineage"])
    owner._fill = _timed(owner._fill, spent["headroom"])
    try:
        yield
    finally:
        lineage.take, owner._fill = kept


def _timed(call: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
    def timed(*args: Any) -> Any:
        began = time.process_time()
        try:
            return call(*args)
        finally:
            into.append(time.process_time() - began)

    return timed
