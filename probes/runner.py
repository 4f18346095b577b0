"""Runs one probe: a deadline, a duration, and every failure turned into a value."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from probes.failure import ProbeFailed
from probes.model import JoinAttempt, Outcome, ProbeResult, SnapshotPart

POLL = "rooms"
JOIN = "join"

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
    try:
        async with asyncio.timeout(probe.deadline):
            learned = await probe.call()
    except TimeoutError:
        outcome = Outcome.TIMEOUT
        detail = f"{probe.node} did not answer within {probe.deadline:g} s"
    except ProbeFailed as failure:
        outcome, detail, code = failure.outcome, failure.detail, failure.code
    except Exception as error:  # noqa: BLE001 - a probe that breaks must not end the watching
        outcome = Outcome.OTHER
        detail = f"the probe itself failed ({type(error).__name__}); see Roomwatch's log"
        _log.exception("probe failed unexpectedly", probe=probe.key)
    if isinstance(learned, JoinAttempt):
        outcome, detail, code = learned.outcome, learned.detail, learned.code
    elif learned is not None:
        detail = learned.note
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
    )
