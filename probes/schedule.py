"""When each probe runs. The only importer of APScheduler.

Every job has a fixed phase from a hash: jobs spread evenly, start at the same
instants after a restart, and keep their interval exactly (jitter a run would
stretch a 1 s interval to 1.17 s). Jobs of one group, such as the polls of all
nodes of a service, run together, so that what they learn is of one moment.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_SUBMITTED, JobSubmissionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

_FIRST = "first run of "
_APART_SECONDS = 0.05
"""How far apart the jobs of one group run at most: not all in the same instant."""

_SPREAD_SECONDS = 1.0
"""How far apart the first runs after a start are spread."""

_SET_BACK_SECONDS = 1.0
"""How far back the wall clock must have gone for the jobs to be planned anew."""


class Scheduled(Protocol):
    """What can be scheduled: a key that stays the same across reloads, and an interval in seconds."""

    @property
    def key(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def every(self) -> float: ...


T = TypeVar("T", bound=Scheduled)


def phase(job: Scheduled) -> float:
    """Seconds into each interval at which `job` runs; the same on every machine."""
    apart = min(_APART_SECONDS, job.every / 10)
    return (_fraction(job.group) * job.every + _fraction(job.key) * apart) % job.every


def _fraction(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


class Schedule(Generic[T]):
    """Runs `run(job)` for each followed job at its interval, one run of a job at a time.

    `run` may return the seconds for which the job is not to run again: the next run is put
    off until then, and those that fall away are neither late nor missed. Without it the job
    goes back to its phase.

    `late(job, overruns, missed)` is told of runs that did not happen: `overruns`
    because the one before was still going, `missed` because the process was not
    able to run at all.
    """

    def __init__(
        self,
        run: Callable[[T], Awaitable[float | None]],
        late: Callable[[T, int, int], None],
    ) -> None:
        self._run = run
        self._late = late
        self._jobs: dict[str, T] = {}
        self._last_due: dict[str, float] = {}
        self._not_before: dict[str, float] = {}  # on the clock that is never set, by key
        self._out_of_phase: set[str] = set()
        self._wall_ahead = _wall_ahead()
        # APScheduler warns at each overrun; they are counted here, once, as metrics.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._submitted, EVENT_JOB_SUBMITTED)
        self._scheduler.add_listener(self._overran, EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Start nothing more, and cancel what is running."""
        if self._scheduler.running:
            # A run cancelled here is no error, and APScheduler would print each as one.
            logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
            self._scheduler.shutdown(wait=False)

    def follow(self, jobs: Iterable[T]) -> None:
        """Run just `jobs` from now on. A job that stays keeps its phase; a run under way ends by itself."""
        wanted = {job.key: job for job in jobs}
        for key in self._jobs.keys() - wanted.keys():
            self._scheduler.remove_job(key)
            self._drop_first_run(key)
            self._last_due.pop(key, None)
            self._not_before.pop(key, None)
            self._out_of_phase.discard(key)
        for key, job in wanted.items():
            is_new = key not in self._jobs
            self._scheduler.add_job(
                self._once, self._interval(job), args=[job], id=key, replace_existing=True
            )
            if is_new and job.every > 2 * _SPREAD_SECONDS:
                self._run_soon(job)
            if is_new or self._jobs[key].every != job.every or key in self._out_of_phase:
                self._last_due.pop(key, None)
            self._out_of_phase.discard(key)
            self._put_off(job)
        self._jobs = wanted

    def look_at_the_clock(self) -> None:
        """Plan all jobs anew where the wall clock was set back; else they would wait until it is new again.

        To be called about once a second.
        """
        ahead = _wall_ahead()
        if ahead < self._wall_ahead - _SET_BACK_SECONDS:
            self.follow(self._jobs.values())
        self._wall_ahead = ahead

    def _run_soon(self, job: T) -> None:
        """A job with a long interval is not to keep people waiting after a start."""
        when = time.time() + _fraction(job.key) * _SPREAD_SECONDS
        first = _FIRST + job.key
        self._scheduler.add_job(
            self._once, DateTrigger(_at(when)), args=[job], id=first, replace_existing=True
        )

    def _drop_first_run(self, key: str) -> None:
        if self._scheduler.get_job(_FIRST + key) is not None:
            self._scheduler.remove_job(_FIRST + key)

    async def _once(self, job: T) -> None:
        seconds = await self._run(job)
        if job.key not in self._jobs:
            return
        job = self._jobs[job.key]  # a reload may have changed its interval meanwhile
        self._not_before.pop(job.key, None)
        if seconds is not None and seconds > 0:
            self._not_before[job.key] = time.monotonic() + seconds
        if not self._put_off(job) and job.key in self._out_of_phase:
            self._back_to_phase(job)

    def _put_off(self, job: T) -> bool:
        """Move the next run of `job` to the time before which it is not wanted, if it would come sooner."""
        left = self._not_before.get(job.key, 0.0) - time.monotonic()
        if left <= 0:
            return False
        self._drop_first_run(job.key)
        due = time.time() + left
        if self._scheduler.get_job(job.key).next_run_time.timestamp() < due:
            self._scheduler.modify_job(job.key, next_run_time=_at(due))
            self._last_due[job.key] = due - job.every
            self._out_of_phase.add(job.key)
        return True

    def _back_to_phase(self, job: T) -> None:
        self._out_of_phase.discard(job.key)
        self._last_due.pop(job.key, None)
        # Half an interval is left free, or two runs could come in one breath.
        after = time.time() + job.every / 2
        self._scheduler.reschedule_job(job.key, trigger=self._interval(job, after))

    @staticmethod
    def _interval(job: Scheduled, after: float = 0.0) -> IntervalTrigger:
        start = phase(job)
        if after > start:
            start += math.ceil((after - start) / job.every) * job.every
        return IntervalTrigger(seconds=job.every, start_date=_at(start))

    def _submitted(self, event: JobSubmissionEvent) -> None:
        self._count(event, overruns=0)

    def _overran(self, event: JobSubmissionEvent) -> None:
        self._count(event, overruns=1)

    def _count(self, event: JobSubmissionEvent, overruns: int) -> None:
        job = self._jobs.get(event.job_id)
        if job is None or not event.scheduled_run_times:
            return
        due = event.scheduled_run_times[-1].timestamp()
        before = self._last_due.get(job.key)
        self._last_due[job.key] = due
        # Coalesced runs are dropped by the scheduler without a word: the gap tells how many.
        missed = max(0, round((due - before) / job.every) - 1) if before is not None else 0
        if overruns or missed:
            self._late(job, overruns, missed)


def _wall_ahead() -> float:
    """How far the wall clock is ahead of the one that is never set; constant but for steps and drift."""
    return time.time() - time.monotonic()


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
