"""How the runs of each probe went lately."""

from __future__ import annotations

import math
from collections import deque

from probes.model import ProbeResult, ProbeView, plain_text
from probes.watching.summary import shown

RUNS = 100
"""Over how many runs the p95 and the share of good runs are taken."""

_DETAIL_BYTES = 300


class Runs:
    """The last runs of one probe at one node."""

    def __init__(self) -> None:
        self._last: ProbeResult | None = None
        self._recent: deque[tuple[float, bool]] = deque(maxlen=RUNS)
        self._runs = 0
        self._failed = 0
        self._failures_in_a_row = 0
        self._overruns = 0
        self._missed = 0

    def take(self, result: ProbeResult) -> None:
        self._last = result
        failed = not result.outcome.success
        self._runs += 1
        self._failed += failed
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        self._recent.append((result.seconds, result.outcome.success))

    def late(self, overruns: int, missed: int) -> None:
        """Count runs that did not happen."""
        self._overruns += overruns
        self._missed += missed

    def view(self) -> ProbeView | None:
        """The last run and how the recent ones went, or None before the first."""
        last = self._last
        if last is None:
            return None
        return ProbeView(
            name=last.probe,
            node=shown(last.node),
            outcome=last.outcome,
            success=last.outcome.success,
            seconds=last.seconds,
            observed_at=last.at,
            code=plain_text(last.code),
            detail=plain_text(last.detail, _DETAIL_BYTES),
            p95=_p95([seconds for seconds, _ in self._recent]),
            success_ratio=sum(good for _, good in self._recent) / len(self._recent),
            runs=self._runs,
            failed=self._failed,
            failures_in_a_row=self._failures_in_a_row,
            overruns=self._overruns,
            missed=self._missed,
        )


def _p95(times: list[float]) -> float | None:
    return sorted(times)[math.ceil(0.95 * len(times)) - 1] if times else None
