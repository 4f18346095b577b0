"""Runs one probe: a deadline, a duration, and every failure turned into a value."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from probes.failure import ProbeFailed
from probes.model import JOIN, JoinAttempt, Outcome, ProbeResult, SnapshotPart
from probes.watching.wording import slower, stretch

LONGEST_WAIT = 900.0
"""The most seconds for which a service can have itself not asked: a usual window of a rate limit."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Probe:
    """What is run, where, how often and for how long at most (seconds)."""

    service: str
    node: str
    name: str
    every: float
    deadline: float
    call: Callable[[], Awaitable[SnapshotPart | JoinAttempt]]

    @property
    def key(self) -> str:
        return f"{self.service}/{self.node}/{self.name}"

    @property
    def group(self) -> str:
        """Probes of one group run together: what they learn is of one moment."""
        return f"{self.service}/{self.name}"


async def run(probe: Probe) -> ProbeResult:
    """One run. Never raises but for cancellation: this is the one place that catches broadly."""
    started = time.perf_counter()
    learned: SnapshotPart | JoinAttempt | None = None
    outcome, detail, code = Outcome.OK, "", ""
    next_in: float | None = None
    try:
        async with asyncio.timeout(probe.deadline):
            learned = await probe.call()
    except TimeoutError:
        outcome = Outcome.TIMEOUT
        detail = f"{probe.node} did not answer within {probe.deadline:g} s"
    except ProbeFailed as failure:
        outcome, detail, code = failure.outcome, failure.detail, failure.code
        next_in = _bounded(failure.next_in)
        if next_in is not None and next_in > probe.every:
            detail = f"{detail}; asked again in {stretch(next_in)}"
    except Exception as error:  # noqa: BLE001 - a probe that breaks must not end the watching
        outcome = Outcome.OTHER
        detail = f"the probe itself failed ({type(error).__name__}); see Roomwatch's log"
        _log.exception("probe failed unexpectedly", probe=probe.key)
    if isinstance(learned, JoinAttempt):
        outcome, detail, code = learned.outcome, learned.detail, learned.code
    elif learned is not None:
        next_in = _bounded(learned.next_in)
        detail = _note(learned, probe.every, next_in)
    elif probe.name == JOIN:
        learned = JoinAttempt(room="", outcome=outcome, detail=detail, code=code)
    return ProbeResult(
        service=probe.service,
        node=probe.node,
        probe=probe.name,
        outcome=outcome,
        at=time.time(),
        seconds=time.perf_counter() - started,
        part=learned if isinstance(learned, SnapshotPart) else None,
        attempt=learned if isinstance(learned, JoinAttempt) else None,
        code=code,
        detail=detail,
        next_in=next_in,
    )


def _bounded(next_in: float | None) -> float | None:
    """A wait as it is kept: what a service or an adapter says must not silence a probe."""
    if next_in is None or not math.isfinite(next_in) or next_in <= 0:
        return None
    return min(next_in, LONGEST_WAIT)


def _note(part: SnapshotPart, every: float, next_in: float | None) -> str:
    if next_in is None or next_in <= every:
        return part.note
    pace = slower(next_in, every, part.next_in_why)
    return f"{pace}; {part.note}" if part.note else pace
